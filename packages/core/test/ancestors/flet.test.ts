import { describe, expect, expectTypeOf, it } from 'vitest'
import { createHub, type EarshotError, type Message, topic } from '@earshot/core'
import { testClock } from '@earshot/core/testing'
import { MemoryTransport } from '../support/memory-transport.ts'

describe('Flet’s PubSubHub, row by row', () => {
  it('PubSubClient: openSession gives the session that is open under an id, and makes an id when none is given', () => {
    const hub = createHub()
    const ada = hub.openSession({ id: 'ada' })
    expect(ada.id).toBe('ada')
    expect(hub.openSession({ id: 'ada' })).toBe(ada)
    const [one, other] = [hub.openSession(), hub.openSession()]
    expect(one.id).not.toBe('')
    expect(other.id).not.toBe(one.id)
    expect(hub.stats().sessions).toBe(3)
  })

  it('PubSubClient: close releases everything the session has, and its id', () => {
    const hub = createHub()
    const session = hub.openSession({ id: 'ada' })
    session.subscribe('rooms/*', () => {})
    session.onBroadcast(() => {})
    session.stream('rooms/**')
    session.channel('rooms/1').on('typing', () => {})
    session.presence('rooms/1').enter('here')
    session.close()
    expect(hub.stats()).toMatchObject({ subscriptions: 0, sessions: 0 })
    expect(hub.topics()).toEqual([])
    expect(hub.openSession({ id: 'ada' }).presence('rooms/1').members).toEqual([])
    expect(hub.openSession({ id: 'ada' })).not.toBe(session)
  })

  it('send_all and send_others: the sender alone is left out, in its tab and beyond', () => {
    const carrier = new MemoryTransport()
    const [here, there] = [createHub({ transport: carrier }), createHub({ transport: carrier })]
    const sender = here.openSession({ id: 'sender' })
    const heard: string[] = []
    for (const session of [sender, here.openSession({ id: 'sibling' }), there.openSession({ id: 'afar' })]) {
      session.onBroadcast(m => heard.push(`${session.id} ${String(m.data)}`))
    }
    carrier.open()
    sender.broadcast('all')
    expect(heard.splice(0).sort()).toEqual(['afar all', 'sender all', 'sibling all'])
    sender.broadcast('others', { echo: false })
    expect(heard.sort()).toEqual(['afar others', 'sibling others'])
  })

  it('send_all_on_topic and send_others_on_topic: publish reaches the topic, without the sender when echo is off', () => {
    const hub = createHub()
    const [a, b] = [hub.openSession({ id: 'a' }), hub.openSession({ id: 'b' })]
    const heard: string[] = []
    for (const session of [a, b]) session.subscribe('news', m => heard.push(`${session.id} ${String(m.data)}`))
    b.subscribe('sport', m => heard.push(`sport ${String(m.data)}`))
    a.publish('news', 1)
    a.publish('news', 2, { echo: false })
    expect(heard).toEqual(['a 1', 'b 1', 'b 2'])
  })

  it('send_all_on_topic: payloads have the type of their topic', () => {
    const hub = createHub<{ 'rooms/*/chat': { text: string }; ticks: number }>()
    const session = hub.openSession()
    const heard: string[] = []
    session.subscribe('rooms/42/chat', m => {
      expectTypeOf(m.data).toEqualTypeOf<{ text: string }>()
      heard.push(m.data.text)
    })
    session.subscribe('ticks', m => expectTypeOf(m.data).toEqualTypeOf<number>())
    session.publish(topic('rooms', 42, 'chat'), { text: 'hi' })
    expect(heard).toEqual(['hi'])
  })

  it('subscribe and subscribe_topic: each call gives a handle that ends this one handler', () => {
    const hub = createHub()
    const session = hub.openSession()
    const heard: string[] = []
    const first = session.onBroadcast(() => heard.push('first'))
    session.onBroadcast(() => heard.push('second'))
    const third = session.subscribe('t', () => heard.push('third'))
    session.subscribe('t', () => heard.push('fourth'))
    first.unsubscribe()
    third.unsubscribe()
    expect([first.active, third.active]).toEqual([false, false])
    session.broadcast(1)
    session.publish('t', 1)
    expect(heard).toEqual(['second', 'fourth'])
  })

  it('subscribe and subscribe_topic: no pattern hears a broadcast, and onBroadcast hears no topic', () => {
    const hub = createHub()
    const session = hub.openSession()
    const heard: string[] = []
    session.onBroadcast(m => heard.push(`broadcast ${String(m.data)}`))
    session.subscribe('**', m => heard.push(`topic ${String(m.data)}`))
    session.subscribe('*', m => heard.push(`level ${String(m.data)}`))
    session.broadcast('g')
    session.publish('t', 'm')
    expect(heard).toEqual(['broadcast g', 'topic m', 'level m'])
  })

  it('unsubscribe, unsubscribe_topic and unsubscribe_all: say how many ended, are idempotent and leave nothing behind', () => {
    const hub = createHub()
    const session = hub.openSession()
    session.onBroadcast(() => {})
    session.onBroadcast(() => {})
    session.subscribe('t', () => {})
    session.subscribe('u', () => {})
    session.subscribe(['u', 'v'], () => {})
    expect([session.offBroadcast(), session.offBroadcast()]).toEqual([2, 0])
    expect([session.unsubscribe('t'), session.unsubscribe('t'), session.unsubscribe('unknown')]).toEqual([1, 0, 0])
    expect([session.unsubscribeAll(), session.unsubscribeAll()]).toEqual([2, 0])
    expect(hub.topics()).toEqual([])
    expect(hub.stats().subscriptions).toBe(0)
  })

  it('handlers in a set: the same function counts once in a session, and once in each of two', () => {
    const hub = createHub()
    const [a, b] = [hub.openSession(), hub.openSession()]
    let calls = 0
    const handler = (): void => {
      calls++
    }
    const first = a.subscribe('t', handler)
    expect(a.subscribe('t', handler)).toBe(first)
    b.subscribe('t', handler)
    expect(hub.publish('t', 1).listeners).toBe(2)
    expect(calls).toBe(2)
  })

  it('sync or async handlers: whatever has a then is awaited, and its rejection reaches error', async () => {
    const clock = testClock()
    const hub = createHub({ clock })
    const errors: EarshotError[] = []
    hub.on('error', error => errors.push(error))
    const session = hub.openSession()
    const offline = createHub({ transport: new MemoryTransport() })
    const listened = [
      session.subscribe('t', async () => {
        await Promise.resolve()
        throw new Error('promise')
      }),
      // A receipt has a `then` and is no promise; this one is refused, as nothing carries it.
      session.subscribe('t', () => offline.publish('t', 1)),
    ]
    session.publish('t', 1)
    await clock.runDue()
    expect(errors.map(({ code, details }) => [code, details.topic])).toEqual([['listener-failed', 't'], ['listener-failed', 't']])
    const bySubscription = listened.map(subscription => errors.find(error => error.details.subscription === subscription))
    expect(bySubscription.map(error => error?.cause)).toMatchObject([{ message: 'promise' }, { code: 'not-connected' }])
  })

  it('sync or async handlers: publish, subscribe and unsubscribe work inside one', () => {
    const hub = createHub()
    const session = hub.openSession()
    const heard: string[] = []
    session.subscribe('ask', (m, own) => {
      heard.push(`first ${String(m.data)}`)
      own.unsubscribe()
      session.subscribe('answer', answer => heard.push(`answer ${String(answer.data)}`))
      session.publish('answer', 42)
    })
    // A message published inside a listener waits until the one under way has reached everyone.
    session.subscribe('ask', m => heard.push(`second ${String(m.data)}`))
    session.publish('ask', 1)
    session.publish('ask', 2)
    expect(heard).toEqual(['first 1', 'second 1', 'answer 42', 'second 2'])
  })

  it('sync or async handlers: one that is unsubscribed while a message is under way does not hear it any more', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    session.subscribe('t', () => {
      heard.push('first')
      second.unsubscribe()
    })
    const second = session.subscribe('t', () => heard.push('second'))
    session.subscribe('t', () => heard.push('third'))
    session.publish('t', 1)
    expect(heard).toEqual(['first', 'third'])
  })

  it('server code without a session: hub.broadcast and hub.publish reach every session', () => {
    const hub = createHub()
    const heard: Message[] = []
    hub.openSession().onBroadcast(m => heard.push(m))
    hub.openSession().subscribe('t', m => heard.push(m))
    hub.broadcast('g')
    hub.publish('t', 'm')
    expect(heard.map(({ topic: name, data, from }) => [name, data, from])).toEqual([['', 'g', ''], ['t', 'm', '']])
  })

  it('a dropped socket: subscriptions stay, what was missed comes late and in order, or a gap says that it is lost', () => {
    const carrier = new MemoryTransport()
    const hub = createHub({ transport: carrier })
    const heard: unknown[] = []
    const gaps: unknown[] = []
    hub.openSession().subscribe('rooms/*', m => heard.push(m.data), { onGap: gap => gaps.push(gap.topics) })
    carrier.open()
    carrier.arrive('rooms/1', 1)
    carrier.lose()
    carrier.open()
    const [line] = carrier.lines
    line?.link.gap({ topics: ['rooms/2'] })
    carrier.arrive('rooms/1', 2)
    carrier.arrive('rooms/1', 3)
    expect(heard).toEqual([1, 2, 3])
    expect(gaps).toEqual([['rooms/2']])
  })
})

