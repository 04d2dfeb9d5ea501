import { describe, expect, it } from 'vitest'
import { type Engine, type Limits, memoryEngine } from '../src/index.ts'
import { type Attacked, attacked } from './support/attacked.ts'
import { type Peer, publishFrame } from './support/peer.ts'

const presence = (topic: string, clock: number, data: unknown = 1, here = true): Parameters<Peer['say']>[0] => ({ t: 'presence', s: 0, topic, here, data, since: 0, clock })
const numbers = (count: number, first = 1): number[] => Array.from({ length: count }, (_, index) => index + first)
const clocksOf = (peer: Peer, kind: 'ack' | 'refused'): unknown[] => peer.of(kind).map(({ clock }) => clock)

/** Fails for one topic; those who look on have a log that works. */
function withOnlookers(log: Engine, other: Pick<Engine, 'append' | 'past'>): Engine {
  return {
    get epoch() {
      return log.epoch
    },
    get head() {
      return log.head
    },
    connect: (...told) => log.connect(...told),
    append: publication => (publication.topic === 'a' ? other : log).append(publication),
    pass: publication => log.pass(publication),
    page: request => log.page(request),
    past: request => (request.patterns[0] === 'a' ? other : log).past(request),
    lost: request => log.lost(request),
    close: () => log.close(),
  }
}

