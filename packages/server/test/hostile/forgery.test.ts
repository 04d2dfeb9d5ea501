import type { ClientFrame } from '@earshot/core/protocol'
import { describe, expect, it } from 'vitest'
import { createRelay, memoryEngine, type RelayOptions } from '../../src/index.ts'
import { attacked } from '../support/attacked.ts'
import { type Peer, publishFrame } from '../support/peer.ts'

const json = (value: unknown): string => JSON.stringify(value)
/** What a frame says beside what it may say. */
const claiming = (frame: ClientFrame, more: object): string => json({ ...frame, ...more })

/** Somebody who goes by the id `ada1`, with the secret `ada`. */
async function ada(welcomed: (token?: string) => Promise<Peer>, token?: string): Promise<{ peer: Peer; record: string }> {
  const peer = await welcomed(token)
  const { record, session } = await peer.attach(0, { session: 'ada1', secret: 'ada', attach: 5, tag: 'ada’s' })
  expect(session).toBe('ada1')
  return { peer, record }
}

describe('who a message is from', () => {
  it('is what the relay knows, whatever the frame says', async () => {
    const { welcomed, relay } = await attacked({ authenticate: (_, token) => ({ userId: token ?? null }) })
    const [hostile, good] = [await welcomed('mallory'), await welcomed('bob')]
    await good.attach(0, { session: 'bob1' })
    await good.subscribe(0, 'rooms/1')
    good.say({ t: 'watch', s: 0, topic: 'rooms/1', on: true })
    await hostile.attach(0, { session: 'mallory1' })
    const forged = { from: 'bob1', userId: 'bob', user: 'bob', session: 'bob1', offset: 99, id: 'bob1', except: 'bob1', text: '["x"]' }
    hostile.send(claiming(publishFrame(0, 1, 'rooms/1', 'hi'), forged))
    hostile.send(claiming({ t: 'presence', s: 0, topic: 'rooms/1', here: true, data: 1, since: 0, clock: 1 }, forged))
    const { m } = await good.next('message')
    expect(m.slice(0, 3)).toEqual(['rooms/1', 'mallory1', 'doc'])
    expect([m[5], m[6]]).toEqual(['mallory', 1])
    const member = await good.next('member')
    expect(member.m.slice(0, 2)).toEqual(['mallory1', 'mallory'])
    expect(relay.presence('rooms/1').map(({ id, userId }) => [id, userId])).toEqual([['mallory1', 'mallory']])
  })
})

