import { type Clock, createHub, type Hub, type HubStatus } from '@earshot/core'
import { createTestBrowser, seededRandom, testClock } from '@earshot/core/testing'
import { createTestNetwork, type TestDevice, type TestNetwork } from '@earshot/server/testing'
import { webSocket } from '@earshot/transport'
import { describe, expect, it, onTestFinished } from 'vitest'

const HOUR = 3_600_000
const PING = 25_000

/** A clock of which the time of day is set; its timers know nothing of that. */
interface SetClock extends Clock {
  set(ms: number): void
}

function settable(clock: Clock): SetClock {
  let off = 0
  return { now: () => clock.now() + off, after: (delay, task) => clock.after(delay, task), set: ms => void (off += ms) }
}

interface Scene {
  readonly network: TestNetwork
  readonly device: TestDevice
  readonly hub: Hub
  readonly clocks: { readonly client: SetClock; readonly relay: SetClock }
  /** When the client was not connected any more, in milliseconds. */
  readonly lost: number[]
}

/** A client that only listens, and has been connected for a while; each end has a clock of its own. */
async function scene(wait: number): Promise<Scene> {
  const clock = testClock(HOUR * 1000)
  const clocks = { client: settable(clock), relay: settable(clock) }
  const network = createTestNetwork({ clock, latency: 20, relay: { now: () => clocks.relay.now() } })
  const device = network.device()
  const { url } = network
  const hub = createHub({ transport: webSocket({ url, WebSocket: device.WebSocket, clock: clocks.client, random: seededRandom(1) }), clock: clocks.client })
  onTestFinished(() => hub.close())
  hub.openSession().subscribe('a', () => {})
  await network.advance(wait)
  expect(hub.status.state).toBe('connected')
  const lost: number[] = []
  const began = clock.now()
  hub.on('status', ({ state }: HubStatus) => state === 'disconnected' && lost.push(clock.now() - began))
  return { network, device, hub, clocks, lost }
}

describe.each(['client', 'relay'] as const)('a clock of the %s that is set', end => {
  // Before, just after and long after a ping and its answer.
  const waits = [PING * 3 - 100, PING * 3 + 30, PING * 3 + 50, PING * 3.6]

  it.each([-HOUR, HOUR].flatMap(by => waits.map(wait => [by, wait] as const)))('by %d ms cuts no connection that works, after %d ms', async (by, wait) => {
    const { network, clocks, lost } = await scene(wait)
    clocks[end].set(by)
    await network.advance(PING * 5)
    clocks[end].set(-by)
    await network.advance(PING * 5)
    expect([lost, network.relay.readings.connections]).toEqual([[], 1])
  })

  it.each([-HOUR, HOUR].flatMap(by => waits.map(wait => [by, wait] as const)))('by %d ms does not hide one that does not, after %d ms', async (by, wait) => {
    const { network, device, hub, clocks, lost } = await scene(wait)
    device.cut({ unaware: 'both' })
    clocks[end].set(by)
    await network.advance(PING * 4.5)
    // The client has noticed, and is back; the relay has noticed, too, and counts it once.
    expect([lost.length, hub.status.state, network.relay.readings.connections]).toEqual([1, 'connected', 1])
    if (by < 0) expect(lost[0]).toBeGreaterThan(PING * 1.5)
  })
})

describe('a machine that slept', () => {
  it('notices within two periods that its connection is over', async () => {
    const network = createTestNetwork()
    const tab = createTestBrowser({ clock: network.clock }).openTab()
    const device = network.device()
    const { clock, page, locks, random } = tab.env
    const hub = createHub({ transport: webSocket({ url: network.url, WebSocket: device.WebSocket, clock, page, locks, random }), clock })
    hub.openSession().subscribe('a', () => {})
    await network.advance(PING * 2.5)
    tab.freeze({ silent: true, deep: true })
    device.cut({ unaware: 'both' })
    await network.advance(HOUR * 8)
    expect(network.relay.readings.connections).toBe(0)
    tab.resume()
    await network.advance(PING * 2)
    expect([hub.status.state, network.relay.readings.connections]).toEqual(['connected', 1])
  })
})

describe('a relay that has just begun, and whose clock is set back', () => {
  it('still says in time who has not come again', async () => {
    const { network, hub, clocks } = await scene(1000)
    const room = hub.openSession().presence('room')
    const other = network.device()
    const { url } = network
    const member = createHub({ transport: webSocket({ url, WebSocket: other.WebSocket, clock: clocks.client, random: seededRandom(2) }), clock: clocks.client })
    member.openSession().presence('room').enter('here')
    await network.advance(1000)
    expect(room.members).toHaveLength(1)
    network.relay.restart({ how: 'kill' })
    other.end()
    await network.advance(5000)
    expect(room.members).toHaveLength(1)
    clocks.relay.set(-HOUR)
    await network.advance(20_000)
    expect(room.members).toEqual([])
  })
})
