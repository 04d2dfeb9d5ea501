import { describe, expect, it } from 'vitest'
import { createHub, type Subscription } from '@earshot/core'

describe('guarantee 2: who a message is for', () => {
  it('lets a listener that is added meanwhile wait for the next message', () => {
    const session = createHub().openSession()
    const heard: unknown[] = []
    session.subscribe('a', ({ data }) => {
      if (data === 1) session.subscribe('a', message => heard.push(message.data))
    })
    session.publish('a', 1)
    expect(heard).toEqual([])
    session.publish('a', 2)
    expect(heard).toEqual([2])
  })

  it('takes the listeners at the publish, not at the delivery, when a publish waits', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    session.subscribe('start', () => {
      session.publish('a', 'before')
      session.subscribe('a', message => heard.push(String(message.data)))
      session.publish('a', 'after')
    })
    session.publish('start', 1)
    expect(heard).toEqual(['after'])
  })

  it('does not call a listener any more, not even for the message under way, once it is unsubscribed', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    const ends: Subscription[] = []
    session.subscribe('a', () => ends.forEach(subscription => subscription.unsubscribe()))
    ends.push(session.subscribe('a', () => heard.push('ended')))
    session.subscribe('a', () => heard.push('kept'))
    session.publish('a', 1)
    expect(heard).toEqual(['kept'])
  })

  it('does not call it for a message that waits either', () => {
    const session = createHub().openSession()
    const heard: unknown[] = []
    const subscription = session.subscribe('a', message => heard.push(message.data))
    session.subscribe('start', () => {
      session.publish('a', 1)
      subscription.unsubscribe()
    })
    session.publish('start', 1)
    expect(heard).toEqual([])
  })

  it.each(['unsubscribe', 'pattern', 'all', 'session', 'signal', 'topic', 'user', 'hub'])('holds for every way to end it: %s', way => {
    const hub = createHub()
    const [ender, session] = [hub.openSession(), hub.openSession({ userId: 'ada' })]
    const controller = new AbortController()
    const heard: unknown[] = []
    ender.subscribe('start', () => {
      session.publish('a/b', 'waits')
      if (way === 'unsubscribe') subscription.unsubscribe()
      if (way === 'pattern') session.unsubscribe('a/*')
      if (way === 'all') session.unsubscribeAll()
      if (way === 'session') session.close()
      if (way === 'signal') controller.abort()
      if (way === 'topic') hub.closeTopic('a/**')
      if (way === 'user') hub.closeUser('ada')
      if (way === 'hub') void hub.close()
    })
    const subscription = session.subscribe('a/*', message => heard.push(message.data), { signal: controller.signal })
    ender.publish('start', 1)
    expect(heard).toEqual([])
    expect(subscription.active).toBe(false)
    expect(hub.count('a/*')).toEqual({ 'a/*': 0 })
  })

  it('lets a listener end itself without a neighbour missing the message', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    const listen = (name: string): Subscription =>
      session.subscribe('a', (_message, own) => {
        heard.push(name)
        if (name === 'second') own.unsubscribe()
      })
    for (const name of ['first', 'second', 'third']) listen(name)
    session.publish('a', 1)
    session.publish('a', 2)
    expect(heard).toEqual(['first', 'second', 'third', 'first', 'third'])
  })

  it('ends with a message exactly the listeners of the session that closes in it', () => {
    const hub = createHub()
    const [one, two] = [hub.openSession(), hub.openSession()]
    const heard: string[] = []
    one.subscribe('a', () => {
      heard.push('one')
      one.close()
    })
    one.subscribe('*', () => heard.push('one, too'))
    two.subscribe('a', () => heard.push('two'))
    hub.publish('a', 1)
    hub.publish('a', 2)
    expect(heard).toEqual(['one', 'two', 'two'])
  })

  it('counts a listener that was ended and added again meanwhile as a new one', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    const late = (): number => heard.push('late')
    session.subscribe('a', ({ data }) => {
      if (data !== 1) return
      session.unsubscribe('a/late')
      session.subscribe(['a', 'a/late'], late)
    })
    session.subscribe('a/late', late)
    session.subscribe('a', (_message, own) => {
      heard.push('last')
      own.unsubscribe()
      session.subscribe('a', late)
    })
    session.publish('a', 1)
    expect(heard).toEqual(['last'])
    session.publish('a', 2)
    expect(heard).toEqual(['last', 'late', 'late'])
  })

  it('tells in the receipt how many listeners the publish was for', () => {
    const session = createHub().openSession()
    session.subscribe('a', () => session.unsubscribe('a'))
    session.subscribe('a', () => {})
    expect(session.publish('a', 1).listeners).toBe(2)
    expect(session.publish('a', 2).listeners).toBe(0)
  })

  it('counts only calls that were made', () => {
    const hub = createHub()
    const session = hub.openSession()
    session.subscribe('a', () => session.unsubscribe('a'))
    session.subscribe('a', () => {})
    session.publish('a', 1)
    expect(hub.stats().delivered).toBe(1)
  })
})