describe('the session of somebody else', () => {
  it.each<[what: string, token: string | undefined, secret: string]>([
    ['with a guessed secret', undefined, 'guess'],
    ['with an empty-looking secret', undefined, ' '],
    ['with the secret, as another user', 'mallory', 'ada'],
    ['with a secret called __proto__', undefined, '__proto__'],
  ])('cannot be taken: %s', async (_, token, secret) => {
    const { welcomed } = await attacked({ authenticate: (_request, given) => ({ userId: given ?? null }) })
    const { peer } = await ada(welcomed)
    const hostile = await welcomed(token)
    const { session, resumed } = await hostile.attach(0, { session: 'ada1', secret, attach: 1000 })
    expect(session).not.toBe('ada1')
    expect(resumed).toBe(false)
    await hostile.settled(0)
    await peer.settled(0)
    expect(peer.of('detached')).toEqual([])
  })

  it('cannot be taken while it is away, nor its place among members', async () => {
    const { welcomed, relay } = await attacked()
    const { peer } = await ada(welcomed)
    peer.say({ t: 'presence', s: 0, topic: 'room', here: true, data: 'ada', since: 0, clock: 1 })
    await peer.settled(0)
    peer.end()
    await peer.closed
    const hostile = await welcomed()
    const { session } = await hostile.attach(0, { session: 'ada1', secret: 'guess', attach: 1000 })
    hostile.say({ t: 'presence', s: 0, topic: 'room', here: true, data: 'mallory', since: 0, clock: 1000 }, { t: 'presence', s: 0, topic: 'room', here: false, data: null, since: 0, clock: 1001 })
    await hostile.settled(0)
    expect(session).not.toBe('ada1')
    expect(relay.presence('room').map(({ id, data }) => [id, data])).toEqual([['ada1', 'ada']])
  })

  it('cannot be taken by guessing the name of its record', async () => {
    const { welcomed } = await attacked()
    const { record } = await ada(welcomed)
    const hostile = await welcomed()
    for (const guess of ['ada1', record.slice(0, -1), `${record} `, record.toUpperCase() === record ? 'x' : record.toUpperCase(), '__proto__', 'constructor']) {
      expect(await hostile.attach(0, { session: 'ada1', secret: 'guess', record: guess, attach: 1000 })).toMatchObject({ resumed: false })
    }
    const other = await welcomed('mallory')
    expect(await other.attach(0, { session: 'ada1', secret: 'guess', record, attach: 1000 })).toMatchObject({ resumed: false })
  })

  it('is not reached through an index on another connection', async () => {
    const { welcomed, relay } = await attacked()
    const { peer } = await ada(welcomed)
    await peer.subscribe(0, 'a')
    const hostile = await welcomed()
    hostile.say(
      publishFrame(0, 1, 'a', 'forged'),
      { t: 'unsubscribe', s: 0, pattern: 'a' },
      { t: 'presence', s: 0, topic: 'a', here: true, data: 1, since: 0, clock: 1 },
      { t: 'history', s: 0, q: 1, patterns: ['**'], limit: 10 },
      { t: 'watch', s: 0, topic: 'a', on: true },
      { t: 'cursor', s: 0, offset: 1 },
      { t: 'detach', s: 0, reload: false },
      { t: 'detach', s: Number.MAX_SAFE_INTEGER, reload: true },
    )
    await hostile.attach(1)
    await peer.settled(0)
    expect([relay.occupancy('a'), relay.presence('a'), peer.data, hostile.of('past')]).toEqual([1, [], [], []])
  })

  it('sees nothing of numbers that others use', async () => {
    const { welcomed } = await attacked()
    const { peer } = await ada(welcomed)
    peer.say(publishFrame(0, 1, 'a', 'mine', { tag: 'ada’s' }))
    await peer.next('ack')
    const hostile = await welcomed()
    await hostile.attach(0)
    hostile.say(publishFrame(0, 1, 'a', 'again', { tag: 'ada’s' }), publishFrame(0, 2, 'a', 'again', { tag: 'ada’s' }))
    expect([await hostile.next('refused'), await hostile.next('refused')]).toEqual([1, 2].map(clock => expect.objectContaining({ what: 'publish', tag: 'ada’s', clock, code: 'outcome-unknown' }) as unknown))
    peer.say(publishFrame(0, 2, 'a', 'mine', { tag: 'ada’s' }))
    expect((await peer.next('ack')).clock).toBe(2)
  })
})

