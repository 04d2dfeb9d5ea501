import { describe, expect, it } from 'vitest'
import { type CloseReason, createHub, type Drop, type Hub, type MessageStream, type Session } from '@earshot/core'
import { runMicrotasks, testClock } from '../../src/testing/test-clock.ts'
import { rejection } from '../support/refusal.ts'

function opened(): { hub: Hub; session: Session } {
  const hub = createHub()
  return { hub, session: hub.openSession({ userId: 'ada' }) }
}

/** All that a stream still gives. */
async function drain(stream: MessageStream): Promise<unknown[]> {
  const read: unknown[] = []
  for await (const message of stream) read.push(message.data)
  return read
}

describe('guarantee 6: streams', () => {
  it('listen from the call on, not from the first pull', async () => {
    const { session } = opened()
    session.publish('a', 'too early')
    const stream = session.stream('a')
    session.publish('a', 'in time')
    expect((await stream.next()).value?.data).toBe('in time')
  })

  it.each<[string, CloseReason, (stream: MessageStream, session: Session, hub: Hub, controller: AbortController) => Promise<void>]>([
    ['break', 'returned', async stream => {
      for await (const _ of stream) break
    }],
    ['throw in the loop', 'returned', async stream => {
      const loop = async (): Promise<void> => {
        for await (const _ of stream) throw new Error('in the loop')
      }
      await expect(loop()).rejects.toThrow('in the loop')
    }],
    ['return()', 'returned', async stream => {
      expect(await stream.return()).toEqual({ done: true, value: undefined })
    }],
    ['throw()', 'returned', async stream => {
      await expect(stream.throw?.(new Error('given'))).rejects.toThrow('given')
    }],
    ['dispose', 'returned', async stream => stream[Symbol.dispose]()],
    ['abort', 'aborted', async (_stream, _session, _hub, controller) => controller.abort()],
    ['closing the session', 'closed', async (_stream, session) => session.close()],
    ['closing the topic', 'closed', async (_stream, _session, hub) => void hub.closeTopic('a')],
    ['closing the user', 'kicked', async (_stream, _session, hub) => void hub.closeUser('ada')],
    ['closing the hub', 'closed', async (_stream, _session, hub) => hub.close()],
  ])('are released at once by %s', async (_name, expected, end) => {
    const { hub, session } = opened()
    const controller = new AbortController()
    const reasons: CloseReason[] = []
    const stream = session.stream('a', { signal: controller.signal, onClose: reason => reasons.push(reason) })
    session.publish('a', 1)
    expect(hub.count('a')).toEqual({ a: 1 })
    await end(stream, session, hub, controller)
    expect(hub.count('a')).toEqual({ a: 0 })
    expect(stream.active).toBe(false)
    expect(reasons).toEqual([expected])
    controller.abort()
    await stream.return()
    session.close()
    await hub.close()
    expect(reasons).toEqual([expected])
  })

  it.each<[string, unknown[], (stream: MessageStream, session: Session, hub: Hub, controller: AbortController) => unknown]>([
    ['session.close()', [1, 2], (_stream, session) => session.close()],
    ['hub.closeTopic()', [1, 2], (_stream, _session, hub) => hub.closeTopic('**')],
    ['hub.closeUser()', [1, 2], (_stream, _session, hub) => hub.closeUser('ada')],
    ['hub.close()', [1, 2], (_stream, _session, hub) => hub.close()],
    ['return()', [], stream => stream.return()],
    ['abort', [], (_stream, _session, _hub, controller) => controller.abort()],
  ])('after %s give what is buffered: %j', async (_name, expected, end) => {
    const { hub, session } = opened()
    const controller = new AbortController()
    const stream = session.stream('a', { signal: controller.signal })
    for (const data of [1, 2]) session.publish('a', data)
    await end(stream, session, hub, controller)
    if (!session.closed) session.publish('a', 'too late')
    expect(await drain(stream)).toEqual(expected)
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  it('end a read that waits, whatever closes them', async () => {
    for (const end of [(stream: MessageStream) => void stream.return(), (_: MessageStream, session: Session) => session.close()]) {
      const { session } = opened()
      const stream = session.stream('a')
      const waiting = [stream.next(), stream.next()]
      end(stream, session)
      expect(await Promise.all(waiting)).toEqual([{ done: true, value: undefined }, { done: true, value: undefined }])
    }
  })

  it('end a loop quietly on abort, inside its body, too', async () => {
    const { session } = opened()
    const controller = new AbortController()
    const stream = session.stream('a', { signal: controller.signal })
    for (const data of [1, 2, 3]) session.publish('a', data)
    const read: unknown[] = []
    for await (const message of stream) {
      read.push(message.data)
      if (message.data === 2) controller.abort(new Error('enough'))
    }
    expect(read).toEqual([1, 2])
  })

  it('with a signal that has fired already begin ended', async () => {
    const { hub, session } = opened()
    const reasons: CloseReason[] = []
    const stream = session.stream('a', { signal: AbortSignal.abort(), onClose: reason => reasons.push(reason) })
    expect(stream.active).toBe(false)
    expect(reasons).toEqual(['aborted'])
    expect(await drain(stream)).toEqual([])
    expect(hub.stats()).toMatchObject({ subscriptions: 0, sessions: 1 })
  })

  it('keep 256 messages and refuse what comes then, unless told otherwise', async () => {
    const { hub, session } = opened()
    const stream = session.stream('a')
    for (let data = 0; data < 300; data++) session.publish('a', data)
    expect(stream.size).toBe(256)
    expect(hub.stats().dropped).toBe(44)
    session.close()
    expect(await drain(stream)).toEqual(Array.from({ length: 256 }, (_, index) => index))
  })

  it('with drop-oldest make room for what comes', async () => {
    const { session } = opened()
    const stream = session.stream('a', { capacity: 3, overflow: 'drop-oldest' })
    for (const data of [1, 2, 3, 4, 5]) session.publish('a', data)
    session.close()
    expect(await drain(stream)).toEqual([3, 4, 5])
  })

  it('with latest keep the newest of each topic, and of the newest topics', async () => {
    const { session } = opened()
    const stream = session.stream('*', { capacity: 2, overflow: 'latest' })
    for (const [topic, data] of [['a', 1], ['b', 2], ['a', 3], ['c', 4], ['c', 5]] as const) session.publish(topic, data)
    session.close()
    expect(await drain(stream)).toEqual([3, 5])
  })

  it('with error throw after what is buffered, and are closed then', async () => {
    const { hub, session } = opened()
    const reasons: CloseReason[] = []
    const stream = session.stream('a', { capacity: 2, overflow: 'error', onClose: reason => reasons.push(reason) })
    for (const data of [1, 2, 3]) session.publish('a', data)
    expect(hub.count('a')).toEqual({ a: 0 })
    expect(reasons).toEqual(['closed'])
    const read: unknown[] = []
    const loop = async (): Promise<void> => {
      for await (const message of stream) read.push(message.data)
    }
    const error = await rejection(loop(), 'overflow')
    expect(error.message).toContain('queue of 2')
    expect(read).toEqual([1, 2])
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  it('with capacity 0 hand over to a waiting reader only', async () => {
    const { hub, session } = opened()
    const stream = session.stream('a', { capacity: 0 })
    session.publish('a', 'nobody waits')
    const next = stream.next()
    session.publish('a', 'taken')
    session.publish('a', 'nobody waits')
    expect((await next).value?.data).toBe('taken')
    expect(hub.stats().dropped).toBe(2)
  })

  it('count and report what they drop, once per topic in ten seconds, the first at once', () => {
    const clock = testClock()
    const hub = createHub({ clock })
    const session = hub.openSession()
    const reports: Drop[] = []
    const dropped: unknown[] = []
    hub.on('drop', drop => reports.push(drop))
    session.stream('*', { capacity: 1, onDrop: message => dropped.push(message.data) })
    for (let data = 0; data < 5; data++) session.publish('a', data)
    expect(reports).toEqual([{ topic: 'a', count: 1 }])
    session.publish('b', 5)
    expect(reports).toEqual([{ topic: 'a', count: 1 }, { topic: 'b', count: 1 }])
    void clock.advance(10_000)
    return runMicrotasks().then(() => {
      session.publish('a', 6)
      expect(reports.at(-1)).toEqual({ topic: 'a', count: 4 })
      expect(dropped).toEqual([1, 2, 3, 4, 5, 6])
      expect(hub.stats().dropped).toBe(6)
      expect(hub.stats('a').dropped).toBe(5)
    })
  })

  it('do not let a drop hook that throws disturb anybody', () => {
    const errors: unknown[] = []
    const hub = createHub({ onError: error => errors.push(error.cause) })
    const session = hub.openSession()
    const cause = new Error('hook')
    session.stream('a', {
      capacity: 0,
      onDrop: () => {
        throw cause
      },
    })
    session.publish('a', 1)
    expect(errors).toEqual([cause])
    expect(hub.stats().dropped).toBe(1)
  })
})
