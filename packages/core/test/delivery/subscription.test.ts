import { describe, expect, it } from 'vitest'
import { type CloseReason, createHub, type Hub, type Session, type Subscription } from '@earshot/core'

const ends: [string, CloseReason, (subscription: Subscription, session: Session, hub: Hub, controller: AbortController) => unknown][] = [
  ['unsubscribe()', 'unsubscribed', subscription => subscription.unsubscribe()],
  ['dispose', 'unsubscribed', subscription => subscription[Symbol.dispose]()],
  ['session.unsubscribe()', 'unsubscribed', (_, session) => session.unsubscribe('a')],
  ['session.unsubscribeAll()', 'unsubscribed', (_, session) => session.unsubscribeAll()],
  ['abort', 'aborted', (_subscription, _session, _hub, controller) => controller.abort()],
  ['session.close()', 'closed', (_, session) => session.close()],
  ['closeTopic()', 'closed', (_subscription, _session, hub) => hub.closeTopic('a')],
  ['closeUser()', 'kicked', (_subscription, _session, hub) => hub.closeUser('ada')],
  ['hub.close()', 'closed', (_subscription, _session, hub) => hub.close()],
]

describe('a subscription', () => {
  it.each(ends)('ends once with its reason by %s: %s', async (_name, reason, end) => {
    const hub = createHub()
    const session = hub.openSession({ userId: 'ada' })
    const controller = new AbortController()
    const reasons: CloseReason[] = []
    const subscription = session.subscribe('a', () => {}, { signal: controller.signal, onClose: why => reasons.push(why) })
    const { closed, signal } = subscription
    expect([subscription.active, signal.aborted]).toEqual([true, false])
    await end(subscription, session, hub, controller)
    expect([subscription.active, signal.aborted]).toEqual([false, true])
    for (const [, , other] of ends) await other(subscription, session, hub, controller)
    expect(reasons).toEqual([reason])
    expect(await closed).toBe(reason)
    expect(await subscription.closed).toBe(reason)
    expect(subscription.signal.aborted).toBe(true)
    expect(hub.stats()).toMatchObject({ subscriptions: 0, sessions: 0 })
  })

  it('has a signal that is there and fired when it is first read after the end', () => {
    const subscription = createHub().subscribe('a', () => {})
    subscription.unsubscribe()
    expect(subscription.signal.aborted).toBe(true)
    expect(subscription.signal).toBe(subscription.signal)
  })

  it('gives its listener a handle to end by and a signal to work with', () => {
    const session = createHub().openSession()
    const seen: unknown[] = []
    const subscription = session.subscribe('a', (_message, own) => {
      seen.push(own, own.signal.aborted)
      own.unsubscribe()
      seen.push(own.signal.aborted)
    })
    session.publish('a', 1)
    expect(seen).toEqual([subscription, false, true])
  })

  it('ends by using', () => {
    const hub = createHub()
    {
      using subscription = hub.subscribe('a', () => {})
      expect(subscription.active).toBe(true)
      expect(hub.hasSubscribers('a')).toBe(true)
    }
    expect(hub.hasSubscribers()).toBe(false)
  })

  it('tells what was subscribed', () => {
    const session = createHub().openSession()
    expect(session.subscribe('a/*', () => {}).pattern).toBe('a/*')
    expect(session.subscribe(['a', 'b', 'a'], () => {}).pattern).toEqual(['a', 'b'])
  })

  it('does not change with the array it was given', () => {
    const hub = createHub()
    const patterns = ['a', 'b']
    const subscription = hub.openSession().subscribe(patterns, () => {})
    patterns.push('c')
    expect(hub.topics().sort()).toEqual(['a', 'b'])
    subscription.unsubscribe()
    expect(hub.topics()).toEqual([])
  })

  it('with own is never shared and not ended by pattern', () => {
    const session = createHub().openSession()
    const listener = (): void => {}
    const shared = session.subscribe('a', listener)
    const own = session.subscribe('a', listener, { own: true })
    expect(own).not.toBe(shared)
    expect(session.publish('a', 1).listeners).toBe(2)
    expect(session.unsubscribe('a')).toBe(1)
    expect([shared.active, own.active]).toEqual([false, true])
    session.close()
    expect(own.active).toBe(false)
  })

  it('with echo off does not hear its own session, but others and the hub', () => {
    const hub = createHub()
    const [one, two] = [hub.openSession(), hub.openSession()]
    const heard: unknown[] = []
    one.subscribe('a', message => heard.push(message.data), { echo: false })
    expect([one.publish('a', 1), two.publish('a', 2), hub.publish('a', 3)].map(receipt => receipt.listeners)).toEqual([0, 1, 1])
    expect(heard).toEqual([2, 3])
  })

  it('is ready at once without a transport, whatever past it asks for', async () => {
    const session = createHub().openSession()
    const heard: unknown[] = []
    session.publish('a', 'before')
    await session.subscribe('a', message => heard.push(message.data), { replay: 10 }).ready
    await session.ready
    expect(heard).toEqual([])
    expect(await session.history('a')).toEqual([])
  })

  it('reports an onClose that throws and ends all the same', () => {
    const errors: unknown[] = []
    const hub = createHub({ onError: error => errors.push(error.cause) })
    const failure = new Error('in onClose')
    const subscription = hub.subscribe('a', () => {}, {
      onClose: () => {
        throw failure
      },
    })
    subscription.unsubscribe()
    expect(errors).toEqual([failure])
    expect(hub.stats().subscriptions).toBe(0)
  })
})

describe('session.unsubscribe', () => {
  it('ends exactly what was subscribed on this pattern, and says how many', () => {
    const session = createHub().openSession()
    for (const pattern of ['a', 'a', 'a/*']) session.subscribe(pattern, () => {})
    session.subscribe(['a', 'b'], () => {})
    expect(session.unsubscribe('a')).toBe(2)
    expect(session.unsubscribe('a')).toBe(0)
    expect(session.unsubscribe(['b', 'a'])).toBe(1)
    expect(session.unsubscribe('never')).toBe(0)
    expect(session.publish('a/1', 1).listeners).toBe(1)
  })

  it('keeps topics and broadcasts apart', () => {
    const hub = createHub()
    const session = hub.openSession()
    session.subscribe('a', () => {})
    session.subscribe('**', () => {})
    session.onBroadcast(() => {})
    session.onBroadcast(() => {})
    expect(session.broadcast(1).listeners).toBe(2)
    expect(session.unsubscribeAll()).toBe(2)
    expect(session.broadcast(1).listeners).toBe(2)
    session.subscribe('a', () => {})
    expect(session.offBroadcast()).toBe(2)
    expect(session.offBroadcast()).toBe(0)
    expect(session.broadcast(1).listeners).toBe(0)
    expect(session.publish('a', 1).listeners).toBe(1)
  })

  it('leaves other sessions alone', () => {
    const hub = createHub()
    const [one, two] = [hub.openSession(), hub.openSession()]
    for (const session of [one, two]) session.subscribe('a', () => {})
    one.unsubscribe('a')
    expect(hub.count('a')).toEqual({ a: 1 })
  })
})