describe('an id that others saw, after a restart', () => {
  const authenticate: NonNullable<RelayOptions['authenticate']> = (_, token) => ({ userId: token ?? null })
  const secret = 'the same in both lives'
  const own = { session: 'ada1', secret: 'ada' }

  /** Ada's record, from a former life of a relay with this secret. */
  async function formerRecord(token: string | undefined, given: string | null = secret): Promise<string> {
    const { welcomed } = await attacked({ authenticate, ...(given !== null && { secret: given }) })
    return (await ada(welcomed, token)).record
  }

  it.each([['another user', 'ada', 'mallory'], ['another session of the same user', 'ada', 'ada'], ['nobody in particular, of whom Ada is one', undefined, undefined]])('goes back to its owner, and is taken from %s', async (_, token, taker) => {
    const record = await formerRecord(token)
    const { welcomed, relay } = await attacked({ authenticate, secret })
    const hostile = await welcomed(taker)
    const taken = await hostile.attach(0, { session: 'ada1', attach: 1000 })
    hostile.say({ t: 'presence', s: 0, topic: 'room', here: true, data: 'mallory', since: 0, clock: 1 })
    await hostile.settled(0)
    const owner = await welcomed(token)
    expect(await owner.attach(0, { ...own, attach: 6, record })).toMatchObject({ session: 'ada1', resumed: false })
    expect(await hostile.next('detached')).toMatchObject({ s: 0, code: 'connection-lost' })
    expect(relay.presence('room')).toEqual([])
    // What it was given meanwhile is of no use against the owner: not in this life, nor in the next one.
    expect((await hostile.attach(0, { session: 'ada1', attach: 1001, record: taken.record })).session).not.toBe('ada1')
    const next = await attacked({ authenticate, secret })
    const [late, early] = [await next.welcomed(token), await next.welcomed(taker)]
    await early.attach(0, { session: 'ada1', attach: 1002, record: taken.record })
    const { record: renewed } = await late.attach(0, { ...own, attach: 7, record: owner.of('attached')[0]?.record ?? '' })
    expect(late.of('attached')[0]?.session).toBe('ada1')
    expect(await early.next('detached')).toMatchObject({ s: 0, code: 'connection-lost' })
    expect(renewed).not.toBe(record)
  })

  it.each<[what: string, token: string, session: string, forge: (record: string) => string | Promise<string>]>([
    ['the record of another user', 'mallory', 'ada1', record => record],
    ['an earlier time', 'ada', 'ada1', record => record.replace(/\.\d+\./, '.1.')],
    ['a signature that is cut off', 'ada', 'ada1', record => record.slice(0, -1)],
    ['no signature', 'ada', 'ada1', record => record.split('.')[0] ?? ''],
    ['the signature of another secret', 'ada', 'ada1', () => formerRecord('ada', 'not the secret of this relay')],
    ['the record of a relay without a secret', 'ada', 'ada1', () => formerRecord('ada', null)],
    ['the record of another id', 'ada', 'bob1', record => record],
  ])('is not had with %s', async (_, token, session, forge) => {
    const record = await forge(await formerRecord('ada'))
    const { welcomed } = await attacked({ authenticate, secret })
    const holder = await welcomed('bob')
    await holder.attach(0, { session })
    const hostile = await welcomed(token)
    expect((await hostile.attach(0, { ...own, session, attach: 9, record })).session).not.toBe(session)
    await holder.settled(0)
    expect(holder.of('detached')).toEqual([])
  })

  it('is whose who asks first where the relay has no secret', async () => {
    const record = await formerRecord('ada', null)
    const { welcomed } = await attacked({ authenticate })
    expect((await (await welcomed('mallory')).attach(0, { session: 'ada1' })).session).toBe('ada1')
    expect((await (await welcomed('ada')).attach(0, { ...own, attach: 6, record })).session).not.toBe('ada1')
  })

  it('needs a secret of 16 characters', () => {
    expect(() => createRelay({ secret: 'short' })).toThrow('secret must be a text of 16 characters or more')
  })
})

describe('an attach', () => {
  it.each([5, 4, 0])('with the number %d is a ghost of one with 5: the living one goes on', async attach => {
    const { welcomed } = await attacked()
    const { peer, record } = await ada(welcomed)
    const ghost = await welcomed()
    for (const more of [{}, { record }]) {
      ghost.say({ t: 'attach', s: 3, session: 'ada1', secret: 'ada', attach, tag: 'ada’s', tags: [], subs: [['**', 0]], done: 0, ...more })
      expect(await ghost.next('detached')).toMatchObject({ s: 3, code: 'connection-lost' })
    }
    ghost.say(publishFrame(3, 1, 'a', 'from the grave', { tag: 'ada’s' }))
    await ghost.attach(4)
    await peer.settled(0)
    expect([peer.of('detached'), ghost.of('ack')]).toEqual([[], []])
  })

  it('with a higher number takes over, and what the former connection says is of nobody', async () => {
    const { welcomed } = await attacked()
    const { peer, record } = await ada(welcomed)
    const next = await welcomed()
    expect(await next.attach(0, { session: 'ada1', secret: 'ada', attach: 6, record, tag: 'ada’s' })).toMatchObject({ session: 'ada1', resumed: true })
    await peer.next('detached')
    peer.say(publishFrame(0, 1, 'a', 'too late', { tag: 'ada’s' }), { t: 'detach', s: 0, reload: false })
    await peer.attach(1)
    next.say(publishFrame(0, 1, 'a', 'in time', { tag: 'ada’s' }))
    expect((await next.next('ack')).offset).toBe(1)
    expect(peer.of('ack')).toEqual([])
  })

  it('under the index of another session of the connection takes that one’s place alone', async () => {
    const { welcomed, relay } = await attacked()
    const peer = await welcomed()
    for (const s of [0, 1]) {
      await peer.attach(s)
      await peer.subscribe(s, 'a')
    }
    await peer.attach(0, { session: 'another', secret: 'another' })
    expect(relay.occupancy('a')).toBe(1)
    await relay.publish('a', 1)
    expect((await peer.next('message')).s).toEqual([1])
  })
})

