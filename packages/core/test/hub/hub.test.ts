import { describe, expect, it } from 'vitest'
import { createHub, type Message } from '@earshot/core'
import { testClock } from '../../src/testing/test-clock.ts'
import { stubTransport } from '../support/stub-transport.ts'

const nothing = (): void => {}

describe('messages', () => {
  it('are one object for all listeners, and tell who published them', () => {
    const clock = testClock(5000)
    const hub = createHub({ clock })
    const session = hub.openSession({ userId: 'ada' })
    const heard: Message[] = []
    for (const pattern of ['a', '*']) hub.subscribe(pattern, message => heard.push(message))
    const data = { deep: [1] }
    session.publish('a', data)
    expect(heard[0]).toBe(heard[1])
    expect(heard[0]).toMatchObject({ topic: 'a', from: session.id, userId: 'ada', time: 5000, offset: undefined })
    expect(heard[0]?.data).toBe(data)
    hub.publish('a', 1)
    hub.onBroadcast(message => heard.push(message))
    session.broadcast(2)
    expect([heard[2]?.from, heard[2]?.userId, heard[4]?.topic]).toEqual(['', undefined, ''])
  })

  it('have an id each, over sessions and hubs', () => {
    const ids = new Set<string>()
    for (const hub of [createHub(), createHub()]) {
      hub.subscribe('a', message => ids.add(message.id))
      for (const session of [hub.openSession({ id: 'same' }), hub.openSession({ id: 'other' }), hub]) {
        session.publish('a', 1)
        session.publish('a', 1)
      }
    }
    expect(ids.size).toBe(12)
  })

  it('read the clock at most once a turn', async () => {
    let reads = 0
    const hub = createHub({ clock: { now: () => ++reads, after: () => nothing } })
    const times: number[] = []
    hub.subscribe('a', message => times.push(message.time))
    for (let i = 0; i < 3; i++) hub.publish('a', i)
    await Promise.resolve()
    hub.publish('a', 3)
    expect(times).toEqual([1, 1, 1, 2])
  })
})

describe('sessions', () => {
  it('get an id of their own, or the one that was asked for', () => {
    const hub = createHub()
    const [one, two, named] = [hub.openSession(), hub.openSession(), hub.openSession({ id: 'me', userId: 'ada', data: { tab: 1 } })]
    expect(one.id).toMatch(/^[0-9a-z]{26}$/)
    expect(one.id).not.toBe(two.id)
    expect(named).toMatchObject({ id: 'me', userId: 'ada', data: { tab: 1 }, closed: false })
  })

  it('are the same under an id that is open, and new under one that was closed', () => {
    const hub = createHub()
    const first = hub.openSession({ id: 'me' })
    expect(hub.openSession({ id: 'me' })).toBe(first)
    expect(hub.stats().sessions).toBe(1)
    first.close()
    expect(hub.openSession({ id: 'me' })).not.toBe(first)
  })

  it('can be told apart by the numbers that a hub draws', () => {
    const ids = [0, 0.25, 0.5].map(number => createHub({ random: () => number }).openSession().id)
    expect(ids).toEqual(['0'.repeat(26), '9'.repeat(26), 'i'.repeat(26)])
  })

  it('release everything when they close, by using as well', () => {
    const hub = createHub()
    {
      using session = hub.openSession()
      session.subscribe('a', nothing)
      session.subscribe(['a', 'b/*'], nothing, { concurrency: 1 })
      session.onBroadcast(nothing)
      session.stream('c')
      session.channel('d').channel('e').on('f', nothing)
      session.state('g', 1).subscribe(nothing)
      session.presence('h').enter()
      expect(hub.stats()).toMatchObject({ sessions: 1, subscriptions: 7 })
    }
    expect(hub.stats()).toMatchObject({ sessions: 0, subscriptions: 0 })
    expect(hub.topics()).toEqual([])
    expect(hub.openSession().presence('h').members).toEqual([])
  })

  it('touch no transport before they are used', () => {
    const transport = stubTransport()
    const hub = createHub({ transport })
    const session = hub.openSession({ userId: 'ada' })
    session.unsubscribe('a')
    expect([session.userId, session.closed, transport.link]).toEqual(['ada', false, undefined])
    expect(session.id).toBe('stub-1')
    expect(transport.link).toBeDefined()
  })
})

