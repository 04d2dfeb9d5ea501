import { createHub, type Message } from '@earshot/core'
import type { ClientFrame } from '@earshot/core/protocol'
import { webSocket } from '@earshot/transport'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { DEFAULT_LIMITS, memoryEngine } from '../../src/index.ts'
import { type Attacked, attacked } from '../support/attacked.ts'
import { attachFrame, type Peer, publishFrame } from '../support/peer.ts'

const plenty = { perSecond: 1e6, burst: 1e6 }
const large = 'x'.repeat(10_000)
/** Characters of an answer about the past, at most. */
const answer = 4 * DEFAULT_LIMITS.pageSize
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** The most bytes that wait to be sent while `act` runs again and again; in between others talk. */
async function mostBuffered({ relay, talk }: Attacked, rounds: number, act: (round: number) => Promise<unknown> | void): Promise<number> {
  let most = 0
  for (let round = 0; round < rounds; round++) {
    await act(round)
    if (round % 20 === 0) await talk()
    most = Math.max(most, relay.stats.buffered)
  }
  await talk()
  return Math.max(most, relay.stats.buffered)
}

/** Resolves when a condition is met; others talk meanwhile. */
async function until({ talk }: Attacked, is: () => boolean): Promise<void> {
  while (!is()) await talk()
}

