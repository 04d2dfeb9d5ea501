import { createHub, type EarshotError, isEarshotError } from '@earshot/core'
import { createTestNetwork } from '@earshot/server/testing'
import { webSocket } from '@earshot/transport'
import { describe, expect, it } from 'vitest'

const patternsOf = (count: number, length: number): string[] => Array.from({ length: count }, (_, index) => `${index}/${'"'.repeat(length)}`)

describe('a session with many long patterns', () => {
  it('attaches in frames that the relay takes, hears all that it may, and recovers what it misses', async () => {
    const network = createTestNetwork({ relay: { limits: { frame: 20_000 } } })
    const { url, WebSocket, clock, random, relay } = network
    const lengths: number[] = []
    network.filter({ up: frame => (lengths.push(JSON.stringify(frame).length), frame) })
    const faults: unknown[] = []
    const hub = createHub({ transport: webSocket({ url, WebSocket, clock, random }), clock, onError: error => faults.push(error) })
    const session = hub.openSession()
    // 300 characters each in an attach, 10,000 of which the relay grants: a third of these.
    const patterns = patternsOf(100, 138)
    const heard: unknown[] = []
    for (const pattern of patterns) session.subscribe(pattern, message => heard.push(message.data))
    await network.advance(100)
    await session.ready
    expect(hub.status.state).toBe('connected')
    const isRefused = (fault: unknown): fault is EarshotError => isEarshotError(fault, 'rate-limited')
    expect([faults.length, faults.every(isRefused)]).toEqual([100 - relay.readings.subscriptions, true])
    expect(relay.readings.subscriptions).toBe(Math.floor(10_000 / (JSON.stringify(patterns[99]).length + 20)))
    for (const [index, pattern] of patterns.entries()) await relay.publish(pattern, index)
    await network.advance(100)
    expect(heard).toEqual(Array.from({ length: relay.readings.subscriptions }, (_, index) => index))
    heard.length = 0
    network.hold('down')
    await relay.publish(patterns[3] ?? '', 'missed')
    await network.advance(10)
    relay.restart({ how: 'kill', log: 'kept' })
    network.release('down')
    await network.advance(30_000)
    expect(heard).toEqual(['missed'])
    expect(hub.status.state).toBe('connected')
    expect(Math.max(...lengths)).toBeLessThan(20_000)
    expect(lengths.filter(length => length > 4500).length).toBeGreaterThan(1)
    await hub.close()
  })
})