describe('a number', () => {
  it('that was settled gets the same answer again, refusals too, and nothing is published twice', async () => {
    const { welcomed, relay } = await attacked({ authorize: ({ topic }) => topic !== 'forbidden' })
    const peer = await welcomed()
    await peer.attach(0)
    const one = publishFrame(0, 1, 'a', 'once')
    const two = publishFrame(0, 2, 'forbidden', 'never')
    peer.say(one, two, one, two, { ...one, topic: 'b', data: 'something else' })
    await peer.settled(0)
    const acks = peer.of('ack').map(({ clock, offset }) => [clock, offset])
    const [[, offset = 0] = []] = acks
    expect(acks).toEqual([[1, offset], [1, offset], [1, offset]])
    expect(peer.of('refused').map(({ clock, code }) => [clock, code])).toEqual([[2, 'forbidden'], [2, 'forbidden']])
    peer.say({ t: 'history', s: 0, q: 1, patterns: ['a', 'b'], limit: 10 })
    expect((await peer.next('past')).m.map(message => message[7])).toEqual(['once'])
    expect(relay.stats.refused).toBe(1)
  })

  it('below one that was settled, or confirmed, is of unknown outcome', async () => {
    const { welcomed } = await attacked()
    const peer = await welcomed()
    await peer.attach(0)
    peer.say(publishFrame(0, 1, 'a', 1), publishFrame(0, 5, 'a', 5), publishFrame(0, 3, 'a', 3), publishFrame(0, 6, 'a', 6, { done: 5 }), publishFrame(0, 1, 'a', 1))
    await peer.settled(0)
    expect(peer.of('ack').map(({ clock }) => clock)).toEqual([1, 5, 6])
    expect(peer.of('refused').map(({ clock, code }) => [clock, code])).toEqual([[3, 'outcome-unknown'], [1, 'outcome-unknown']])
  })
})