describe('a client that does not read', { timeout: 30_000 }, () => {
  it('costs what its socket may hold, whatever it listens to, and hears everything once and in order when it reads again', async () => {
    const scene = await attacked({ engine: memoryEngine({ messages: 10_000 }) })
    const sockets: WebSocket[] = []
    class Slow extends WebSocket {
      constructor(url: string) {
        super(url)
        sockets.push(this)
      }
    }
    const hub = createHub({ transport: webSocket({ url: scene.url, WebSocket: Slow }) })
    onTestFinished(() => hub.close())
    const gaps: unknown[] = []
    const heard: unknown[] = []
    hub.on('gap', gap => gaps.push(gap))
    const slow = hub.openSession()
    slow.subscribe('news/*', (message: Message) => heard.push((message.data as { n: number }).n))
    await slow.ready
    sockets[0]?.pause()
    const most = await mostBuffered(scene, 1500, round => scene.relay.publish(`news/${round % 3}`, { n: round, large }))
    // It is not even filled: what a session has not reported as read is bounded, too.
    expect(most).toBeLessThan(DEFAULT_LIMITS.unreadSize + large.length + 1000)
    expect(heard.length).toBeLessThan(100)
    sockets[0]?.resume()
    await until(scene, () => heard.length >= 1500)
    expect(heard).toEqual(numbers(1500))
    expect(gaps).toEqual([])
    await scene.relay.publish('news/0', { n: 1500 })
    await until(scene, () => heard.length > 1500)
    expect(heard.at(-1)).toBe(1500)
  })

  it('is told of a gap for what is no longer kept, and hears the rest', async () => {
    const scene = await attacked({ engine: memoryEngine({ messages: 100 }) })
    const peer = await scene.welcomed()
    await peer.attach(0)
    await peer.subscribe(0, 'news')
    peer.socket.pause()
    await mostBuffered(scene, 500, round => scene.relay.publish('news', { n: round, large }))
    peer.socket.resume()
    await peer.settled(0)
    const live = peer.data.length
    expect([live > 10, live < 100, peer.of('gap')]).toEqual([true, true, []])
    peer.say({ t: 'cursor', s: 0, offset: Number.MAX_SAFE_INTEGER })
    expect((await peer.next('gap')).topics).toEqual(['news'])
    while (peer.data.length < live + 100) {
      await peer.next('page')
      peer.say({ t: 'cursor', s: 0, offset: Number.MAX_SAFE_INTEGER })
    }
    expect(peer.data.map(data => (data as { n: number }).n)).toEqual([...numbers(live), ...numbers(100).map(n => n + 400)])
  })

  it.each<[what: string, frame: (round: number) => ClientFrame, isAnswered: (peer: Peer) => boolean]>([
    ['the past', q => ({ t: 'history', s: q % 10, q, patterns: ['**'], limit: 1000 }), peer => peer.of('past').length + peer.of('refused').length >= 400],
    [
      'the past of a topic',
      q => ({ t: 'history', s: q % 10, q, patterns: ['news'], limit: 1000, before: 1000 - (q % 100) }),
      peer => peer.of('past').length + peer.of('refused').length >= 400,
    ],
    // What was not told yet is told once, however often it was asked for.
    ['members', round => ({ t: 'watch', s: round % 10, topic: 'crowd', on: true }), peer => new Set(peer.of('roster').map(({ s }) => s)).size === 10],
  ])('and asks for %s costs what its socket may hold, and is answered when it reads', async (_, frame, isAnswered) => {
    const scene = await attacked({ limits: { frames: plenty } })
    const { relay, welcomed } = scene
    for (const n of numbers(100)) await relay.publish('news', { n, text: large.slice(0, 1000) })
    const crowd = await welcomed()
    for (const s of numbers(20)) {
      await crowd.attach(s)
      crowd.say({ t: 'presence', s, topic: 'crowd', here: true, data: large.slice(0, 3000), since: 0, clock: 1 })
    }
    const peer = await welcomed()
    for (const s of numbers(10)) await peer.attach(s)
    peer.socket.pause()
    const most = await mostBuffered(scene, 4, round => peer.say(...numbers(100).map(n => frame(round * 100 + n))))
    // What is full, and one answer for each of ten sessions.
    expect(most).toBeLessThan(DEFAULT_LIMITS.buffer + 10 * (answer + 1000))
    peer.socket.resume()
    await until(scene, () => isAnswered(peer))
    expect(peer.of('refused').every(({ code }) => code === 'rate-limited')).toBe(true)
    await peer.settled(0)
  })

  it('and publishes is not listened to until it reads its answers', async () => {
    const scene = await attacked({ limits: { frames: plenty, publishes: plenty } })
    const peer = await scene.welcomed()
    await peer.attach(0)
    peer.socket.pause()
    // Each answer repeats the topic that is refused.
    const topic = `bad//${'n'.repeat(4000)}`
    const most = await mostBuffered(scene, 3000, round => peer.say(publishFrame(0, round + 1, topic, 1)))
    expect(most).toBeLessThan(DEFAULT_LIMITS.buffer + 200_000)
    peer.socket.resume()
    await until(scene, () => peer.of('refused').length >= 3000)
    expect(peer.of('refused').map(({ clock }) => clock)).toEqual(numbers(3000).map(n => n + 1))
  })

  it('and watches a crowd is told of it once, when it reads again', async () => {
    const scene = await attacked({ limits: { frames: plenty } })
    const { relay, welcomed } = scene
    const [peer, good, crowd] = [await welcomed(), await welcomed(), await welcomed()]
    for (const each of [peer, good]) {
      await each.attach(0)
      each.say({ t: 'watch', s: 0, topic: 'crowd', on: true })
      await each.next('roster')
    }
    for (const s of numbers(5)) await crowd.attach(s)
    peer.socket.pause()
    const most = await mostBuffered(scene, 3000, async round => {
      crowd.say({ t: 'presence', s: round % 5, topic: 'crowd', here: round < 2999, data: `${round} ${large.slice(0, 8000)}`, since: 0, clock: round })
      if (round % 10 === 0) await crowd.settled(0)
    })
    await crowd.settled(4)
    expect(most).toBeLessThan(DEFAULT_LIMITS.buffer + 100_000)
    await good.settled(0)
    expect(good.of('member').length).toBe(2999)
    peer.socket.resume()
    // Of thousands of changes it missed most; what it knows in the end is who is there.
    await peer.next('roster')
    await peer.settled(0)
    expect(peer.of('member').length).toBeLessThan(2999)
    expect([...rosterOf(peer)].sort()).toEqual(relay.presence('crowd').map(({ id, data }) => [id, data]).sort())
    expect(rosterOf(peer).size).toBe(4)
    // From now on it is told of each change again.
    const rosters = peer.of('roster').length
    crowd.say({ t: 'presence', s: 0, topic: 'crowd', here: true, data: 'after', since: 0, clock: 5000 })
    await peer.next('member', frame => frame.m[2] === 'after')
    expect(peer.of('roster').length).toBe(rosters)
  })

  it('at all is closed when it answers no pings', async () => {
    const scene = await attacked({ byHand: true, limits: { ping: 1000 } })
    const { relay, welcomed, clock } = scene
    const peer = await welcomed()
    await peer.attach(0)
    await peer.subscribe(0, 'news')
    peer.socket.pause()
    for (const n of numbers(100)) await relay.publish('news', { n, large })
    for (let period = 0; period < 3; period++) {
      await scene.talk()
      await clock.advance(1000)
    }
    expect(relay.stats.connections).toBe(2)
    peer.socket.resume()
    expect((await peer.closed).code).toBe(4408)
  })
})

