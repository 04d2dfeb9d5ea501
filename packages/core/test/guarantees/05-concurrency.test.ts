import { describe, expect, it } from 'vitest'
import { createHub, type Drop, type EarshotError, type Message, type Overflow } from '@earshot/core'
import { runMicrotasks, testClock } from '../../src/testing/test-clock.ts'

/** A listener whose calls end by hand. */
function desk() {
  const begun: unknown[] = []
  const open: { data: unknown; end: () => void; fail: (error: unknown) => void }[] = []
  const listener = ({ data }: Message): Promise<void> => {
    begun.push(data)
    return new Promise((end, fail) => open.push({ data, end, fail }))
  }
  const settle = async (how: 'end' | 'fail' = 'end'): Promise<void> => {
    const call = open.shift()
    if (how === 'end') call?.end()
    else call?.fail(new Error(`failed ${String(call.data)}`))
    await runMicrotasks()
  }
  return { begun, open, listener, settle }
}

describe('guarantee 5: one message at a time with concurrency 1', () => {
  it('begins a call when the one before has ended, in order', async () => {
    const session = createHub().openSession()
    const { begun, listener, settle } = desk()
    session.subscribe('a', listener, { concurrency: 1 })
    for (const data of [1, 2, 3]) session.publish('a', data)
    expect(begun).toEqual([1])
    await settle()
    expect(begun).toEqual([1, 2])
    await settle()
    expect(begun).toEqual([1, 2, 3])
  })

  it('keeps one order over all patterns of the call', async () => {
    const session = createHub().openSession()
    const { begun, listener, settle } = desk()
    session.subscribe(['a/*', 'b/**'], listener, { concurrency: 1 })
    for (const topic of ['a/1', 'b/2', 'a/3', 'b/4']) session.publish(topic, topic)
    for (let i = 0; i < 4; i++) await settle()
    expect(begun).toEqual(['a/1', 'b/2', 'a/3', 'b/4'])
  })

  it('is not stopped by a rejection, which is reported once', async () => {
    const errors: EarshotError[] = []
    const session = createHub({ onError: error => errors.push(error) }).openSession()
    const { begun, listener, settle } = desk()
    const subscription = session.subscribe('a', listener, { concurrency: 1 })
    for (const data of [1, 2]) session.publish('a', data)
    await settle('fail')
    expect(begun).toEqual([1, 2])
    expect(errors.map(({ message, details }) => ({ message, details }))).toEqual([
      { message: 'A listener of a failed on "a": failed 1', details: { topic: 'a', subscription } },
    ])
    expect(subscription.active).toBe(true)
  })

  it('is not stopped by a listener that throws at once', async () => {
    const errors: EarshotError[] = []
    const session = createHub({ onError: error => errors.push(error) }).openSession()
    const heard: unknown[] = []
    const listener = ({ data }: Message): void => {
      heard.push(data)
      throw new Error('at once')
    }
    session.subscribe('a', listener, { concurrency: 1 })
    for (const data of [1, 2, 3]) session.publish('a', data)
    await runMicrotasks()
    expect(heard).toEqual([1, 2, 3])
    expect(errors).toHaveLength(3)
  })

  it('has 256 places in its queue unless the hub or the call says otherwise', async () => {
    for (const [hubCapacity, capacity, expected] of [[undefined, undefined, 256], [5, undefined, 5], [5, 3, 3]] as const) {
      const hub = createHub(hubCapacity === undefined ? {} : { capacity: hubCapacity })
      const session = hub.openSession()
      const { begun, listener, settle } = desk()
      session.subscribe('a', listener, capacity === undefined ? { concurrency: 1 } : { concurrency: 1, capacity })
      for (let data = 0; data < 300; data++) session.publish('a', data)
      expect(hub.stats().dropped).toBe(300 - 1 - expected)
      for (let i = 0; i < 300; i++) await settle()
      expect(begun).toEqual(Array.from({ length: expected + 1 }, (_, index) => index))
    }
  })

  it.each<[Overflow, unknown[], unknown[]]>([
    ['drop-newest', [0, 1, 2], [3, 4]],
    ['drop-oldest', [0, 3, 4], [1, 2]],
    ['latest', [0, 4], [1, 2, 3]],
  ])('follows %s when the queue is full', async (overflow, heard, lost) => {
    const clock = testClock()
    const hub = createHub({ clock })
    const session = hub.openSession()
    const dropped: unknown[] = []
    const reports: Drop[] = []
    hub.on('drop', drop => reports.push(drop))
    const { begun, listener, settle } = desk()
    session.subscribe('a', listener, { concurrency: 1, capacity: 2, overflow, onDrop: message => dropped.push(message.data) })
    for (const data of [0, 1, 2, 3, 4]) session.publish('a', data)
    for (let i = 0; i < 5; i++) await settle()
    expect(begun).toEqual(heard)
    expect(dropped).toEqual(lost)
    expect(hub.stats().dropped).toBe(lost.length)
    expect(reports).toEqual([{ topic: 'a', count: 1 }])
  })

  it('runs as many calls as concurrency says', async () => {
    const session = createHub().openSession()
    const { begun, open, listener, settle } = desk()
    session.subscribe('a', listener, { concurrency: 2 })
    for (const data of [1, 2, 3, 4]) session.publish('a', data)
    expect(begun).toEqual([1, 2])
    await settle()
    expect(begun).toEqual([1, 2, 3])
    expect(open).toHaveLength(2)
  })

  it('forgets what waits when it is unsubscribed, and the signal tells the call under way', async () => {
    const session = createHub().openSession()
    const { begun, listener, settle } = desk()
    const signals: AbortSignal[] = []
    const subscription = session.subscribe(
      'a',
      (message, { signal }) => {
        signals.push(signal)
        return listener(message)
      },
      { concurrency: 1 },
    )
    for (const data of [1, 2, 3]) session.publish('a', data)
    subscription.unsubscribe()
    expect(signals.map(signal => signal.aborted)).toEqual([true])
    await settle()
    expect(begun).toEqual([1])
  })

  it('says that it is closed when the call under way has ended', async () => {
    const session = createHub().openSession()
    const { listener, settle } = desk()
    const subscription = session.subscribe('a', listener, { concurrency: 1 })
    const seen: string[] = []
    void subscription.closed.then(reason => seen.push(reason))
    session.publish('a', 1)
    subscription.unsubscribe()
    await runMicrotasks()
    expect(seen).toEqual([])
    await settle()
    expect(seen).toEqual(['unsubscribed'])
  })

  it('does not hold back a publisher or another listener', () => {
    const session = createHub().openSession()
    const { begun, listener } = desk()
    const heard: unknown[] = []
    session.subscribe('a', listener, { concurrency: 1 })
    session.subscribe('a', message => heard.push(message.data))
    for (const data of [1, 2]) session.publish('a', data)
    expect(heard).toEqual([1, 2])
    expect(begun).toEqual([1])
  })

  it('without it, calls of an async listener overlap', () => {
    const session = createHub().openSession()
    const { begun, listener } = desk()
    session.subscribe('a', listener)
    for (const data of [1, 2, 3]) session.publish('a', data)
    expect(begun).toEqual([1, 2, 3])
  })
})