describe('a place in the log', () => {
  it.each<[what: string, position: (epoch: string) => string, gap: boolean, expected: number[]]>([
    ['in the future is the head', epoch => `${epoch}.9000000000000000`, false, []],
    ['of another life is a gap, and then all that is kept', () => 'other.1', true, [1, 2, 3]],
    ['that is none is a gap, and then all that is kept', () => '__proto__', true, [1, 2, 3]],
    ['with an offset that is none is a gap, and then all that is kept', epoch => `${epoch}.1e3`, true, [1, 2, 3]],
    ['of this life is where it goes on', epoch => `${epoch}.1`, false, [2, 3]],
  ])('%s', async (_, position, gap, expected) => {
    const { relay, peer } = await attacked()
    const hostile = peer()
    const { epoch } = await hostile.greet()
    // Onlookers have not spoken: the log begins with these.
    for (const data of [1, 2, 3]) expect((await relay.publish('a', data)).offset).toBe(data)
    // In another life of the log the place where it began means nothing.
    await hostile.attach(0, { position: position(epoch), subs: [['a', gap ? 3 : 0]] })
    await hostile.settled(0)
    await relay.publish('a', 'live')
    await hostile.next('message')
    expect(hostile.of('gap').map(({ topics }) => topics)).toEqual(gap ? [['a']] : [])
    expect(hostile.data).toEqual([...expected, 'live'])
  })

  it('at which a subscription began is never later than now', async () => {
    const { relay, peer } = await attacked({ limits: { unread: 160 } })
    const hostile = peer()
    const { epoch } = await hostile.greet()
    await relay.publish('a', 'before')
    await hostile.attach(0, { position: `${epoch}.0`, subs: [['a', Number.MAX_SAFE_INTEGER]] })
    await hostile.settled(0)
    // It falls behind, and is caught up: what came after it subscribed is there.
    for (let data = 1; data <= 200; data++) await relay.publish('a', data)
    await hostile.next('message', frame => frame.m[7] === 160)
    hostile.say({ t: 'cursor', s: 0, offset: 161 })
    await hostile.next('page')
    expect(hostile.of('message').length).toBe(160)
    expect(hostile.data).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
  })

  it('that is said to be read does not have to be', async () => {
    const { welcomed, relay } = await attacked()
    const hostile = await welcomed()
    await hostile.attach(0)
    await hostile.subscribe(0, 'a')
    hostile.say(...[0, 5, Number.MAX_SAFE_INTEGER, 1].map(offset => ({ t: 'cursor', s: 0, offset }) as const))
    for (let index = 1; index <= 10; index++) await relay.publish('a', index)
    while (hostile.data.length < 10) await hostile.next('message')
    expect(hostile.data).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('of the past may be anywhere', async () => {
    const { relay, peer } = await attacked({ engine: memoryEngine({ messages: 2 }) })
    const hostile = peer()
    const { epoch } = await hostile.greet()
    for (const data of [1, 2, 3]) await relay.publish('a', data)
    await hostile.attach(0)
    const ask = async (q: number, more: object): Promise<unknown> => {
      hostile.say({ t: 'history', s: 0, q, patterns: ['a'], limit: 10, ...more })
      const { m, gap, more: isMore } = await hostile.next('past', frame => frame.q === q)
      return [m.map(message => message[7]), gap, isMore]
    }
    expect(await ask(1, { before: 0 })).toEqual([[], false, false])
    expect(await ask(2, { before: Number.MAX_SAFE_INTEGER })).toEqual([[2, 3], false, false])
    expect(await ask(3, { since: `${epoch}.9000000000000000` })).toEqual([[], false, false])
    expect(await ask(4, { since: `${epoch}.0` })).toEqual([[2, 3], true, false])
    expect(await ask(5, { since: 'nowhere' })).toEqual([[2, 3], true, false])
    expect(await ask(6, { limit: Number.MAX_SAFE_INTEGER })).toEqual([[2, 3], false, false])
    expect(await ask(7, { limit: 0 })).toEqual([[], false, false])
    expect(await ask(8, { limit: 0, since: `${epoch}.0` })).toEqual([[], true, true])
  })
})

describe('what a hub does outside any session', () => {
  it('makes it no member: nobody could tell such entries apart', async () => {
    const { welcomed, relay } = await attacked()
    const [hostile, good] = [await welcomed(), await welcomed()]
    await good.attach(0)
    good.say({ t: 'watch', s: 0, topic: 'room', on: true })
    await good.next('roster')
    expect((await hostile.attach(0, { session: '' })).session).toBe('')
    hostile.say({ t: 'presence', s: 0, topic: 'room', here: true, data: 1, since: 0, clock: 1 })
    expect(await hostile.next('refused')).toMatchObject({ what: 'presence', topic: 'room', code: 'forbidden' })
    await good.settled(0)
    expect([relay.presence('room'), good.of('member')]).toEqual([[], []])
  })

  it('without echo is heard by all other hubs', async () => {
    const { welcomed } = await attacked()
    const [one, other] = [await welcomed(), await welcomed()]
    await one.attach(0, { session: '', tag: 'one' })
    await other.attach(0, { session: '', tag: 'other' })
    for (const peer of [one, other]) await peer.subscribe(0, 'a')
    one.say(publishFrame(0, 1, 'a', 'kept', { tag: 'one', echo: false }), publishFrame(0, 2, 'a', 'volatile', { tag: 'one', echo: false, volatile: true }))
    await one.settled(0)
    await other.settled(0)
    expect([one.data, other.data]).toEqual([[], ['kept', 'volatile']])
  })
})