describe('a client that says too much', { timeout: 30_000 }, () => {
  it('is closed, and told to come back later', async () => {
    const { welcomed, relay, talk } = await attacked()
    const peer = await welcomed()
    for (let text = 0; text < 12; text++) peer.send(numbers(1000).map(() => '{"t":"pong"}').join('\n'))
    await talk()
    expect(await peer.closed).toMatchObject({ code: 4429, bye: { code: 'rate-limited', spread: 10_000 } })
    expect(relay.stats.connections).toBe(2)
  })

  it('is not listened to any more once it was sent away', async () => {
    const { welcomed, relay, talk } = await attacked()
    const peer = await welcomed()
    await peer.attach(0)
    peer.send('nonsense')
    for (const n of numbers(500)) peer.say(publishFrame(0, n + 1, 'a', n), attachFrame(n + 1), { t: 'hello', v: 1 })
    await talk()
    expect((await peer.closed).code).toBe(4400)
    expect([relay.stats.sessions, relay.stats.connections]).toEqual([3, 2])
  })

  it('in publishes is refused them, and all others are heard', async () => {
    const scene = await attacked()
    const [peer, good] = [await scene.welcomed(), await scene.welcomed()]
    await peer.attach(0)
    await good.attach(0)
    await good.subscribe(0, 'a')
    for (let text = 0; text < 15; text++) peer.say(...numbers(100).map(n => publishFrame(0, text * 100 + n + 1, 'a', n)))
    await until(scene, () => peer.of('ack').length + peer.of('refused').length === 1500)
    const accepted = peer.of('ack').length
    expect(accepted).toBeGreaterThanOrEqual(1000)
    expect(accepted).toBeLessThan(1300)
    expect(peer.of('refused').every(({ code }) => code === 'rate-limited')).toBe(true)
    good.say({ t: 'cursor', s: 0, offset: Number.MAX_SAFE_INTEGER })
    await until(scene, () => good.data.length === accepted)
  })

  it('in sessions leaves no more behind than may be remembered', async () => {
    const { welcomed, relay, talk } = await attacked({ limits: { frames: plenty, remembered: 50 } })
    const peer = await welcomed()
    for (const n of numbers(2000)) {
      const s = n % 3
      peer.say(attachFrame(s, { session: `s${n}` }), { t: 'presence', s, topic: 'room', here: true, data: n, since: 0, clock: 1 }, { t: 'detach', s, reload: true })
    }
    await peer.attach(5)
    await talk()
    expect(relay.stats.sessions).toBeLessThanOrEqual(50 + 3)
    expect(relay.presence('room').length).toBeLessThanOrEqual(50)
  })

  it.each([undefined, 'mallory'])('in sessions does not make the relay forget those of others: %s', async token => {
    const { welcomed, relay } = await attacked({ limits: { frames: plenty, remembered: 50 } })
    const good = await welcomed()
    const { session, record } = await good.attach(0)
    good.say({ t: 'presence', s: 0, topic: 'room', here: true, data: 'good', since: 0, clock: 1 })
    await good.settled(0)
    good.end()
    for (const connection of numbers(3)) {
      const peer = await welcomed(token)
      for (const n of numbers(100)) peer.say(attachFrame(n % 3, { session: `s${connection}.${n}` }))
      await peer.attach(5)
    }
    const again = await welcomed()
    expect(relay.presence('room').map(({ data }) => data)).toEqual(['good'])
    expect(await again.attach(0, { session, record, attach: 2 })).toMatchObject({ resumed: true })
  })

  it('in subscriptions leaves none behind', async () => {
    const { welcomed, relay } = await attacked({ limits: { frames: plenty } })
    const peer = await welcomed()
    const patterns = numbers(1000).map(n => `${n % 2 ? '*/' : ''}t/${n}/**`)
    for (let round = 0; round < 10; round++) {
      await peer.attach(0, { attach: round + 1, subs: patterns.map(pattern => [pattern, null] as const) })
      await peer.settled(0)
    }
    expect(relay.stats.subscriptions).toBe(1001)
    for (const half of [patterns.slice(0, 500), patterns.slice(500)]) {
      peer.say(...half.map(pattern => ({ t: 'unsubscribe', s: 0, pattern }) as const))
      await peer.settled(0)
    }
    expect([relay.stats.subscriptions, relay.occupancy('t/0/x')]).toEqual([1, 0])
  })

  it('in connections leaves none behind', async () => {
    const scene = await attacked()
    const peers = numbers(100).map(() => scene.peer())
    await Promise.all(peers.map(peer => peer.opened()))
    for (const [index, peer] of peers.entries()) {
      if (index % 3 === 0) peer.say({ t: 'hello', v: 1 })
      if (index % 3 === 1) peer.send('nonsense')
      if (index % 2) peer.end()
    }
    await scene.talk()
    for (const peer of peers) peer.end()
    await until(scene, () => scene.relay.stats.connections === 2)
    expect(scene.relay.stats.sessions).toBe(2)
  })

  it('to the log has nobody who listens lose anything', async () => {
    const scene = await attacked({ engine: memoryEngine({ size: 1_000_000 }), limits: { frames: plenty, publishes: plenty } })
    const peer = await scene.welcomed()
    await peer.attach(0)
    await mostBuffered(scene, 100, async round => {
      peer.say(...numbers(10).map(n => publishFrame(0, round * 10 + n + 1, `flood/${n}`, large)))
      await peer.settled(0)
    })
    expect(peer.of('ack').length).toBe(1000)
  })
})

