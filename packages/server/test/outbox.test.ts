import { createHub, isEarshotError, type Session } from '@earshot/core'
import { createTestBrowser, type TestTab } from '@earshot/core/testing'
import { createTestNetwork, type TestDevice, type TestNetwork } from '@earshot/server/testing'
import { sharedWebSocket, webSocket, type WebSocketOptions } from '@earshot/transport'
import { afterEach, describe, expect, it, vi } from 'vitest'

/** A bound for two messages, by their number or by their characters; frames have less than 200 beside their data. */
const forTwo = [{ messages: 2 }, { size: 2500 }]

/** A message of some 1000 characters. */
const long = (n: number): { n: number; text: string } => ({ n, text: 'x'.repeat(1000) })

interface Page {
  readonly session: Session
  readonly device: TestDevice
  readonly errors: string[]
}

/** A relay, and all that was said to it, in order. */
interface Scene {
  readonly network: TestNetwork
  readonly heard: unknown[]
  open(tab: TestTab, outbox: WebSocketOptions['outbox']): Page
  readonly tab: TestTab
}

async function scene(): Promise<Scene> {
  const network = createTestNetwork()
  const { url, clock, WebSocket } = network
  const heard: unknown[] = []
  const listener = createHub({ transport: webSocket({ url, WebSocket, clock }), clock })
  listener.openSession().subscribe('**', ({ data }) => heard.push(data))
  await network.advance(1000)
  return {
    network,
    heard,
    tab: createTestBrowser({ clock }).openTab(),
    open(tab, outbox = {}) {
      const device = network.device()
      const errors: string[] = []
      const { page, locks, sessionStorage, random } = tab.env
      const transport = webSocket({ url, WebSocket: device.WebSocket, page, locks, sessionStorage, random, clock: tab.env.clock, outbox })
      const hub = createHub({ transport, clock: tab.env.clock, onError: ({ code }) => errors.push(code) })
      const session = hub.openSession()
      session.subscribe('news', () => {})
      return { session, device, errors }
    },
  }
}

/** A page that reaches nobody for now. */
async function offline(outbox: WebSocketOptions['outbox']): Promise<Scene & Page> {
  const on = await scene()
  const page = on.open(on.tab, outbox)
  page.device.hold()
  return { ...on, ...page }
}

/** How a receipt ended. */
function outcome(session: Session, data: unknown): Promise<string> {
  return Promise.resolve(session.publish('a', data)).then(
    ({ offset }) => `accepted at ${offset}`,
    (error: unknown) => (isEarshotError(error) ? error.code : String(error)),
  )
}

describe('an outbox', () => {
  it('takes so many messages, refuses the next, and brings those it has in order', async () => {
    const { network, session, device, heard, errors } = await offline({ messages: 3 })
    const outcomes = [1, 2, 3, 4].map(n => outcome(session, n))
    expect(await outcomes[3]).toBe('outbox-full')
    // Nothing is kept of it: the box is as full as before.
    expect(await outcome(session, 5)).toBe('outbox-full')
    device.release()
    await network.advance(1000)
    expect([await Promise.all(outcomes), heard, errors]).toEqual([['accepted at 1', 'accepted at 2', 'accepted at 3', 'outbox-full'], [1, 2, 3], []])
  })

  it('takes frames of so many characters', async () => {
    const { network, session, device, heard } = await offline({ size: 4000 })
    const outcomes = [1, 2, 3, 4].map(n => outcome(session, long(n)))
    expect(await outcomes[3]).toBe('outbox-full')
    const small = outcome(session, 'small')
    device.release()
    await network.advance(1000)
    expect(await small).toBe('accepted at 4')
    expect(heard).toEqual([long(1), long(2), long(3), 'small'])
  })

  it('takes one that is larger than it is, when it is empty', async () => {
    const { network, session, device } = await offline({ size: 10 })
    const outcomes = [1, 2].map(n => outcome(session, n))
    expect(await outcomes[1]).toBe('outbox-full')
    device.release()
    await network.advance(1000)
    expect(await outcomes[0]).toBe('accepted at 1')
    const next = outcome(session, 3)
    await network.advance(100)
    expect(await next).toBe('accepted at 2')
  })

  it.each(forTwo)('has room again for what was accepted or refused: %o', async bounds => {
    const { network, session, device, heard } = await offline(bounds)
    const undo = network.filter({ up: frame => (frame.t === 'publish' && frame.clock > 1 ? undefined : frame) })
    const outcomes = [1, 2, 3].map(n => outcome(session, long(n)))
    expect(await outcomes[2]).toBe('outbox-full')
    device.release()
    await network.advance(1000)
    expect(await outcomes[0]).toBe('accepted at 1')
    const [fourth, fifth] = [outcome(session, long(4)), outcome(session, long(5))]
    expect(await fifth).toBe('outbox-full')
    undo()
    device.cut()
    await network.advance(1000)
    expect([await Promise.all([outcomes[1], fourth]), heard]).toEqual([['accepted at 2', 'accepted at 3'], [long(1), long(2), long(4)]])
  })

  it.each(forTwo)('holds for what a page before has left, too: %o', async bounds => {
    const { network, tab, heard, open } = await scene()
    const { session, device } = open(tab, bounds)
    await network.advance(1000)
    device.hold()
    for (const n of [1, 2]) void session.publish('a', long(n))
    const reloaded = tab.reload()
    await network.settle()
    device.end()
    const next = open(reloaded, bounds)
    next.device.hold()
    expect(await outcome(next.session, long(3))).toBe('outbox-full')
    next.device.release()
    await network.advance(1000)
    const last = outcome(next.session, long(4))
    await network.advance(100)
    expect([await last, heard, next.errors]).toEqual(['accepted at 3', [long(1), long(2), long(4)], []])
  })

  it('is no place for what is volatile', async () => {
    const { network, session, device, heard } = await offline({ messages: 1 })
    for (const n of [1, 2]) void session.publish('a', n, { volatile: true })
    const kept = outcome(session, 3)
    device.release()
    await network.advance(1000)
    expect([await kept, heard]).toEqual(['accepted at 1', [3]])
  })
})

describe('options that make no sense', () => {
  afterEach(() => vi.unstubAllGlobals())

  const { url, WebSocket } = createTestNetwork()
  const bad: [name: string, options: object][] = [
    ...[-1, 1.5, NaN, Infinity, '3'].flatMap((value): [string, object][] => [
      ['outbox.messages', { outbox: { messages: value } }],
      ['outbox.size', { outbox: { size: value } }],
    ]),
    ...[7, null, {}, true].map((token): [string, object] => ['token', { token }]),
  ]

  it.each(bad)('are refused: %s in %o', (name, options) => {
    for (const make of [webSocket, (all: WebSocketOptions) => sharedWebSocket({ ...all, user: null })]) {
      expect(() => make({ url, WebSocket, ...options })).toThrow(expect.objectContaining({ code: 'invalid-options', message: expect.stringMatching(`^${name} is `) }))
    }
  })

  it('are refused where there is no WebSocket and none is given', () => {
    vi.stubGlobal('WebSocket', undefined)
    expect(() => webSocket({ url })).toThrow(expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('WebSocket') }))
  })
})