describe('what a hub knows', () => {
  it('counts subscriptions by exact pattern', () => {
    const hub = createHub()
    const session = hub.openSession()
    session.subscribe('a', nothing)
    session.subscribe(['a', 'a/*'], nothing)
    hub.subscribe('a', nothing)
    session.stream('a/*')
    expect(hub.count('a', 'a/*', 'a/b', '__proto__')).toEqual(Object.fromEntries([['a', 3], ['a/*', 2], ['a/b', 0], ['__proto__', 0]]))
    expect(hub.count()).toEqual({})
  })

  it('lists the patterns within another', () => {
    const hub = createHub()
    for (const pattern of ['rooms/1', 'rooms/*', 'rooms/1/chat', 'users/1', '*/1', '**', '$hub/**']) hub.subscribe(pattern, nothing)
    hub.onBroadcast(nothing)
    expect(hub.topics('rooms/*').sort()).toEqual(['rooms/*', 'rooms/1'])
    expect(hub.topics('rooms/**').sort()).toEqual(['rooms/*', 'rooms/1', 'rooms/1/chat'])
    expect(hub.topics('*/*').sort()).toEqual(['*/1', 'rooms/*', 'rooms/1', 'users/1'])
    expect(hub.topics('$hub/**')).toEqual(['$hub/**'])
    expect(hub.topics()).toHaveLength(6)
    expect(hub.topics('none')).toEqual([])
  })

  it('says whether anybody would hear', () => {
    const hub = createHub()
    expect(hub.hasSubscribers()).toBe(false)
    hub.onBroadcast(nothing)
    expect(hub.hasSubscribers()).toBe(false)
    const subscription = hub.subscribe('a/b', nothing)
    expect(['a/b', 'a/*', '*/b', '**', 'a/**'].map(pattern => hub.hasSubscribers(pattern))).toEqual([true, true, true, true, true])
    expect(['a', 'a/x', 'a/b/c', '*', 'a/b/**'].map(pattern => hub.hasSubscribers(pattern))).toEqual([false, false, false, false, false])
    subscription.unsubscribe()
    expect([hub.hasSubscribers(), hub.hasSubscribers('a/b')]).toEqual([false, false])
  })

  it('lists the sessions that listen, each once and without the hub', async () => {
    const hub = createHub()
    const ada = hub.openSession({ id: '1', userId: 'ada' })
    for (const pattern of ['a', '*']) ada.subscribe(pattern, nothing)
    hub.openSession({ id: '2' }).stream('a')
    hub.subscribe('a', nothing)
    expect(hub.listeners('a')).toEqual([{ id: '1', userId: 'ada' }, { id: '2', userId: undefined }])
    expect(hub.listeners('b')).toEqual([{ id: '1', userId: 'ada' }])
    expect(await hub.occupancy('a')).toBe(2)
  })

  it('adds those beyond the page to the occupancy', async () => {
    const hub = createHub({ transport: stubTransport({ occupancy: async () => 3 }) })
    hub.openSession().subscribe('a', nothing)
    expect(await hub.occupancy('a')).toBe(4)
  })

  it('counts what was published, delivered and dropped, also by topic', () => {
    const hub = createHub()
    const session = hub.openSession({ userId: 'ada' })
    session.subscribe('a', nothing)
    session.subscribe('*', nothing, { echo: false })
    session.stream('a', { capacity: 0 })
    session.publish('a', 1)
    session.publish('b', 1)
    session.publish('a', 1, { to: 'bob' })
    session.publish('a', 1, { echo: false })
    hub.broadcast(1)
    expect(hub.stats()).toEqual({ published: 5, delivered: 2, dropped: 1, subscriptions: 3, sessions: 1 })
    expect([hub.stats('a'), hub.stats('b'), hub.stats('never')]).toEqual([
      { published: 3, dropped: 1 },
      { published: 1, dropped: 0 },
      { published: 0, dropped: 0 },
    ])
  })

  it('gives counts that do not change under the reader', () => {
    const hub = createHub()
    const [all, topic] = [hub.stats(), hub.stats('a')]
    hub.publish('a', 1)
    expect([all.published, topic.published, hub.stats('a').published]).toEqual([0, 0, 1])
  })

  it('tells what the environment allows', () => {
    expect(createHub().capabilities).toEqual({ transport: 'none given' })
    const hub = createHub({ transport: stubTransport({ capabilities: { locks: true } }) })
    expect(hub.capabilities).toEqual({ transport: 'not in use yet' })
    hub.openSession().subscribe('a', nothing)
    expect(hub.capabilities).toEqual({ locks: true })
  })
})