/** Members as a client knows them after all that it was told. */
function rosterOf(peer: Peer): Map<string, unknown> {
  const members = new Map<string, unknown>()
  for (const frame of peer.heard) {
    if (frame.t === 'roster') {
      members.clear()
      for (const [id, , data] of frame.members) members.set(id, data)
    }
    if (frame.t === 'member') members.set(frame.m[0], frame.m[2])
    if (frame.t === 'gone') members.delete(frame.id)
  }
  return members
}

describe('one publisher that says as much as it may', () => {
  it.each([['a user', 'mallory'], ['nobody in particular', undefined]])('does not push out what others have said: %s', async (_, token) => {
    const { welcomed, relay, talk } = await attacked({ engine: memoryEngine({ size: 400_000 }) })
    await relay.publish('news', 'from the server')
    const good = await welcomed('ada')
    await good.attach(0)
    good.say(publishFrame(0, 1, 'news', 'from Ada'))
    await good.next('ack')
    const hostile = await welcomed(token)
    await hostile.attach(0)
    for (let clock = 1; clock <= 60; clock++) hostile.say(publishFrame(0, clock, clock % 2 ? 'news' : `flood/${clock}`, 'x'.repeat(20_000)))
    await hostile.settled(0)
    await talk()
    const { messages } = await relay.history('**')
    const lengths = messages.filter(({ topic }) => !topic.startsWith('onlookers/')).map(({ data }) => String(data).length)
    expect(lengths).toEqual([15, 8, ...Array.from({ length: 4 }, () => 20_000)])
  })
})