describe('Flet’s PubSubHub, what it does', () => {
  it('F01 sends to all, the sender included, once and with one message each', async () => {
    const hub = createHub()
    const sessions = ['a', 'b', 'c'].map(id => hub.openSession({ id }))
    const calls: [string, Message][] = []
    for (const session of sessions) session.onBroadcast(m => calls.push([session.id, m]))
    const receipt = hub.openSession({ id: 'a' }).broadcast('x')
    expect(calls.map(([id, m]) => [id, m.data, m.from])).toEqual([['a', 'x', 'a'], ['b', 'x', 'a'], ['c', 'x', 'a']])
    expect(new Set(calls.map(([, m]) => m)).size).toBe(1)
    // The original yields nothing; a receipt costs nothing and tells more.
    expect(receipt.listeners).toBe(3)
    expect(await receipt).toEqual({ id: calls[0]?.[1].id })
  })

  it('F02 sends to others, all but the sender', () => {
    const hub = createHub()
    const sessions = ['a', 'b', 'c'].map(id => hub.openSession({ id }))
    const heard: string[] = []
    for (const session of sessions) session.onBroadcast(m => heard.push(`${session.id} ${String(m.data)}`))
    const receipt = hub.openSession({ id: 'a' }).broadcast('y', { echo: false })
    expect(heard).toEqual(['b y', 'c y'])
    expect(receipt.listeners).toBe(2)
  })

  it('F04 keeps broadcasts and topics apart', () => {
    const hub = createHub()
    const session = hub.openSession()
    const broadcasts: [string, unknown][] = []
    const topics: [string, unknown][] = []
    session.onBroadcast(m => broadcasts.push([m.topic, m.data]))
    session.subscribe('t', m => topics.push([m.topic, m.data]))
    session.broadcast('g')
    session.publish('t', 'm')
    expect(broadcasts).toEqual([['', 'g']])
    expect(topics).toEqual([['t', 'm']])
  })

  it('F06 calls a handler once that was subscribed twice', () => {
    const session = createHub().openSession()
    const heard: unknown[] = []
    const handler = (m: Message): unknown => heard.push(m.data)
    session.onBroadcast(handler)
    session.onBroadcast(handler)
    session.broadcast('x')
    expect(heard).toEqual(['x'])
  })

  it('F08 calls two different handlers of one session on one topic', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    session.subscribe('t', () => heard.push('one'))
    session.subscribe('t', () => heard.push('other'))
    session.publish('t', 1)
    expect(heard).toEqual(['one', 'other'])
  })

  it('F09 removes the broadcast handler, one topic, then all, and each time nothing else', () => {
    const session = createHub().openSession()
    let heard: string[] = []
    session.onBroadcast(() => heard.push('broadcast'))
    for (const name of ['t', 'u']) session.subscribe(name, () => heard.push(name))
    const sendAll = (): string[] => {
      heard = []
      session.broadcast(1)
      session.publish('t', 1)
      session.publish('u', 1)
      return heard
    }
    expect(sendAll()).toEqual(['broadcast', 't', 'u'])
    session.offBroadcast()
    expect(sendAll()).toEqual(['t', 'u'])
    session.unsubscribe('t')
    expect(sendAll()).toEqual(['u'])
    session.unsubscribeAll()
    expect(sendAll()).toEqual([])
  })

  it('F13 lets a handler close its own session while a message is under way', () => {
    const hub = createHub()
    const errors: EarshotError[] = []
    hub.on('error', error => errors.push(error))
    const [a, b] = [hub.openSession(), hub.openSession()]
    const heard: string[] = []
    a.onBroadcast(m => {
      heard.push(`a ${String(m.data)}`)
      a.close()
    })
    b.onBroadcast(m => heard.push(`b ${String(m.data)}`))
    hub.broadcast(1)
    hub.broadcast(2)
    expect(heard).toEqual(['a 1', 'b 1', 'b 2'])
    expect(errors).toEqual([])
  })

  it('F15 reports a handler that throws once, and calls the others', () => {
    const hub = createHub()
    const errors: EarshotError[] = []
    hub.on('error', error => errors.push(error))
    const [a, b] = [hub.openSession(), hub.openSession()]
    const heard: unknown[] = []
    const failure = new Error('broken')
    a.onBroadcast(() => {
      throw failure
    })
    b.onBroadcast(m => heard.push(m.data))
    expect(() => a.broadcast('x')).not.toThrow()
    expect(heard).toEqual(['x'])
    expect(errors.map(({ code, cause }) => [code, cause])).toEqual([['listener-failed', failure]])
  })

  it('F17 starts an async handler for each message without waiting for the one before', async () => {
    const clock = testClock()
    const session = createHub({ clock }).openSession()
    const log: string[] = []
    session.subscribe('t', async m => {
      const number = Number(m.data)
      log.push(`start ${number}`)
      await new Promise<void>(resolve => clock.after(30 - 10 * number, resolve))
      log.push(`end ${number}`)
    })
    for (const number of [0, 1, 2]) session.publish('t', number)
    expect(log).toEqual(['start 0', 'start 1', 'start 2'])
    await clock.advance(30)
    expect(log.slice(3)).toEqual(['end 2', 'end 1', 'end 0'])
  })

  it('F19 lets a session send that never subscribed', () => {
    const hub = createHub()
    const heard: string[] = []
    for (const id of ['a', 'b']) hub.openSession({ id }).onBroadcast(m => heard.push(`${id} ${String(m.data)}`))
    const mute = hub.openSession()
    mute.broadcast('all')
    mute.broadcast('others', { echo: false })
    expect(heard).toEqual(['a all', 'b all', 'a others', 'b others'])
  })

  it('F21 hands the identical object to both sessions', () => {
    const hub = createHub()
    const heard: unknown[] = []
    for (const session of [hub.openSession(), hub.openSession()]) session.subscribe('t', m => heard.push(m.data))
    const data = { deep: [1] }
    hub.publish('t', data)
    expect(heard).toHaveLength(2)
    expect(heard.every(each => each === data)).toBe(true)
  })

  it('F22 delivers on a fresh hub with no configuration', () => {
    const hub = createHub()
    const session = hub.openSession()
    const heard: unknown[] = []
    session.subscribe('t', m => heard.push(m.data))
    session.publish('t', 'x')
    expect(heard).toEqual(['x'])
    expect(hub.status).toEqual({ state: 'initialised' })
  })

  it('F24 goes on after a drop without subscribing again, and delivers once', () => {
    const carrier = new MemoryTransport()
    const [here, there] = [createHub({ transport: carrier }), createHub({ transport: carrier })]
    const heard: unknown[] = []
    const subscription = here.openSession({ id: 'ada' }).subscribe('t', m => heard.push(m.data))
    const far = there.openSession({ id: 'far' })
    expect(far.id).toBe('far')
    carrier.open()
    carrier.lose()
    expect(subscription.active).toBe(true)
    carrier.open()
    far.publish('t', 'back')
    expect(heard).toEqual(['back'])
    expect(carrier.told.filter(entry => entry.includes('ada'))).toEqual(['open ada', '+ ada t'])
  })
})