describe('closing', () => {
  it('a topic ends what lies within it, in all sessions and the hub, and says how many', () => {
    const hub = createHub()
    const [one, two] = [hub.openSession(), hub.openSession()]
    const inside = [one.subscribe('a/1', nothing), two.subscribe('a/*', nothing), hub.subscribe(['a/1', 'a/2'], nothing), one.stream('a/3'), one.channel('a').on('x', nothing)]
    const outside = [one.subscribe('a', nothing), two.subscribe('**', nothing), one.subscribe('a/**', nothing), one.onBroadcast(nothing)]
    expect(hub.closeTopic('a/*')).toBe(inside.length)
    expect(inside.map(each => each.active)).toEqual(inside.map(() => false))
    expect(outside.map(each => each.active)).toEqual(outside.map(() => true))
    expect(hub.closeTopic('a/*')).toBe(0)
    expect(hub.closeTopic('unknown')).toBe(0)
    expect(one.subscribe('a/1', nothing).active).toBe(true)
  })

  it('a topic takes from several patterns only those within it', () => {
    const hub = createHub()
    const session = hub.openSession()
    const heard: string[] = []
    const subscription = session.subscribe(['a/1', 'b'], message => heard.push(message.topic))
    expect(hub.closeTopic('a/**')).toBe(1)
    for (const topic of ['a/1', 'b']) session.publish(topic, 1)
    expect([subscription.active, heard, hub.stats().subscriptions]).toEqual([true, ['b'], 1])
    subscription.unsubscribe()
    expect(hub.stats().subscriptions).toBe(0)
  })

  it('a user ends the subscriptions and streams of all sessions of this user, and says how many', () => {
    const hub = createHub()
    const [one, two, bob] = ['ada', 'ada', 'bob'].map(userId => hub.openSession({ userId }))
    const ended = [one?.subscribe('a', nothing), two?.subscribe('b', nothing), two?.stream('c'), one?.onBroadcast(nothing)]
    const kept = bob?.subscribe('a', nothing)
    expect(hub.closeUser('ada')).toBe(4)
    expect(ended.map(each => each?.active)).toEqual([false, false, false, false])
    expect([kept?.active, one?.closed]).toEqual([true, false])
    expect(hub.closeUser('ada')).toBe(0)
  })

  it('the hub ends everything, and waits for the transport', async () => {
    let finish = nothing
    const hub = createHub({ transport: stubTransport({ close: () => new Promise(resolve => (finish = resolve)) }) })
    const session = hub.openSession()
    const stream = session.stream('a')
    hub.subscribe('a', nothing)
    let closed = false
    const closing = hub.close().then(() => (closed = true))
    expect([session.closed, stream.active, hub.status.state, hub.stats().subscriptions]).toEqual([true, false, 'closed', 0])
    await Promise.resolve()
    expect(closed).toBe(false)
    finish()
    await closing
    expect(closed).toBe(true)
  })

  it('by await using', async () => {
    let seen
    {
      await using hub = createHub()
      hub.subscribe('a', nothing)
      seen = hub
    }
    expect(seen.status.state).toBe('closed')
  })
})
