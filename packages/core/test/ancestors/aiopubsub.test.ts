import { describe, expect, it } from 'vitest'
import { capture, createHub, type EarshotError, type Message, topic } from '@earshot/core'
import { testClock } from '@earshot/core/testing'
import { MemoryTransport } from '../support/memory-transport.ts'

/** Every pair of a pattern and a topic, and whether they match. */
const MATCHES: [pattern: string, topic: string, matches: boolean][] = [
  ['*', 'a', true],
  ['a/*', 'a/b', true],
  ['a/*', 'a', false],
  ['a/*', 'a/b/c', false],
  ['a/**', 'a/b', true],
  ['a/**', 'a/b/c', true],
  ['a/**', 'a', false],
  ['a/*/c', 'a/b/c', true],
  ['a/*/c', 'a/b/c/d', false],
  ['*/b', 'x/b', true],
  ['A/b', 'a/b', false],
  ['a*/b', 'a*/b', true],
  ['a*/b', 'ax/b', false],
]

describe('aiopubsub, row by row', () => {
  it('Key: * is one level anywhere, a last ** one or more, and both only as a whole level', () => {
    const session = createHub().openSession()
    for (const [pattern, name, matches] of MATCHES) {
      const heard: string[] = []
      const subscription = session.subscribe(pattern, m => heard.push(m.topic))
      session.publish(name, 1)
      subscription.unsubscribe()
      expect([pattern, heard]).toEqual([pattern, matches ? [name] : []])
      expect([pattern, capture(pattern, name) !== null]).toEqual([pattern, matches])
    }
    expect(() => session.subscribe('a/**/c', () => {})).toThrow(expect.objectContaining({ code: 'invalid-pattern' }))
  })

  it('Key: topic() joins user data, and refuses what would be more than a level or a wildcard', () => {
    expect(topic('a', 'b', 42)).toBe('a/b/42')
    for (const level of ['x/y', '*', '**', '']) {
      expect(() => topic('a', level)).toThrow(expect.objectContaining({ code: 'invalid-topic' }))
    }
  })

  it('publishing to a wildcard: is refused with a typed error', () => {
    const hub = createHub()
    const pattern: string = 'a/*'
    expect(() => hub.publish(pattern, 1)).toThrow(expect.objectContaining({ code: 'invalid-topic', message: expect.stringContaining('"a/*"') }))
    expect(hub.stats().published).toBe(0)
  })

  it('Publisher(hub, prefix): a channel sends below its name, and nests', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    session.subscribe('**', m => heard.push(`${m.topic} ${String(m.data)}`))
    const channel = session.channel('P')
    channel.send('x', 1)
    channel.channel('Q').send('x', 2)
    expect(heard).toEqual(['P/x 1', 'P/Q/x 2'])
  })

  it('add_async_listener: concurrency 1 runs one at a time, in order, across the patterns of one call', async () => {
    const clock = testClock()
    const session = createHub({ clock }).openSession()
    const log: string[] = []
    const work = async (m: Message): Promise<void> => {
      log.push(`start ${m.topic}`)
      await new Promise<void>(resolve => clock.after(10, resolve))
      log.push(`end ${m.topic}`)
    }
    session.subscribe(['a', 'b'], work, { concurrency: 1 })
    for (const name of ['a', 'b', 'a']) session.publish(name, 1)
    await clock.advance(30)
    expect(log).toEqual(['start a', 'end a', 'start b', 'end b', 'start a', 'end a'])
  })

  it('add_async_listener: a rejection is reported and does not end the listener', async () => {
    const clock = testClock()
    const hub = createHub({ clock })
    const errors: EarshotError[] = []
    hub.on('error', error => errors.push(error))
    const session = hub.openSession()
    const heard: unknown[] = []
    const work = async (m: Message): Promise<void> => {
      heard.push(m.data)
      await Promise.resolve()
      if (m.data === 1) throw new Error('refused')
    }
    const subscription = session.subscribe('a', work, { concurrency: 1 })
    for (const value of [1, 2, 3]) session.publish('a', value)
    await clock.runDue()
    expect(heard).toEqual([1, 2, 3])
    expect(errors.map(({ code, details }) => [code, details.topic])).toEqual([['listener-failed', 'a']])
    expect(subscription.active).toBe(true)
  })

  it('add_async_listener: a backlog goes with its subscription and is never heard by the next one', async () => {
    const clock = testClock()
    const session = createHub({ clock }).openSession()
    const heard: unknown[] = []
    const work = async (m: Message): Promise<void> => {
      heard.push(m.data)
      await new Promise<void>(resolve => clock.after(10, resolve))
    }
    const first = session.subscribe('a', work, { concurrency: 1 })
    for (const value of [1, 2, 3]) session.publish('a', value)
    first.unsubscribe()
    session.subscribe('a', work, { concurrency: 1 })
    session.publish('a', 4)
    await clock.advance(100)
    expect(heard).toEqual([1, 4])
  })

  it('Subscriber.consume: next() gives one message, and for await all of them, from a bounded queue', async () => {
    const session = createHub({ capacity: 2 }).openSession()
    const stream = session.stream('a')
    for (const value of [1, 2, 3]) session.publish('a', value)
    expect((await stream.next()).value?.data).toBe(1)
    const rest: unknown[] = []
    for await (const m of stream) {
      rest.push(m.data)
      if (stream.size === 0) break
    }
    expect(rest).toEqual([2])
  })

  it('remove_all_listeners: unsubscribeAll ends what this session subscribed, and nothing of another', () => {
    const hub = createHub()
    const [a, b] = [hub.openSession(), hub.openSession()]
    const heard: string[] = []
    for (const pattern of ['x', 'y/*']) a.subscribe(pattern, () => heard.push('a'))
    a.subscribe(['x', 'y/1'], () => heard.push('a'))
    b.subscribe('x', () => heard.push('b'))
    expect(a.unsubscribeAll()).toBe(3)
    hub.publish('x', 1)
    hub.publish('y/1', 1)
    expect(heard).toEqual(['b'])
  })

  it('addedSubscriber: what is published in answer to it reaches the new subscriber', () => {
    const hub = createHub()
    const store = hub.openSession()
    store.subscribe('$hub/subscribed/**', m => {
      if (m.topic === '$hub/subscribed/prices') store.publish('prices', 'snapshot')
    })
    const heard: unknown[] = []
    hub.openSession().subscribe('prices', m => heard.push(m.data))
    expect(heard).toEqual(['snapshot'])
  })

  it('addedSubscriber: wildcards are named with a backslash, the count is of the exact pattern, and hub.on says the same', () => {
    const hub = createHub()
    const told: unknown[] = []
    const events: unknown[] = []
    hub.subscribe('$hub/**', m => told.push([m.topic, m.data]))
    hub.on('subscribed', event => events.push(event))
    hub.on('unsubscribed', event => events.push(event))
    const session = hub.openSession()
    session.subscribe('a/b', () => {})
    session.subscribe('a/*', () => {}).unsubscribe()
    session.subscribe('**', () => {})
    expect(told).toEqual([
      ['$hub/subscribed/a/b', { pattern: 'a/b', count: 1 }],
      ['$hub/subscribed/a/\\*', { pattern: 'a/*', count: 1 }],
      ['$hub/unsubscribed/a/\\*', { pattern: 'a/*', count: 0 }],
      ['$hub/subscribed/\\**', { pattern: '**', count: 1 }],
    ])
    expect(events).toEqual(told.map(entry => (Array.isArray(entry) ? entry[1] : entry)))
  })

  it('has_subscribers: tells whether a publish would reach anyone, whatever was published before', () => {
    const hub = createHub()
    const session = hub.openSession()
    hub.publish('a/b', 'builds the route')
    expect(hub.hasSubscribers('a/b')).toBe(false)
    const stream = session.stream('a/*')
    expect(hub.hasSubscribers('a/b')).toBe(true)
    session.publish('a/b', 1)
    expect(stream.size).toBe(1)
    stream[Symbol.dispose]()
    expect(hub.hasSubscribers('a/b')).toBe(false)
  })
})