/** One test for each limit there is: the compiler counts them. */
const tests: Record<keyof Limits, () => Promise<void>> = {
  connections: async () => {
    const { welcomed, peer: connect, relay, talk } = await attacked({ limits: { connections: 4 } })
    const peers = [await welcomed(), await welcomed()]
    const farewell = { code: 1013, bye: { code: 'rate-limited', reason: 'the relay takes 4 connections: come back later', spread: 10_000 } }
    for (let more = 0; more < 3; more++) expect(await connect().closed).toMatchObject(farewell)
    expect([relay.stats.connections, relay.stats.turnedAway]).toEqual([4, 3])
    peers[0]?.end()
    while (relay.stats.connections === 4) await talk()
    await welcomed()
    expect(await connect().closed).toMatchObject(farewell)
  },
  connectionsPerUser: async () => {
    const { welcomed, peer: connect, relay, talk } = await attacked({ limits: { connectionsPerUser: 2 } })
    const [first] = [await welcomed('ada'), await welcomed('ada')]
    const third = await connect().opened()
    third.say({ t: 'hello', v: 1, token: 'ada' })
    expect(await third.closed).toMatchObject({ code: 1013, bye: { code: 'rate-limited', reason: 'a user may have 2 connections: close some', spread: 10_000 } })
    // Others may, and so may those that are nobody in particular.
    for (const token of ['bob', undefined, undefined, undefined]) await welcomed(token)
    const { connections } = relay.stats
    first?.end()
    while (relay.stats.connections === connections) await talk()
    await welcomed('ada')
    expect(relay.stats.turnedAway).toBe(1)
  },
  frame: async () => {
    const { welcomed } = await attacked({ limits: { frame: 1000 } })
    const peer = await welcomed()
    expect(peer.of('welcome')[0]?.frame).toBe(1000)
    await peer.attach(0)
    const frame = (length: number): string => JSON.stringify(publishFrame(0, 1, 'a', '')).replace('""', `"${'é'.repeat(length)}"`)
    const room = 1000 - frame(0).length
    peer.send(frame(room))
    expect((await peer.next('ack')).clock).toBe(1)
    peer.send(frame(room + 1))
    expect(await peer.closed).toMatchObject({ code: 4413, bye: { code: 'payload-too-large', reason: 'a frame may have 1000 characters' } })
  },
  sessions: async () => {
    const { welcomed } = await attacked({ limits: { sessions: 2 } })
    const peer = await welcomed()
    for (const s of [0, 1]) await peer.attach(s)
    peer.say({ t: 'attach', s: 2, session: 'one too many', attach: 1, tag: 'doc', tags: [], secret: 's', subs: [], done: 0 })
    expect(await peer.next('detached')).toMatchObject({ s: 2, code: 'rate-limited', reason: 'a connection may have 2 sessions' })
    await peer.attach(1, { attach: 2 })
    peer.say({ t: 'detach', s: 0, reload: false })
    await peer.attach(2)
  },
  subscriptions: async () => {
    const { welcomed, relay } = await attacked({ limits: { subscriptions: 2 } })
    const peer = await welcomed()
    await peer.attach(0)
    for (const pattern of ['a', 'b', 'a']) await peer.subscribe(0, pattern)
    peer.say({ t: 'subscribe', s: 0, pattern: 'c' })
    expect(await peer.next('refused')).toMatchObject({ what: 'subscribe', topic: 'c', code: 'rate-limited', reason: 'a session may have 2 patterns' })
    peer.say({ t: 'unsubscribe', s: 0, pattern: 'a' })
    await peer.subscribe(0, 'c')
    expect(['a', 'b', 'c'].map(topic => relay.occupancy(topic))).toEqual([0, 1, 1])
    peer.say({ t: 'attach', s: 1, session: 'greedy', attach: 1, tag: 'doc', tags: [], secret: 's', subs: [['a', null], ['b', null], ['c', null]], done: 0 })
    expect(await peer.next('detached')).toMatchObject({ s: 1, code: 'rate-limited', reason: 'a session may have 2 patterns' })
  },
  subscriptionSize: async () => {
    const { welcomed } = await attacked({ limits: { subscriptionSize: 100 } })
    const peer = await welcomed()
    await peer.attach(0)
    // With quotes, and room for an offset, each has 48; a quote in it counts twice.
    const patterns = ['a', 'b'].map(letter => letter.repeat(26))
    for (const pattern of [...patterns, 'a'.repeat(26)]) await peer.subscribe(0, pattern)
    peer.say({ t: 'subscribe', s: 0, pattern: 'c' })
    expect(await peer.next('refused')).toMatchObject({ what: 'subscribe', topic: 'c', code: 'rate-limited', reason: 'the patterns of a session may have 100 characters together: listen to wildcards instead' })
    peer.say({ t: 'unsubscribe', s: 0, pattern: 'a'.repeat(26) }, { t: 'subscribe', s: 0, pattern: `${'c'.repeat(29)}"` })
    expect((await peer.next('refused')).code).toBe('rate-limited')
    await peer.subscribe(0, `${'c'.repeat(28)}"`)
    await peer.attach(1, { subs: [...patterns, 'c'].map(pattern => [pattern, null]) })
    expect(await peer.next('refused')).toMatchObject({ s: 1, topic: 'c', code: 'rate-limited' })
  },
  shapes: async () => {
    const { welcomed, relay } = await attacked({ limits: { shapes: 2 } })
    const peer = await welcomed()
    await peer.attach(0)
    await peer.attach(1)
    for (const [s, pattern] of [[0, 'a/*'], [1, '*/a'], [1, 'b/*'], [0, 'a/b'], [0, 'c/*']] as const) await peer.subscribe(s, pattern)
    const refusal = { what: 'subscribe', topic: '**', code: 'rate-limited', reason: 'wildcards in the patterns of a connection may stand in 2 ways' }
    peer.say({ t: 'subscribe', s: 0, pattern: '**' })
    expect(await peer.next('refused')).toMatchObject(refusal)
    peer.say({ t: 'unsubscribe', s: 0, pattern: 'a/*' }, { t: 'unsubscribe', s: 0, pattern: 'c/*' }, { t: 'subscribe', s: 0, pattern: '**' })
    expect(await peer.next('refused')).toMatchObject(refusal)
    // The end of a session makes room.
    peer.say({ t: 'detach', s: 1, reload: false })
    await peer.subscribe(0, '**')
    expect(relay.occupancy('x/a')).toBe(1)
    await (await welcomed()).attach(0, { subs: [['*/*/a', null], ['a/*/*', null]] })
  },
  presences: async () => {
    const { welcomed, relay } = await attacked({ limits: { presences: 2 } })
    const peer = await welcomed()
    await peer.attach(0)
    peer.say(presence('a', 1), presence('b', 2), presence('c', 3), presence('a', 4, 'again'), presence('b', 5, null, false), presence('d', 6))
    const watch = (topic: string, on = true): Parameters<Peer['say']>[0] => ({ t: 'watch', s: 0, topic, on })
    peer.say(watch('a'), watch('b'), watch('c'), watch('a'), watch('b', false), watch('d'))
    await peer.settled(0)
    expect(peer.of('refused').map(({ what, topic, code }) => [what, topic, code])).toEqual([['presence', 'c', 'rate-limited'], ['watch', 'c', 'rate-limited']])
    expect(peer.of('roster').map(({ topic }) => topic)).toEqual(['a', 'b', 'a', 'd'])
    expect(['a', 'b', 'c', 'd'].map(topic => relay.presence(topic).map(({ data }) => data))).toEqual([['again'], [], [], [1]])
  },
  presenceSize: async () => {
    const { welcomed, relay } = await attacked({ limits: { presenceSize: 100 } })
    const peer = await welcomed()
    await peer.attach(0)
    const data = (size: number): string => 'x'.repeat(size - 2)
    peer.say(presence('a', 1, data(60)), presence('b', 2, data(40)), presence('c', 3, data(2)), presence('b', 4, data(41)), presence('a', 5, data(50)), presence('c', 6, data(10)))
    await peer.settled(0)
    expect(peer.of('refused').map(({ topic, code }) => [topic, code])).toEqual([['c', 'payload-too-large'], ['b', 'payload-too-large']])
    expect(['a', 'b', 'c'].map(topic => relay.presence(topic).map(member => String(member.data).length + 2))).toEqual([[50], [40], [10]])
  },
  publishes: async () => {
    const { welcomed, clock } = await attacked({ byHand: true, limits: { publishes: { perSecond: 2, burst: 10 } } })
    const peer = await welcomed()
    const { record } = await peer.attach(0)
    peer.say(...numbers(12).map(number => publishFrame(0, number, 'a', number)))
    await peer.settled(0)
    expect([clocksOf(peer, 'ack'), clocksOf(peer, 'refused')]).toEqual([numbers(10), [11, 12]])
    expect(peer.of('refused')[0]?.code).toBe('rate-limited')
    // Nor does it begin anew with another attach, by whatever proof.
    await peer.attach(0, { attach: 2, record })
    peer.say(publishFrame(0, 13, 'a', 13))
    expect((await peer.next('refused')).clock).toBe(13)
    const next = await welcomed()
    await next.attach(0, { attach: 3, session: peer.of('attached')[0]?.session ?? '' })
    next.say(publishFrame(0, 14, 'a', 14))
    expect((await next.next('refused')).clock).toBe(14)
    await clock.advance(1000)
    next.say(...[15, 16, 17].map(number => publishFrame(0, number, 'a', number)))
    await next.settled(0)
    expect([clocksOf(next, 'ack'), clocksOf(next, 'refused')]).toEqual([[15, 16], [14, 17]])
  },
  frames: async () => {
    const { welcomed, clock } = await attacked({ byHand: true, limits: { frames: { perSecond: 10, burst: 50 } } })
    const peer = await welcomed()
    peer.say(...numbers(49).map(() => ({ t: 'pong' }) as const))
    await clock.advance(100)
    await peer.attach(0)
    peer.say({ t: 'pong' })
    expect(await peer.closed).toMatchObject({ code: 4429, bye: { code: 'rate-limited', reason: 'too many frames', spread: 10_000 } })
    // What a session says counts as its own, over all its attachments.
    const shared = await welcomed()
    await shared.attach(0)
    await shared.attach(1)
    shared.say(...numbers(50).map(() => ({ t: 'cursor', s: 0, offset: 0 }) as const))
    shared.say(...numbers(49).map(() => ({ t: 'cursor', s: 1, offset: 0 }) as const))
    await shared.settled(1)
    expect(shared.of('detached')).toEqual([])
    await clock.advance(5000)
    shared.say(...numbers(51).map(() => ({ t: 'cursor', s: 0, offset: 0 }) as const))
    expect(await shared.next('detached')).toEqual({ t: 'detached', s: 0, code: 'rate-limited', reason: 'too many frames', spread: 10_000 })
    await shared.settled(1)
    // What it had under way by then does not count as the connection's, up to ten times as much.
    shared.say(...numbers(500).map(() => ({ t: 'cursor', s: 0, offset: 0 }) as const))
    await shared.settled(1)
    expect(shared.socket.readyState).toBe(shared.socket.OPEN)
    shared.say({ t: 'cursor', s: 0, offset: 0 })
    expect(await shared.closed).toMatchObject({ code: 4429 })
  },
  waiting: async () => {
    const answers: ((allowed: boolean) => void)[] = []
    const { welcomed, relay } = await attacked({ limits: { waiting: 3 }, authorize: ({ topic }) => (topic === 'slow' ? new Promise<boolean>(resolve => answers.push(resolve)) : true) })
    const peer = await welcomed()
    await peer.attach(0)
    // One is being looked at, three wait; of those behind each is refused in its turn.
    peer.say(publishFrame(0, 1, 'slow', 1), ...numbers(5, 2).map(number => publishFrame(0, number, 'a', number)), { t: 'subscribe', s: 0, pattern: 'b' })
    expect(await peer.next('refused')).toMatchObject({ what: 'subscribe', code: 'rate-limited', reason: 'too many frames wait for an answer' })
    expect(peer.of('ack')).toEqual([])
    answers[0]?.(true)
    await peer.next('refused', ({ clock }) => clock === 6)
    expect([clocksOf(peer, 'ack'), clocksOf(peer, 'refused').slice(1)]).toEqual([[1, 2, 3, 4], [5, 6]])
    // Nobody has to keep more than four times as many.
    const greedy = await welcomed()
    await greedy.attach(0)
    greedy.say(...numbers(13).map(number => publishFrame(0, number, number === 1 ? 'slow' : 'a', number)))
    await greedy.attach(1)
    expect(greedy.socket.readyState).toBe(greedy.socket.OPEN)
    greedy.say(publishFrame(0, 14, 'a', 14))
    expect(await greedy.next('detached')).toEqual({ t: 'detached', s: 0, code: 'rate-limited', reason: 'too many frames wait for an answer', spread: 10_000 })
    await greedy.settled(1)
    expect(greedy.socket.readyState).toBe(greedy.socket.OPEN)
    expect(relay.occupancy('b')).toBe(0)
  },
  waitingSize: async () => {
    const answers: ((allowed: boolean) => void)[] = []
    const { welcomed } = await attacked({ limits: { waitingSize: 5000 }, authorize: ({ topic }) => (topic === 'slow' ? new Promise<boolean>(resolve => answers.push(resolve)) : true) })
    const peer = await welcomed()
    await peer.attach(0)
    peer.say(publishFrame(0, 1, 'slow', 1), ...numbers(6, 2).map(number => publishFrame(0, number, 'a', 'x'.repeat(900))), publishFrame(0, 8, 'a', 'short'))
    await peer.attach(1)
    answers[0]?.(true)
    await peer.settled(0)
    expect([clocksOf(peer, 'ack'), clocksOf(peer, 'refused')]).toEqual([[1, 2, 3, 4, 5, 6, 8], [7]])
  },
  buffer: async () => {
    const { welcomed, relay, talk } = await attacked({ limits: { buffer: 50_000, frames: { perSecond: 1e6, burst: 1e6 } } })
    const peer = await welcomed()
    await peer.attach(0)
    await peer.subscribe(0, 'a')
    peer.socket.pause()
    let most = 0
    // It says that it has read everything, and reads nothing.
    for (let round = 0; round < 1500; round++) {
      peer.say({ t: 'cursor', s: 0, offset: Number.MAX_SAFE_INTEGER })
      await relay.publish('a', 'x'.repeat(10_000))
      if (round % 10 === 0) await talk()
      most = Math.max(most, relay.stats.buffered)
    }
    expect(most).toBeGreaterThanOrEqual(50_000)
    // As much as the limit, one message, and one page of 65,536 characters.
    expect(most).toBeLessThan(50_000 + 10_200 + 66_000)
    peer.socket.resume()
  },
  unread: async () => {
    const { welcomed, relay } = await attacked({ limits: { unread: 200 } })
    const peer = await welcomed()
    await peer.attach(0)
    await peer.subscribe(0, 'a')
    for (const number of numbers(300)) await relay.publish('a', number)
    await peer.settled(0)
    expect(peer.data).toEqual(numbers(200))
    peer.say({ t: 'cursor', s: 0, offset: 200 })
    await peer.next('page')
    expect(peer.data).toEqual(numbers(300))
  },
  unreadSize: async () => {
    const { welcomed, relay } = await attacked({ limits: { unreadSize: 100_000 } })
    const peer = await welcomed()
    await peer.attach(0)
    await peer.subscribe(0, 'a')
    const data = 'x'.repeat(10_000 - 38)
    for (let index = 0; index < 15; index++) await relay.publish('a', data)
    await peer.settled(0)
    // At a hundred thousand there is no room any more.
    expect([peer.of('message').length, JSON.stringify(peer.of('message')[0]?.m).length]).toEqual([10, expect.closeTo(10_000, -2)])
    peer.say({ t: 'cursor', s: 0, offset: 10 })
    await peer.next('page')
    expect(peer.data.length).toBe(15)
  },
  page: async () => {
    const { relay, peer: connect } = await attacked({ limits: { page: 4 } })
    for (const number of numbers(10)) await relay.publish('a', number)
    const peer = connect()
    const { epoch } = await peer.greet()
    await peer.attach(0, { position: `${epoch}.0`, subs: [['a', 0]] })
    peer.say({ t: 'history', s: 0, q: 1, patterns: ['a'], limit: 100 }, { t: 'history', s: 0, q: 2, patterns: ['a'], limit: 100, since: `${epoch}.1` })
    await peer.next('past', ({ q }) => q === 2)
    expect(peer.of('page').map(({ m }) => m.map(message => message[7]))).toEqual([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]])
    expect(peer.of('past').map(({ m, more }) => [m.map(message => message[7]), more])).toEqual([[[7, 8, 9, 10], false], [[2, 3, 4, 5], true]])
  },
  pageSize: async () => {
    const { relay, peer: connect } = await attacked({ limits: { pageSize: 1100 } })
    for (let index = 0; index < 5; index++) await relay.publish('a', 'x'.repeat(1000))
    await relay.publish('a', 'x'.repeat(5000))
    const peer = connect()
    const { epoch } = await peer.greet()
    await peer.attach(0, { position: `${epoch}.0`, subs: [['a', 0]] })
    const ask = async (q: number, more: object): Promise<unknown> => {
      peer.say({ t: 'history', s: 0, q, patterns: ['a'], limit: 100, ...more })
      const { m, more: isMore } = await peer.next('past', frame => frame.q === q)
      return [m.map(message => message[6]), isMore]
    }
    // An answer has four times the room of a page.
    expect(await ask(1, {})).toEqual([[6], false])
    expect(await ask(2, { before: 6 })).toEqual([[2, 3, 4, 5], false])
    expect(await ask(3, { before: 2 })).toEqual([[1], false])
    expect(await ask(4, { since: `${epoch}.0` })).toEqual([[1, 2, 3, 4], true])
    expect(await ask(5, { since: `${epoch}.4` })).toEqual([[5], true])
    expect(await ask(6, { since: `${epoch}.5` })).toEqual([[6], false])
    expect(peer.of('page').map(({ m }) => m.map(message => message[6]))).toEqual([[1], [2], [3], [4], [5], [6]])
  },
  decision: async () => {
    const { welcomed, clock, talk } = await attacked({ byHand: true, limits: { decision: 700, ping: 1_000_000 }, authorize: ({ topic }) => (topic === 'never' ? new Promise<boolean>(() => {}) : true) })
    const peer = await welcomed()
    await peer.attach(0)
    peer.say(publishFrame(0, 1, 'never', 1))
    await peer.attach(1)
    await clock.advance(699)
    await talk()
    expect(peer.of('refused')).toEqual([])
    await clock.advance(1)
    expect((await peer.next('refused')).code).toBe('timeout')
  },
  engine: async () => {
    const never = new Promise<never>(() => {})
    const log = memoryEngine()
    const silent = { append: () => never, past: () => never }
    const { welcomed, clock, failures } = await attacked({ byHand: true, engine: withOnlookers(log, silent), limits: { engine: 700, ping: 1_000_000 } })
    const peer = await welcomed()
    await peer.attach(0)
    peer.say(publishFrame(0, 1, 'a', 1), { t: 'history', s: 0, q: 1, patterns: ['a'], limit: 1 })
    await peer.attach(1)
    await clock.advance(699)
    await peer.attach(2)
    expect(peer.of('refused')).toEqual([])
    await clock.advance(1)
    expect(await peer.next('refused')).toMatchObject({ what: 'publish', code: 'outcome-unknown' })
    await clock.advance(700)
    expect(await peer.next('refused')).toMatchObject({ what: 'history', code: 'timeout', reason: 'the log did not answer within 700 ms' })
    expect(failures.length).toBe(2)
  },
  hello: async () => {
    const { peer: connect, clock, relay } = await attacked({ byHand: true, limits: { hello: 700 } })
    const peer = await connect().opened()
    await clock.advance(699)
    expect([relay.stats.connections, peer.heard]).toEqual([3, []])
    await clock.advance(1)
    expect((await peer.closed).code).toBe(4408)
  },
  ping: async () => {
    const { welcomed, clock, talk } = await attacked({ byHand: true, limits: { ping: 1000 } })
    const peer = await welcomed()
    await clock.advance(999)
    await peer.attach(0)
    expect(peer.of('ping').length).toBe(0)
    await clock.advance(1)
    await peer.next('ping')
    // It was heard at 999: two and a half periods are over when it is looked at for the third time after that.
    for (let period = 0; period < 2; period++) {
      await talk()
      await clock.advance(1000)
      await peer.next('ping')
    }
    await talk()
    await clock.advance(1000)
    expect((await peer.closed).code).toBe(4408)
  },
  grace: async () => {
    const scene = await attacked({ byHand: true, limits: { grace: 700 } })
    const { welcomed, relay, clock } = scene
    const peer = await welcomed()
    await peer.attach(0)
    peer.say(presence('room', 1))
    await peer.settled(0)
    await cut(peer, scene)
    await clock.advance(699)
    expect(relay.presence('room').length).toBe(1)
    await clock.advance(1)
    expect(relay.presence('room').length).toBe(0)
  },
  reload: async () => {
    const { welcomed, relay, clock } = await attacked({ byHand: true, limits: { reload: 300 } })
    const peer = await welcomed()
    await peer.attach(0)
    peer.say(presence('room', 1), { t: 'detach', s: 0, reload: true })
    await peer.attach(1)
    await clock.advance(299)
    expect(relay.presence('room').length).toBe(1)
    await clock.advance(1)
    expect(relay.presence('room').length).toBe(0)
  },
  resume: async () => {
    const { welcomed, clock } = await attacked({ byHand: true, limits: { resume: 1000, grace: 5000, ping: 1_000_000 } })
    const peer = await welcomed()
    const { record, session } = await peer.attach(0)
    const back = async (attach: number, after: number): Promise<boolean> => {
      peer.say({ t: 'detach', s: 0, reload: true })
      await peer.attach(1, { attach })
      await clock.advance(after)
      return (await peer.attach(0, { attach, record, session })).resumed
    }
    expect([await back(2, 999), await back(3, 1000)]).toEqual([true, false])
  },
  remembered: async () => {
    const { welcomed, relay } = await attacked({ limits: { remembered: 3 } })
    const peer = await welcomed()
    const records: string[] = []
    for (const number of numbers(5)) {
      const { record } = await peer.attach(0, { session: `s${number}` })
      records.push(record)
      peer.say(presence('room', number), { t: 'detach', s: 0, reload: true })
    }
    await peer.attach(1)
    // Those that are forgotten are no members either.
    expect(relay.presence('room').map(({ id }) => id)).toEqual(['s3', 's4', 's5'])
    const resumed: boolean[] = []
    for (const [index, record] of records.entries()) resumed.push((await peer.attach(0, { session: `s${index + 1}`, attach: 2, record })).resumed)
    expect(resumed.slice(0, 2)).toEqual([false, false])
  },
}

describe('at its bound a limit holds', () => {
  it.each(Object.entries(tests))('%s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined()
  })
})

describe('a session that is forgotten sooner than it leaves', () => {
  it('is no member any more', async () => {
    const scene = await attacked({ byHand: true, limits: { resume: 1000, grace: 5000, ping: 1_000_000 } })
    const { welcomed, relay, clock } = scene
    const peer = await welcomed()
    await peer.attach(0)
    peer.say(presence('room', 1))
    await peer.settled(0)
    await cut(peer, scene)
    await clock.advance(1000)
    expect([relay.presence('room'), relay.stats.sessions]).toEqual([[], 2])
  })
})

/** Cuts a client off, and waits until the relay knows. */
async function cut(peer: Peer, { relay, talk }: Attacked): Promise<void> {
  const { connections } = relay.stats
  peer.end()
  while (relay.stats.connections === connections) await talk()
}
