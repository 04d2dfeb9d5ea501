import { describe, expect, expectTypeOf, it } from 'vitest'
import { type CloseReason, createHub, type Drop, type EarshotError, isEarshotError, type Message, topic } from '@earshot/core'
import { testClock } from '@earshot/core/testing'
import { z } from 'zod'

/** The error that a call throws. */
function thrownBy(call: () => unknown): EarshotError {
  try {
    call()
  } catch (error) {
    if (isEarshotError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('LabThings’ MessageBroker, row by row', () => {
  it('keys and kinds: a property and an action of one name are two topics', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    session.subscribe('things/lamp/property/power', m => heard.push(`property ${String(m.data)}`))
    session.subscribe('things/lamp/action/power', m => heard.push(`action ${String(m.data)}`))
    session.publish(topic('things', 'lamp', 'property', 'power'), 1)
    session.publish(topic('things', 'lamp', 'action', 'power'), 2)
    expect(heard).toEqual(['property 1', 'action 2'])
  })

  it('a validated Message: bad data is refused at publish, naming the path, and subscribers get the validated value', () => {
    const reading = z.object({ value: z.string().transform(Number), unit: z.string().default('K') })
    const hub = createHub({ topics: { 'things/*/property/*': reading } })
    const session = hub.openSession()
    const heard: unknown[] = []
    session.subscribe('things/oven/property/heat', m => {
      expectTypeOf(m.data).toEqualTypeOf<{ value: number; unit: string }>()
      heard.push(m.data)
    })
    session.publish('things/oven/property/heat', { value: '451' })
    const error = thrownBy(() => session.publish('things/oven/property/heat', JSON.parse('{ "value": 451 }')))
    expect(error).toMatchObject({ code: 'invalid-data', details: { topic: 'things/oven/property/heat', path: 'value' } })
    expect(error.message).toContain('at value')
    expect(heard).toEqual([{ value: 451, unit: 'K' }])
    expect(hub.stats().published).toBe(1)
  })

  it('names that are no strings: a typed error names the argument, and nothing is half registered', () => {
    const hub = createHub()
    const session = hub.openSession()
    expect(thrownBy(() => session.publish(JSON.parse('42'), 1))).toMatchObject({ code: 'invalid-topic', message: expect.stringContaining('42') })
    expect(thrownBy(() => topic('things', JSON.parse('{}')))).toMatchObject({ code: 'invalid-topic', message: expect.stringContaining('an object') })
    expect(thrownBy(() => session.stream(['things/a/property/b', JSON.parse('42')]))).toMatchObject({ code: 'invalid-pattern' })
    expect(hub.stats()).toMatchObject({ subscriptions: 0, published: 0 })
    expect(hub.topics()).toEqual([])
  })

  it('subscribe(thing, affordance, stream): one bounded stream takes patterns in and lets them go', async () => {
    const session = createHub().openSession()
    const stream = session.stream(['a/p', 'b/*'], { capacity: 10 })
    session.publish('a/p', 1)
    expect(stream.add('c/p')).toBe(true)
    expect(stream.add('c/p')).toBe(false)
    session.publish('c/p', 2)
    expect(stream.remove('b/*')).toBe(true)
    session.publish('b/p', 'unheard')
    session.publish('a/p', 3)
    expect([await stream.next(), await stream.next(), await stream.next()].map(result => result.value?.data)).toEqual([1, 2, 3])
    expect(stream.size).toBe(0)
  })

  it('subscribe(thing, affordance, stream): with capacity 0 only a waiting reader gets a message', async () => {
    const hub = createHub()
    const session = hub.openSession()
    const stream = session.stream('a', { capacity: 0 })
    session.publish('a', 'nobody waits')
    const reading = stream.next()
    session.publish('a', 'somebody waits')
    session.publish('a', 'nobody waits any more')
    expect((await reading).value?.data).toBe('somebody waits')
    expect(stream.size).toBe(0)
    expect(hub.stats().dropped).toBe(2)
  })

  it('subscribe(thing, affordance, stream): latest keeps the newest value of each topic', async () => {
    const session = createHub().openSession()
    const stream = session.stream('things/**', { capacity: 2, overflow: 'latest' })
    for (const value of [1, 2, 3]) session.publish('things/a', value)
    session.publish('things/b', 9)
    expect([await stream.next(), await stream.next()].map(result => result.value?.data)).toEqual([3, 9])
  })

  it('closed streams: break, return, abort, dispose and close release at once, and a pending read ends', async () => {
    const hub = createHub()
    const session = hub.openSession()
    const reasons: CloseReason[] = []
    const open = (signal?: AbortSignal): ReturnType<typeof session.stream<'a'>> =>
      session.stream('a', { onClose: reason => reasons.push(reason), ...(signal && { signal }) })

    const broken = open()
    session.publish('a', 1)
    for await (const _ of broken) break
    expect(hub.count('a')).toEqual({ a: 0 })

    const returned = open()
    const pending = [returned.next()]
    await returned.return()
    expect(hub.count('a')).toEqual({ a: 0 })

    const controller = new AbortController()
    pending.push(open(controller.signal).next())
    controller.abort()
    expect(hub.count('a')).toEqual({ a: 0 })

    const disposed = open()
    pending.push(disposed.next())
    disposed[Symbol.dispose]()
    expect(hub.count('a')).toEqual({ a: 0 })

    pending.push(open().next())
    session.close()
    expect(hub.count('a')).toEqual({ a: 0 })

    expect((await Promise.all(pending)).map(result => result.done)).toEqual([true, true, true, true])
    expect(reasons).toEqual(['returned', 'returned', 'aborted', 'returned', 'closed'])
  })

  it('unsubscribe: says whether anything was removed, and never throws', () => {
    const session = createHub().openSession()
    const stream = session.stream('a')
    session.subscribe('a', () => {})
    expect([stream.remove('a'), stream.remove('a'), stream.remove('unknown')]).toEqual([true, false, false])
    expect([session.unsubscribe('a'), session.unsubscribe('a')]).toEqual([1, 0])
  })

  it('close_streams: what is buffered can be read, then the stream is done; twice is fine', async () => {
    const hub = createHub()
    const session = hub.openSession()
    const [closed, left] = [session.stream('things/a/**'), session.stream('other')]
    session.publish('things/a/p', 1)
    session.publish('other', 2)
    expect([hub.closeTopic('things/**'), hub.closeTopic('things/**')]).toEqual([1, 0])
    expect([closed.active, left.active]).toEqual([false, true])
    await hub.close()
    await hub.close()
    const read = [await closed.next(), await closed.next(), await left.next(), await left.next()]
    expect(read.map(({ done, value }) => [done, value?.data])).toEqual([[false, 1], [true, undefined], [false, 2], [true, undefined]])
  })
})

describe('LabThings’ MessageBroker, what it does', () => {
  it('L01 accepts messages of known kinds with a named thing, and refuses the others', () => {
    const message = z.object({ kind: z.enum(['property', 'action']), thing: z.string() })
    const session = createHub({ topics: { '**': message } }).openSession()
    const heard: unknown[] = []
    session.subscribe('**', m => heard.push(m.data.kind))
    session.publish('things/a', { kind: 'property', thing: 'a' })
    session.publish('things/a', { kind: 'action', thing: 'a' })
    const refused = ['{ "kind": "event", "thing": "a" }', '{ "kind": "property", "thing": 42 }'].map(text =>
      thrownBy(() => session.publish('things/a', JSON.parse(text))),
    )
    expect(refused.map(({ code, details }) => [code, details.path])).toEqual([['invalid-data', 'kind'], ['invalid-data', 'thing']])
    expect(heard).toEqual(['property', 'action'])
  })

  it('L02 gives each stream the messages of its own key', () => {
    const hub = createHub()
    const errors: EarshotError[] = []
    hub.on('error', error => errors.push(error))
    const session = hub.openSession()
    const streams = ['a/p', 'c/p', 'a/p2', 'a/p2'].map(key => session.stream(key))
    for (const key of ['a/p', 'b/p', 'a/p2', 'a/p2', 'a/p2']) session.publish(key, 'x')
    expect(streams.map(stream => stream.size)).toEqual([1, 0, 3, 3])
    expect(errors).toEqual([])
  })

  it('L04 gives a stream one copy, however often it asked for the key', () => {
    const session = createHub().openSession()
    const stream = session.stream(['t/p', 't/p', 't/*'])
    expect(stream.add('t/p')).toBe(false)
    session.publish('t/p', 1)
    expect(stream.size).toBe(1)
  })

  it('L06 replays nothing to a later subscriber', () => {
    const session = createHub().openSession()
    session.publish('t/p', 1)
    expect(session.stream('t/p').size).toBe(0)
  })

  it('L09 fills each stream to its own capacity', () => {
    const hub = createHub()
    const session = hub.openSession()
    const streams = [1, 5].map(capacity => session.stream('t/p', { capacity }))
    for (const value of [1, 2, 3]) session.publish('t/p', value)
    expect(streams.map(stream => stream.size)).toEqual([1, 3])
    expect(hub.stats('t/p').dropped).toBe(2)
  })

  it('L10 reports a flood of drops at once, then every ten seconds, with a count and no payload', async () => {
    const clock = testClock()
    const hub = createHub({ clock })
    const reports: Drop[] = []
    hub.on('drop', drop => reports.push(drop))
    const session = hub.openSession()
    session.stream('t/p', { capacity: 1 })
    session.publish('t/p', 'kept')
    for (let i = 0; i < 1000; i++) session.publish('t/p', 'secret')
    expect(reports).toEqual([{ topic: 't/p', count: 1 }])
    await clock.advance(10_000)
    session.publish('t/p', 'secret')
    expect(reports).toEqual([{ topic: 't/p', count: 1 }, { topic: 't/p', count: 1000 }])
    expect(hub.stats().dropped).toBe(1001)
  })

  it('L11 goes on without a closed stream, and without a word', () => {
    const hub = createHub()
    const said: unknown[] = []
    hub.on('error', error => said.push(error))
    hub.on('drop', drop => said.push(drop))
    const session = hub.openSession()
    const [closed, open] = [session.stream('t/p'), session.stream('t/p')]
    closed[Symbol.dispose]()
    expect(session.publish('t/p', 1).listeners).toBe(1)
    expect([closed.size, open.size]).toEqual([0, 1])
    expect(hub.count('t/p')).toEqual({ 't/p': 1 })
    expect(said).toEqual([])
  })

  it('L13 tells a removal of what was never there from one that did something', () => {
    const session = createHub().openSession()
    const [stream, stranger] = [session.stream('a/p'), session.stream('a/q')]
    expect([stream.remove('b/p'), stream.remove('a/unknown'), stranger.remove('a/p')]).toEqual([false, false, false])
    expect([stream.remove('a/p'), stream.remove('a/p')]).toEqual([true, false])
  })

  it('L15 refuses a thing and an affordance that are no names, saying which', () => {
    const hub = createHub()
    const stream = hub.openSession().stream('a/p')
    const heard: Message[] = []
    const wrong = JSON.parse('[{ "thing": 42 }]')
    // A number is a fine level for `topic`; as a whole pattern it is none.
    expect(thrownBy(() => stream.add(JSON.parse('42'))).message).toContain('Pattern 42 must be a string')
    expect(thrownBy(() => topic(wrong[0], 'p')).message).toContain('Level an object')
    expect(thrownBy(() => topic('a', JSON.parse('true'))).message).toContain('Level true')
    expect(thrownBy(() => hub.subscribe(JSON.parse('42'), m => heard.push(m))).code).toBe('invalid-pattern')
    expect(hub.topics()).toEqual(['a/p'])
    expect(hub.stats().subscriptions).toBe(1)
  })
})
