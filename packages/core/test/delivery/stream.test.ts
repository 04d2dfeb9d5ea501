import { describe, expect, it } from 'vitest'
import { createHub, type MessageStream } from '@earshot/core'

async function rest(stream: MessageStream): Promise<unknown[]> {
  const read: unknown[] = []
  for await (const message of stream) read.push(message.data)
  return read
}

describe('a stream', () => {
  it('listens to more patterns, and to fewer, while it runs', async () => {
    const hub = createHub()
    const session = hub.openSession()
    const stream = session.stream('a')
    expect([stream.add('b/*'), stream.add('b/*'), stream.add('a')]).toEqual([true, false, false])
    for (const topic of ['a', 'b/1', 'c']) session.publish(topic, topic)
    expect([stream.remove('a'), stream.remove('a'), stream.remove('unknown')]).toEqual([true, false, false])
    session.publish('a', 'no more')
    session.publish('b/2', 'b/2')
    expect(hub.count('a', 'b/*')).toEqual({ a: 0, 'b/*': 1 })
    session.close()
    expect(await rest(stream)).toEqual(['a', 'b/1', 'b/2'])
  })

  it('is alive without any pattern, and can be given one again', async () => {
    const session = createHub().openSession()
    const stream = session.stream('a')
    stream.remove('a')
    expect(stream.active).toBe(true)
    stream.add('b')
    session.publish('b', 1)
    expect((await stream.next()).value?.data).toBe(1)
  })

  it('takes no pattern after its end', async () => {
    const hub = createHub()
    const stream = hub.openSession().stream('a')
    await stream.return()
    expect([stream.add('b'), stream.remove('a')]).toEqual([false, false])
    expect(hub.stats().subscriptions).toBe(0)
  })

  it('is one target for all its patterns', () => {
    const session = createHub().openSession()
    const stream = session.stream(['a/b', 'a/*', '**', 'a/b'])
    expect(session.publish('a/b', 1).listeners).toBe(1)
    expect(stream.size).toBe(1)
  })

  it('serves reads in the order in which they were made', async () => {
    const session = createHub().openSession()
    const stream = session.stream('a')
    const reads = [stream.next(), stream.next(), stream.next()]
    for (const data of [1, 2, 3]) session.publish('a', data)
    expect((await Promise.all(reads)).map(result => result.value?.data)).toEqual([1, 2, 3])
    expect(stream.size).toBe(0)
  })

  it('has the capacity of its hub unless it is given one', () => {
    const session = createHub({ capacity: 2 }).openSession()
    const [own, given] = [session.stream('a'), session.stream('a', { capacity: 3 })]
    for (let data = 0; data < 5; data++) session.publish('a', data)
    expect([own.size, given.size]).toEqual([2, 3])
  })

  it('does not hear its own session with echo off', () => {
    const hub = createHub()
    const [one, two] = [hub.openSession(), hub.openSession()]
    const stream = one.stream('a', { echo: false })
    expect(one.publish('a', 1).listeners).toBe(0)
    expect(two.publish('a', 2).listeners).toBe(1)
    expect(stream.size).toBe(1)
  })

  it('is not what unsubscribe ends', () => {
    const session = createHub().openSession()
    const stream = session.stream('a')
    expect(session.unsubscribe('a')).toBe(0)
    expect(session.unsubscribeAll()).toBe(0)
    expect(stream.active).toBe(true)
  })

  it('loses only the patterns within a topic that is closed', () => {
    const hub = createHub()
    const session = hub.openSession()
    const stream = session.stream(['a/1', 'b'])
    expect(hub.closeTopic('a/*')).toBe(1)
    expect(stream.active).toBe(true)
    expect(hub.topics()).toEqual(['b'])
    expect(hub.closeTopic('**')).toBe(1)
    expect(stream.active).toBe(false)
  })

  it('ends by using', async () => {
    const hub = createHub()
    const session = hub.openSession()
    {
      using stream = session.stream('a')
      expect(stream.active).toBe(true)
    }
    expect(hub.stats().subscriptions).toBe(0)
  })

  it('lets go of its signal', async () => {
    const controller = new AbortController()
    let listeners = 0
    const { signal } = controller
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--
      remove(...args)
    }
    const session = createHub().openSession()
    const stream = session.stream('a', { signal })
    const subscription = session.subscribe('a', () => {}, { signal })
    expect(listeners).toBe(2)
    await stream.return()
    subscription.unsubscribe()
    expect(listeners).toBe(0)
  })

  it('reads what its own loop publishes, with room for one', async () => {
    const hub = createHub()
    const session = hub.openSession()
    const stream = session.stream('a', { capacity: 1 })
    session.publish('a', 0)
    const read: unknown[] = []
    for await (const { data } of stream) {
      read.push(data)
      if (data === 4) break
      session.publish('a', Number(data) + 1)
    }
    expect(read).toEqual([0, 1, 2, 3, 4])
    expect(hub.stats().dropped).toBe(0)
  })

  it('lets a listener of its end open another', () => {
    const hub = createHub()
    const session = hub.openSession()
    let next: MessageStream | undefined
    const stream = session.stream('a', { onClose: () => (next = session.stream('a')) })
    stream[Symbol.dispose]()
    expect(next?.active).toBe(true)
    expect(hub.count('a')).toEqual({ a: 1 })
  })
})
