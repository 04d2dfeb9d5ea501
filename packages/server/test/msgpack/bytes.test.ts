import type { Hub, Session } from '@earshot/core'
import type { Codec } from '@earshot/transport'
import { messagePack } from '@earshot/transport/msgpack'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { joinHub, type RunningRelay, startRelay } from '../support/running-relay.ts'

interface Client {
  readonly hub: Hub
  readonly session: Session
  readonly failures: unknown[]
  /** How much went over its socket after the first words of each side, as text and as bytes. */
  readonly wire: { texts: number; bytes: number }
}

/** Joins a relay, and counts what its socket carries. */
function join({ url }: RunningRelay, codec?: Codec): Client {
  const wire = { texts: 0, bytes: 0 }
  const count = (isText: boolean): void => void (isText ? wire.texts++ : wire.bytes++)
  class Counted extends WebSocket {
    constructor(address: string) {
      super(address)
      this.on('message', (_, isBinary) => count(!isBinary))
    }
    override send(data: string | Uint8Array): void {
      count(typeof data === 'string')
      super.send(data)
    }
  }
  const { hub, failures } = joinHub(url, { WebSocket: Counted, ...(codec && { codec }) })
  return { hub, session: hub.openSession(), failures, wire }
}

const data = { name: 'a', bytes: Uint8Array.of(0, 1, 2, 255), list: [Uint8Array.of()], text: '\u0001AQ==', odd: '\ud800' }

describe.each<[from: string, to: string, publisher: Codec | undefined, listener: Codec | undefined]>([
  ['MessagePack', 'JSON', messagePack, undefined],
  ['JSON', 'MessagePack', undefined, messagePack],
  ['MessagePack', 'MessagePack', messagePack, messagePack],
  ['JSON', 'JSON', undefined, undefined],
])('bytes from %s to %s', (_, __, publisher, listener) => {
  it('arrive live, from the log, from history and in volatile messages and broadcasts', async () => {
    const running = await startRelay()
    const [ada, bob] = [join(running, publisher), join(running, listener)]
    const heard: unknown[] = []
    bob.session.subscribe('rooms/*', message => heard.push(message.data))
    bob.session.onBroadcast(message => heard.push(message.data))
    await Promise.all([ada.session.ready, bob.session.ready])
    await ada.session.publish('rooms/1', data)
    await ada.session.publish('rooms/1', Uint8Array.of(7))
    ada.session.publish('rooms/1', Uint8Array.of(8), { volatile: true })
    await ada.session.broadcast(Uint8Array.of(9))
    await expect.poll(() => heard).toEqual([data, Uint8Array.of(7), Uint8Array.of(8), Uint8Array.of(9)])
    expect((await bob.session.history('rooms/1')).map(message => message.data)).toEqual([data, Uint8Array.of(7)])
    const replayed: unknown[] = []
    bob.session.subscribe('rooms/1', message => replayed.push(message.data), { replay: 2 })
    await expect.poll(() => replayed).toEqual([data, Uint8Array.of(7)])
    expect([...ada.failures, ...bob.failures]).toEqual([])
  })

  it('are what a member says, and the server hears and says the same', async () => {
    const running = await startRelay()
    const [ada, bob] = [join(running, publisher), join(running, listener)]
    const seen = bob.session.presence('rooms/1')
    await seen.ready
    const own = ada.session.presence('rooms/1')
    own.enter({ cursor: Uint8Array.of(1, 2) })
    await expect.poll(() => seen.members.map(member => member.data)).toEqual([{ cursor: Uint8Array.of(1, 2) }])
    own.update({ cursor: Uint8Array.of(1, 3) })
    await expect.poll(() => seen.members.map(member => member.data)).toEqual([{ cursor: Uint8Array.of(1, 3) }])
    expect(running.relay.presence('rooms/1').map(member => member.data)).toEqual([{ cursor: Uint8Array.of(1, 3) }])
    const heard: unknown[] = []
    await bob.session.subscribe('rooms/1', message => heard.push(message.data)).ready
    await running.relay.publish('rooms/1', { body: Buffer.from([4, 5]) })
    await expect.poll(() => heard).toEqual([{ body: Uint8Array.of(4, 5) }])
    expect((await running.relay.history('rooms/1')).messages.map(message => message.data)).toEqual([{ body: Uint8Array.of(4, 5) }])
    expect([...ada.failures, ...bob.failures]).toEqual([])
  })
})

describe('a connection in MessagePack', () => {
  it('says its hello and hears its welcome as text, and all else as bytes', async () => {
    const running = await startRelay()
    const { session, wire } = join(running, messagePack)
    await session.ready
    await session.publish('rooms/1', { text: 'hi' })
    expect(wire).toEqual({ texts: 2, bytes: expect.any(Number) as number })
    expect(wire.bytes).toBeGreaterThan(3)
  })

  it('says as text what MessagePack would change, and hears what it was refused', async () => {
    const { session, wire } = join(await startRelay(), messagePack)
    await session.ready
    const { texts } = wire
    await expect(session.publish('rooms/1', JSON.parse('{"__proto__":1}'))).rejects.toMatchObject({ code: 'invalid-data' })
    expect((await session.publish('rooms/1', '\ud800')).offset).toBe(1)
    expect(wire.texts).toBe(texts + 2)
  })

  it('has the bounds of JSON', async () => {
    const { session } = join(await startRelay(), messagePack)
    await session.ready
    expect(() => session.publish('rooms/1', new Uint8Array(200_000))).toThrow(expect.objectContaining({ code: 'payload-too-large' }) as Error)
    expect((await session.publish('rooms/1', new Uint8Array(190_000))).offset).toBe(1)
    expect((await session.publish('rooms/1', 'ü'.repeat(250_000))).offset).toBe(2)
    const floods = Array.from({ length: 300 }, () => session.publish('rooms/1', new Uint8Array(2000)))
    expect((await Promise.all(floods)).at(-1)?.offset).toBe(302)
  })

  it('goes on when more comes than may wait to be read', async () => {
    const running = await startRelay()
    const [ada, bob] = [join(running), join(running, messagePack)]
    let heard = 0
    // Six characters in JSON, a byte in MessagePack.
    const dense = Array<boolean>(5000).fill(false)
    bob.session.subscribe('rooms/1', () => void heard++)
    await Promise.all([ada.session.ready, bob.session.ready])
    for (let count = 0; count < 40; count++) await ada.session.publish('rooms/1', dense)
    await expect.poll(() => heard).toBe(40)
    expect(bob.failures).toEqual([])
  })
})

describe('bytes over HTTP', () => {
  it('are text with a sign and base64', async () => {
    const key = 'a-key-for-back-ends'
    const running = await startRelay({}, { key })
    const { session } = join(running, messagePack)
    const heard: unknown[] = []
    await session.subscribe('rooms/1', message => heard.push(message.data)).ready
    const headers = { authorization: `Bearer ${key}` }
    const said = await fetch(`${running.http}/earshot/publish`, { method: 'POST', headers, body: '{"topic":"rooms/1","data":["\\u0001AQL/"]}' })
    expect(said.status).toBe(200)
    await expect.poll(() => heard).toEqual([[Uint8Array.of(1, 2, 255)]])
    expect(await (await fetch(`${running.http}/earshot/history?topic=rooms/1`, { headers })).text()).toContain('"data":["\\u0001AQL/"]')
    expect((await fetch(`${running.http}/earshot/publish`, { method: 'POST', headers, body: '{"topic":"rooms/1","data":"\\u0001%"}' })).status).toBe(400)
  })
})
