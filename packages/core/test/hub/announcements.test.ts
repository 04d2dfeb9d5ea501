import { describe, expect, it } from 'vitest'
import { createHub, type Message, type Session } from '@earshot/core'
import { stubTransport } from '../support/stub-transport.ts'

function watch(session: Session, pattern = '$hub/**'): [string, unknown][] {
  const heard: [string, unknown][] = []
  session.subscribe(pattern, (message: Message) => heard.push([message.topic, message.data]))
  return heard
}

describe('the hub announces', () => {
  it('each subscription and its end, with the count of exactly this pattern', () => {
    const hub = createHub()
    const heard = watch(hub.openSession())
    const [one, two] = [hub.openSession(), hub.openSession()]
    one.subscribe('a/b', () => {})
    two.subscribe('a/b', () => {})
    one.unsubscribe('a/b')
    expect(heard).toEqual([
      ['$hub/subscribed/a/b', { pattern: 'a/b', count: 1 }],
      ['$hub/subscribed/a/b', { pattern: 'a/b', count: 2 }],
      ['$hub/unsubscribed/a/b', { pattern: 'a/b', count: 1 }],
    ])
  })

  it.each([
    ['a/*', '$hub/subscribed/a/\\*'],
    ['*', '$hub/subscribed/\\*'],
    ['*/*/b', '$hub/subscribed/\\*/\\*/b'],
    ['a/**', '$hub/subscribed/a/\\**'],
    ['a*/b', '$hub/subscribed/a*/b'],
  ])('%s on %s', (pattern, topic) => {
    const hub = createHub()
    const heard = watch(hub.openSession())
    hub.openSession().subscribe(pattern, () => {})
    expect(heard).toEqual([[topic, { pattern, count: 1 }]])
  })

  it('patterns that are as long and as deep as they may be', () => {
    const hub = createHub()
    const heard = watch(hub.openSession())
    const [long, deep] = ['x'.repeat(512), Array.from({ length: 32 }, () => 'a').join('/')]
    for (const pattern of [long, deep]) hub.openSession().subscribe(pattern, () => {})
    expect(heard.map(([topic]) => topic)).toEqual([`$hub/subscribed/${long}`, `$hub/subscribed/${deep}`])
  })

  it('to a session its own subscriptions, but not their ends', () => {
    const hub = createHub()
    const [one, two] = [hub.openSession(), hub.openSession()]
    const [own, other] = [watch(one), watch(two)]
    one.subscribe('a', () => {})
    one.unsubscribe('a')
    expect(own.map(([topic]) => topic)).toEqual(['$hub/subscribed/a'])
    expect(other.map(([topic]) => topic)).toEqual(['$hub/subscribed/a', '$hub/unsubscribed/a'])
  })

  it('early enough that an answer reaches the new subscriber', () => {
    const hub = createHub()
    const greeter = hub.openSession()
    greeter.subscribe('$hub/subscribed/greetings', () => {
      greeter.publish('greetings', 'welcome')
    })
    const heard: unknown[] = []
    hub.openSession().subscribe('greetings', message => heard.push(message.data))
    expect(heard).toEqual(['welcome'])
  })

  it('to nobody who did not ask for it by name', () => {
    const hub = createHub()
    const session = hub.openSession()
    const heard: unknown[] = []
    for (const pattern of ['**', '*', '*/**', '*/subscribed/a']) session.subscribe(pattern, message => heard.push(message))
    session.subscribe('a', () => {})
    expect(heard).toEqual([])
  })

  it('nothing about broadcasts and about itself', () => {
    const hub = createHub()
    const heard = watch(hub.openSession())
    const facts: unknown[] = []
    hub.on('subscribed', fact => facts.push(fact))
    const session = hub.openSession()
    session.onBroadcast(() => {})
    session.subscribe('$hub/status', () => {})
    expect([heard, facts]).toEqual([[], []])
  })

  it('streams and channels as well', () => {
    const hub = createHub()
    const heard = watch(hub.openSession())
    const session = hub.openSession()
    const stream = session.stream('a')
    stream.add('b')
    stream[Symbol.dispose]()
    session.channel('rooms').on('x', () => {})
    expect(heard.map(([topic]) => topic)).toEqual([
      '$hub/subscribed/a',
      '$hub/subscribed/b',
      '$hub/unsubscribed/a',
      '$hub/unsubscribed/b',
      '$hub/subscribed/rooms/\\*',
    ])
  })

  it('messages of its own, which are no publishes', () => {
    const hub = createHub()
    const heard: Message[] = []
    hub.openSession().subscribe('$hub/**', message => heard.push(message))
    hub.subscribe('a', () => {})
    expect(heard[0]).toMatchObject({ from: '', userId: undefined })
    expect(hub.stats().published).toBe(0)
  })

  it('the same facts as events', () => {
    const hub = createHub()
    const facts: unknown[] = []
    const off = [hub.on('subscribed', fact => facts.push(['on', fact])), hub.on('unsubscribed', fact => facts.push(['off', fact]))]
    const subscription = hub.subscribe(['a', 'b'], () => {})
    subscription.unsubscribe()
    for (const end of off) end()
    hub.subscribe('c', () => {})
    expect(facts).toEqual([
      ['on', { pattern: 'a', count: 1 }],
      ['on', { pattern: 'b', count: 1 }],
      ['off', { pattern: 'a', count: 0 }],
      ['off', { pattern: 'b', count: 0 }],
    ])
  })

  it('its status, as an event and on $hub/status, and stays closed', async () => {
    const transport = stubTransport()
    const hub = createHub({ transport })
    const events: string[] = []
    hub.on('status', ({ state }) => events.push(state))
    expect(hub.status).toEqual({ state: 'initialised' })
    const heard = watch(hub.openSession(), '$hub/status')
    for (const state of ['connecting', 'connected'] as const) transport.link?.status({ state })
    expect(hub.status).toEqual({ state: 'connected' })
    expect(heard).toEqual([
      ['$hub/status', { state: 'connecting' }],
      ['$hub/status', { state: 'connected' }],
    ])
    await hub.close()
    transport.link?.status({ state: 'connected' })
    expect([hub.status.state, events]).toEqual(['closed', ['connecting', 'connected', 'closed']])
  })
})
