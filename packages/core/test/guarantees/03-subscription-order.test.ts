import { describe, expect, it } from 'vitest'
import { createHub, type Message, type Transport } from '@earshot/core'
import { stubTransport } from '../support/stub-transport.ts'

describe('guarantee 3: listeners in the order of subscription', () => {
  it('ignores what their patterns are', () => {
    const hub = createHub()
    const heard: string[] = []
    const patterns = ['**', 'a/b', '*/b', 'a/*', 'a/**', '*/*', 'a/b', '*/**']
    for (const [index, pattern] of patterns.entries()) hub.openSession().subscribe(pattern, () => heard.push(`${index} ${pattern}`))
    hub.publish('a/b', 1)
    expect(heard).toEqual(patterns.map((pattern, index) => `${index} ${pattern}`))
  })

  it('goes on after a listener in the middle has ended and a new one came', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    const hear = (name: string) => () => heard.push(name)
    session.subscribe('a', hear('one'))
    const middle = session.subscribe('*', hear('two'))
    session.subscribe('a', hear('three'))
    middle.unsubscribe()
    session.subscribe('*', hear('four'))
    session.publish('a', 1)
    expect(heard).toEqual(['one', 'three', 'four'])
  })

  it('counts the same listener on the same pattern of one session once', () => {
    const hub = createHub()
    const session = hub.openSession()
    const heard: Message[] = []
    const listener = (message: Message): number => heard.push(message)
    const first = session.subscribe('a/*', listener)
    expect(session.subscribe('a/*', listener, { echo: false, concurrency: 1 })).toBe(first)
    session.publish('a/b', 1)
    expect(heard).toHaveLength(1)
    expect(hub.count('a/*')).toEqual({ 'a/*': 1 })
    first.unsubscribe()
    expect(session.subscribe('a/*', listener)).not.toBe(first)
  })

  it('counts it once even if it is subscribed while the first subscription starts the transport', () => {
    const transport = stubTransport()
    const connecting: Transport = {
      connect(link) {
        const connection = transport.connect(link)
        link.status({ state: 'connecting' })
        return connection
      },
    }
    const hub = createHub({ transport: connecting })
    const session = hub.openSession()
    const listener = (): void => {}
    const handles: unknown[] = []
    hub.on('status', () => handles.push(session.subscribe('a', listener)))
    handles.push(session.subscribe('a', listener))
    expect(handles).toHaveLength(2)
    expect(handles[0]).toBe(handles[1])
    expect(hub.count('a')).toEqual({ a: 1 })
  })

  it('remembers the listener that was given, not what the options made of it', () => {
    const session = createHub().openSession()
    const listener = (): void => {}
    const first = session.subscribe('a', listener, { concurrency: 1 })
    expect(session.subscribe('a', listener)).toBe(first)
    const other = session.subscribe('a', () => {})
    expect(session.subscribe('a', listener)).toBe(first)
    other.unsubscribe()
    expect(session.subscribe('a', listener)).toBe(first)
  })

  it('calls the same listener once for each call with another pattern', () => {
    const session = createHub().openSession()
    const heard: Message[] = []
    const listener = (message: Message): number => heard.push(message)
    for (const pattern of ['a/b', 'a/*', '**']) session.subscribe(pattern, listener)
    session.publish('a/b', 1)
    expect(heard).toHaveLength(3)
    expect(new Set(heard).size).toBe(1)
  })

  it('calls it once for each session', () => {
    const hub = createHub()
    const heard: Message[] = []
    const listener = (message: Message): number => heard.push(message)
    for (const session of [hub.openSession(), hub.openSession(), hub]) session.subscribe('a', listener)
    hub.publish('a', 1)
    expect(heard).toHaveLength(3)
  })

  it('takes several patterns of one call as one target, in whatever order they are named', () => {
    const hub = createHub()
    const session = hub.openSession()
    const heard: Message[] = []
    const listener = (message: Message): number => heard.push(message)
    const first = session.subscribe(['a/*', '*/b', 'a/b', 'a/b'], listener)
    expect(session.subscribe(['*/b', 'a/b', 'a/*'], listener)).toBe(first)
    expect(session.publish('a/b', 1).listeners).toBe(1)
    expect(heard).toHaveLength(1)
    expect(session.unsubscribe(['a/b', 'a/*', '*/b', '*/b'])).toBe(1)
    expect(hub.stats().subscriptions).toBe(0)
  })

  it('keeps the order for broadcasts', () => {
    const hub = createHub()
    const heard: number[] = []
    const sessions = [0, 1, 2].map(() => hub.openSession())
    for (const [index, session] of sessions.entries()) session.onBroadcast(() => heard.push(index))
    sessions[2]?.broadcast('x')
    expect(heard).toEqual([0, 1, 2])
  })
})