describe('aiopubsub, what it does', () => {
  it('A01 matches keys as the table says', () => {
    const hub = createHub()
    // The original's last * is ** here where it stands for more than one level.
    const table: [string, string, number][] = [
      ['a', '*', 1],
      ['a/b', '*/*', 1],
      ['a/b', '**', 1],
      ['a', 'a/*', 0],
      ['a/b/c', 'a/**', 1],
      ['a/b/c', 'a/*/c', 1],
      ['a/b/c/d', 'a/*/c', 0],
      ['x/b', '*/b', 1],
      ['a/b', 'A/b', 0],
    ]
    for (const [name, pattern, expected] of table) {
      const subscription = hub.subscribe(pattern, () => {})
      expect([name, pattern, hub.publish(name, 1).listeners]).toEqual([name, pattern, expected])
      subscription.unsubscribe()
    }
  })

  it('A04 refuses a publish to a wildcard, heard or not, through a channel or not', () => {
    const hub = createHub()
    const session = hub.openSession()
    const refusal = expect.objectContaining({ code: 'invalid-topic' })
    const [pattern, event]: string[] = ['a/*', '*']
    const publish = (): unknown => session.publish(String(pattern), 1)
    expect(publish).toThrow(refusal)
    session.subscribe('a/*', () => {})
    expect(publish).toThrow(refusal)
    expect(() => session.channel('a').send(String(event), 1)).toThrow(refusal)
    expect(() => session.channel('a/*')).toThrow(refusal)
    expect(hub.stats()).toMatchObject({ published: 0, delivered: 0 })
  })

  it('A05 delivers below the prefix, and takes a name with a dot as one level', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    session.subscribe('P/Q/*', m => heard.push(m.topic))
    const publisher = session.channel('P/Q')
    publisher.send('x', 1)
    publisher.send('a.b', 1)
    expect(heard).toEqual(['P/Q/x', 'P/Q/a.b'])
  })

  it('A09 gives the first handle for the same pair again, and removes what is unknown without an error', () => {
    const session = createHub().openSession()
    const heard: unknown[] = []
    const listener = (m: Message): unknown => heard.push(m.data)
    const first = session.subscribe('a', listener)
    expect(session.subscribe('a', listener)).toBe(first)
    session.publish('a', 1)
    expect(heard).toEqual([1])
    expect([session.unsubscribe('b'), session.unsubscribe('a'), session.unsubscribe('a')]).toEqual([0, 1, 0])
    expect(() => first.unsubscribe()).not.toThrow()
  })

  it('A10 calls the second callback when the first throws, and reports it', () => {
    const hub = createHub()
    const errors: EarshotError[] = []
    hub.on('error', error => errors.push(error))
    const session = hub.openSession()
    const heard: unknown[] = []
    const first = session.subscribe('a', () => {
      throw new Error('first')
    })
    session.subscribe('a', m => heard.push(m.data))
    expect(() => session.publish('a', 1)).not.toThrow()
    expect(heard).toEqual([1])
    expect(errors.map(({ code, details }) => [code, details.topic, details.subscription])).toEqual([['listener-failed', 'a', first]])
  })

  it('A13 calls both neighbours of a callback that removes itself', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    session.subscribe('a', (_, own) => {
      heard.push('first')
      own.unsubscribe()
    })
    session.subscribe('a', () => heard.push('second'))
    session.subscribe('a', () => heard.push('third'))
    session.publish('a', 1)
    expect(heard).toEqual(['first', 'second', 'third'])
  })

  it('A14 keeps a callback that was added meanwhile for the next message', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    const late = (m: Message): unknown => heard.push(`late ${String(m.data)}`)
    session.subscribe('a', m => {
      heard.push(`first ${String(m.data)}`)
      session.subscribe('a', late)
    })
    session.publish('a', 1)
    session.publish('a', 2)
    expect(heard).toEqual(['first 1', 'first 2', 'late 2'])
  })

  it('A15 tells a watcher of each subscription and its end, with the count left', () => {
    const hub = createHub()
    const told: unknown[] = []
    hub.openSession().subscribe('$hub/**', m => told.push([m.topic, m.data]))
    const session = hub.openSession()
    const one = session.subscribe('a/b', () => {})
    session.subscribe('a/b', () => {})
    one.unsubscribe()
    expect(told).toEqual([
      ['$hub/subscribed/a/b', { pattern: 'a/b', count: 1 }],
      ['$hub/subscribed/a/b', { pattern: 'a/b', count: 2 }],
      ['$hub/unsubscribed/a/b', { pattern: 'a/b', count: 1 }],
    ])
  })

  it('A22 tells whether anyone listens to a topic, to some topic of a pattern, or at all', () => {
    const hub = createHub()
    expect([hub.hasSubscribers(), hub.hasSubscribers('a/b')]).toEqual([false, false])
    const subscription = hub.openSession().subscribe('a/b', () => {})
    expect([hub.hasSubscribers(), ...['a/b', 'a/*', '*/b', 'a/**'].map(name => hub.hasSubscribers(name))]).toEqual([true, true, true, true, true])
    expect(['a/x', 'a', 'a/b/c'].map(name => hub.hasSubscribers(name))).toEqual([false, false, false])
    subscription.unsubscribe()
    expect([hub.hasSubscribers(), hub.hasSubscribers('a/b')]).toEqual([false, false])
  })

  it('A25 consumes in order, and keeps what can be read apart from what calls back', async () => {
    const session = createHub().openSession()
    const stream = session.stream('a')
    for (const value of [1, 2]) session.publish('a', value)
    expect([await stream.next(), await stream.next()].map(result => result.value?.data)).toEqual([1, 2])
    // Two run-time failures of the original cannot be written: a callback's handle has nothing to read, a stream is its own handle.
    expect('next' in session.subscribe('a', () => {})).toBe(false)
    expect(stream.remove('unknown')).toBe(false)
  })

  it('A27 has run a listener when publish returns, and a reader soon after', async () => {
    const session = createHub().openSession()
    const log: string[] = []
    session.subscribe('a', () => log.push('listener'))
    const reader = session.stream('a').next().then(() => log.push('reader'))
    session.publish('a', 1)
    log.push('returned')
    await reader
    expect(log).toEqual(['listener', 'returned', 'reader'])
  })

  it('A27 lets the log decide the moment where there is one', () => {
    const carrier = new MemoryTransport({ ordered: true, outbox: 1 })
    const session = createHub({ transport: carrier }).openSession()
    const heard: unknown[] = []
    session.subscribe('a', m => heard.push(m.data))
    expect(session.publish('a', 1).listeners).toBe(0)
    expect(heard).toEqual([])
    carrier.open()
    expect(heard).toEqual([1])
  })

  it('A30 aborts a running async listener when it is unsubscribed, and tells when it has settled', async () => {
    const clock = testClock()
    const session = createHub({ clock }).openSession()
    const log: string[] = []
    const subscription = session.subscribe(
      'a',
      async (m, { signal }) => {
        log.push(`start ${String(m.data)}`)
        await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
        log.push('told to stop')
        await new Promise<void>(resolve => clock.after(10, resolve))
        log.push('settled')
      },
      { concurrency: 1 },
    )
    for (const value of [1, 2]) session.publish('a', value)
    subscription.unsubscribe()
    session.publish('a', 3)
    const removal = subscription.closed.then(reason => log.push(reason))
    await clock.runDue()
    expect(log).toEqual(['start 1', 'told to stop'])
    await clock.advance(10)
    await removal
    expect(log).toEqual(['start 1', 'told to stop', 'settled', 'unsubscribed'])
  })

  it('A33 removes a listener of several patterns by the same patterns, in whatever order', () => {
    const session = createHub().openSession()
    session.subscribe(['a', 'b', 'a'], () => {})
    expect(session.unsubscribe('a')).toBe(0)
    expect(session.unsubscribe(['b', 'a', 'b'])).toBe(1)
    expect(session.unsubscribe(['a', 'b'])).toBe(0)
  })
})
