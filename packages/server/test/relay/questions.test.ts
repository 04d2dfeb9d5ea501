import { RELAY_VERSION, type ClientFrame, type RelayFrame, relayFrames } from '@earshot/core/protocol'
import { testClock } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { type Engine, type Limits, memoryEngine } from '../../src/index.ts'
import { coreOf } from '../../src/relay/core-of.ts'
import { attachFrame } from '../support/peer.ts'

interface Peer {
  say(...frames: ClientFrame[]): void
  readonly heard: RelayFrame[]
}

interface Scene {
  readonly engine: Engine
  /** A client that was welcomed. */
  connect(): Promise<Peer>
  /** The same with sessions attached. */
  peer(name: string, sessions: number): Promise<Peer>
  /** Whether there was more to do. */
  turn(): Promise<boolean>
}

/** A relay whose turns come when a test says so. */
function scene(limits: Partial<Limits> = {}): Scene {
  const tasks: (() => void)[] = []
  const engine = memoryEngine({ messages: 100_000, now: () => 0 })
  const core = coreOf({
    engine,
    limits,
    clock: testClock(),
    random: () => Math.random(),
    defer: task => tasks.push(task),
    onError: error => {
      throw error
    },
  })
  const microtasks = async (): Promise<void> => {
    for (let i = 0; i < 50; i++) await Promise.resolve()
  }
  const turn = async (): Promise<boolean> => {
    await microtasks()
    const due = tasks.splice(0)
    for (const task of due) task()
    await microtasks()
    return due.length > 0
  }
  const drain = async (): Promise<void> => {
    for (let goesOn = true; goesOn; ) goesOn = await turn()
  }
  const connect = async (): Promise<Peer> => {
    const heard: RelayFrame[] = []
    const send = (unit: string | Uint8Array): void => {
      for (const line of String(unit).split('\n')) {
        const frame = relayFrames.readLine(line)
        if (frame) heard.push(frame)
      }
    }
    const connection = core.open({ send, close: () => {}, terminate: () => {}, buffered: 0 }, undefined)
    const say = (...frames: ClientFrame[]): void => core.take(connection, frames.map(frame => JSON.stringify(frame)).join('\n'))
    say({ t: 'hello', v: RELAY_VERSION })
    await microtasks()
    return { say, heard }
  }
  return {
    engine,
    turn,
    connect,
    async peer(name, sessions) {
      const peer = await connect()
      for (let s = 0; s < sessions; s++) peer.say(attachFrame(s, { session: `${name}.${s}` }))
      await drain()
      peer.heard.length = 0
      return peer
    },
  }
}
const question = (s: number, more: Partial<Extract<ClientFrame, { t: 'history' }>> = {}): ClientFrame => ({ t: 'history', s, q: s, patterns: ['**'], limit: 1, ...more })
/** So many messages that only Bob may hear. */
function secrets({ engine }: Scene, count: number): void {
  for (let index = 0; index < count; index++) void engine.append({ topic: `t/${index % 10}`, from: '', tag: 't', clock: index, time: 0, userId: null, data: null, to: ['bob'] })
}

describe('questions for the past', () => {
  it('of one connection are asked one after the other, however many sessions it has: those of others do not wait for all of them', async () => {
    const relay = scene()
    secrets(relay, 20_000)
    const [many, one] = [await relay.peer('many', 20), await relay.peer('one', 1)]
    many.say(...Array.from({ length: 20 }, (_, s) => question(s)))
    one.say(question(0))
    while (one.heard.length === 0 && (await relay.turn()));
    expect(one.heard).toMatchObject([{ t: 'past', m: [] }])
    expect(many.heard.length).toBeLessThan(3)
    while (await relay.turn());
    expect(many.heard.map(frame => frame.t === 'past' && frame.q)).toEqual(Array.from({ length: 20 }, (_, s) => s))
  })

  it('are not asked any more for sessions that have gone meanwhile, and the next are', async () => {
    const relay = scene()
    secrets(relay, 20_000)
    const peer = await relay.peer('page', 3)
    peer.say(...[0, 1, 2].map(s => question(s)))
    const other = await relay.connect()
    other.say(attachFrame(0, { session: 'page.1', secret: 'secret1', attach: 2 }))
    while (await relay.turn());
    expect(peer.heard.flatMap(frame => (frame.t === 'past' || frame.t === 'detached' ? [[frame.t, frame.s]] : []))).toEqual([['detached', 1], ['past', 0], ['past', 2]])
  })

  it('may have wildcards in so many ways as patterns of a connection', async () => {
    const relay = scene({ shapes: 2 })
    const peer = await relay.peer('page', 1)
    peer.say(question(0, { patterns: ['a/*', 'b/*', '**', 'c'], q: 1 }), question(0, { patterns: ['a/*', '**', '*/a'], q: 2 }))
    while (await relay.turn());
    expect(peer.heard).toMatchObject([{ t: 'past', q: 1 }, { t: 'refused', q: 2, code: 'rate-limited', reason: 'wildcards in the patterns of a question may stand in 2 ways' }])
  })

  it('are before an offset or since a position, not both', async () => {
    const relay = scene()
    const peer = await relay.peer('page', 1)
    peer.say(question(0, { before: 3, since: `${relay.engine.epoch}.1` }))
    while (await relay.turn());
    expect(peer.heard).toMatchObject([{ t: 'refused', q: 0, code: 'invalid-options' }])
  })
})
