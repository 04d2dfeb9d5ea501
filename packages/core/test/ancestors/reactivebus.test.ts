import { describe, expect, it } from 'vitest'
import { type CloseReason, createHub, type Drop, type EarshotError, type Message, type MessageStream } from '@earshot/core'
import { testClock } from '@earshot/core/testing'
import { MemoryTransport } from '../support/memory-transport.ts'

/** Reads all that is buffered. */
async function drain(stream: MessageStream): Promise<unknown[]> {
  const read: unknown[] = []
  while (stream.size > 0) read.push((await stream.next()).value?.data)
  return read
}

describe('ReactiveBus, row by row', () => {
  it('async for: a stream hears from the call on, not from the first pull', async () => {
    const session = createHub().openSession()
    const stream = session.stream('doc')
    session.publish('doc', 1)
    session.publish('doc', 2)
    const read: unknown[] = []
    for await (const m of stream) {
      read.push(m.data)
      if (read.length === 2) break
    }
    expect(read).toEqual([1, 2])
  })

  it('maxsize: the hub sets the default capacity, a stream its own, and what is no capacity is refused by its value', () => {
    const hub = createHub({ capacity: 2 })
    const session = hub.openSession()
    const [usual, own] = [session.stream('doc'), session.stream('doc', { capacity: 3 })]
    for (const value of [1, 2, 3, 4]) session.publish('doc', value)
    expect([usual.size, own.size]).toEqual([2, 3])
    for (const capacity of [-1, 0.5, NaN]) {
      const refusal = expect.objectContaining({ code: 'invalid-options', details: { name: 'capacity', value: capacity, limit: 0 } })
      expect(() => session.stream('doc', { capacity })).toThrow(refusal)
      expect(() => createHub({ capacity })).toThrow(`capacity is ${capacity}`)
    }
    expect(hub.stats().subscriptions).toBe(2)
  })

  it('maxsize: the policy of a full queue is a choice', async () => {
    const hub = createHub()
    const session = hub.openSession()
    const streams = (['drop-newest', 'drop-oldest', 'latest', 'error'] as const).map(overflow => session.stream('doc', { capacity: 2, overflow }))
    const failing = session.stream('doc', { capacity: 2, overflow: 'error' })
    for (const value of [1, 2, 3]) session.publish('doc', value)
    expect(await Promise.all(streams.map(drain))).toEqual([[1, 2], [2, 3], [3], [1, 2]])
    expect(await drain(failing)).toEqual([1, 2])
    await expect(failing.next()).rejects.toMatchObject({ code: 'overflow' })
    expect((await failing.next()).done).toBe(true)
    // `latest` let go of 1 and 2, the others of one each.
    expect(hub.stats().dropped).toBe(6)
  })

  it('emit_sync: never blocks, and a full queue costs its own subscriber alone', async () => {
    const session = createHub().openSession()
    const [full, roomy] = [session.stream('doc', { capacity: 1 }), session.stream('doc')]
    for (const value of [1, 2]) session.publish('doc', value)
    expect([await drain(full), await drain(roomy)]).toEqual([[1], [1, 2]])
  })

  it('counters: publishes count heard or not, drops per lost delivery, and skips by audience are no drops', () => {
    const hub = createHub()
    const session = hub.openSession()
    session.stream('doc', { capacity: 0 })
    session.stream('doc', { capacity: 0 })
    session.publish('doc', 1)
    session.publish('doc', 2, { to: 'nobody' })
    session.publish('unheard', 3)
    expect(hub.stats()).toMatchObject({ published: 3, dropped: 2, subscriptions: 2 })
    expect(hub.stats('doc')).toEqual({ published: 2, dropped: 2 })
    expect(hub.stats('unheard')).toEqual({ published: 1, dropped: 0 })
    expect(hub.count('doc', 'unheard')).toEqual({ doc: 2, unheard: 0 })
  })

  it('on_drop: the first drop of a topic is reported at once, then one per ten seconds with the count since', async () => {
    const clock = testClock()
    const hub = createHub({ clock })
    const drops: Drop[] = []
    hub.on('drop', drop => drops.push(drop))
    const session = hub.openSession()
    session.stream(['a', 'b'], { capacity: 0 })
    for (const topic of ['a', 'a', 'a', 'b']) session.publish(topic, 1)
    expect(drops.splice(0)).toEqual([{ topic: 'a', count: 1 }, { topic: 'b', count: 1 }])
    await clock.advance(9_999)
    session.publish('a', 1)
    expect(drops).toEqual([])
    await clock.advance(1)
    session.publish('a', 1)
    expect(drops).toEqual([{ topic: 'a', count: 4 }])
  })

  it('on_drop: a hook that throws is reported and harms nobody', () => {
    const hub = createHub()
    const errors: EarshotError[] = []
    hub.on('error', error => errors.push(error))
    hub.on('drop', () => {
      throw new Error('event')
    })
    const session = hub.openSession()
    const onDrop = (): void => {
      throw new Error('hook')
    }
    const [first, second] = [session.stream('doc', { capacity: 1, onDrop }), session.stream('doc')]
    expect(() => [1, 2].map(value => session.publish('doc', value))).not.toThrow()
    expect([first.size, second.size]).toEqual([1, 2])
    expect(errors.map(error => (error.cause instanceof Error ? error.cause.message : ''))).toEqual(['event', 'hook'])
  })

  it('audience: to names users, and a broadcast has one, too', () => {
    const hub = createHub()
    const heard: string[] = []
    for (const userId of ['ada', 'bob', 'cy']) {
      const session = hub.openSession({ userId })
      session.subscribe('doc', m => heard.push(`${userId} ${String(m.data)}`))
      session.onBroadcast(m => heard.push(`${userId} ${String(m.data)}`))
    }
    hub.publish('doc', 1, { to: 'ada' })
    hub.publish('doc', 2, { to: ['ada', 'cy'] })
    hub.broadcast(3, { to: 'bob' })
    expect(heard).toEqual(['ada 1', 'ada 2', 'cy 2', 'bob 3'])
  })

  it('audience: holds beyond the page, too', () => {
    const carrier = new MemoryTransport()
    const [here, there] = [createHub({ transport: carrier }), createHub({ transport: carrier })]
    const heard: string[] = []
    for (const userId of ['ada', 'bob']) there.openSession({ userId }).subscribe('doc', () => heard.push(userId))
    there.subscribe('doc', () => heard.push('no session'))
    carrier.open()
    here.publish('doc', 1, { to: 'bob' })
    here.publish('doc', 2, { to: [] })
    expect(heard).toEqual(['bob'])
  })

  it('ConnectionInfo: listeners tells the sessions on a topic, presence who says to be there, by user if wanted', () => {
    const hub = createHub()
    const [one, two] = [hub.openSession({ id: '1', userId: 'ada' }), hub.openSession({ id: '2', userId: 'ada' })]
    one.subscribe('doc', () => {})
    two.stream('doc')
    expect(hub.listeners('doc')).toEqual([{ id: '1', userId: 'ada' }, { id: '2', userId: 'ada' }])
    for (const session of [one, two]) session.presence('doc').enter({ tab: session.id })
    const presence = hub.openSession().presence('doc')
    expect(presence.members.map(({ id, data }) => [id, data])).toEqual([['1', { tab: '1' }], ['2', { tab: '2' }]])
    expect([...presence.byUser()].map(([user, tabs]) => [user, tabs.length])).toEqual([['ada', 2]])
  })

  it('on_disconnect: onClose tells why, once, on subscriptions as on streams', () => {
    const hub = createHub()
    const reasons: CloseReason[] = []
    const onClose = (reason: CloseReason): unknown => reasons.push(reason)
    const session = hub.openSession({ userId: 'ada' })
    const controller = new AbortController()
    session.subscribe('a', () => {}, { onClose }).unsubscribe()
    session.subscribe('b', () => {}, { onClose, signal: controller.signal })
    controller.abort()
    session.subscribe('c', () => {}, { onClose })
    hub.closeTopic('c')
    session.subscribe('d', () => {}, { onClose })
    hub.closeUser('ada')
    void session.stream('e', { onClose }).return()
    session.unsubscribeAll()
    session.close()
    expect(reasons).toEqual(['unsubscribed', 'aborted', 'closed', 'kicked', 'returned'])
  })

  it('origin: echo off at the publish or at the subscription keeps a session from hearing itself', () => {
    const hub = createHub()
    const [a, b] = [hub.openSession(), hub.openSession()]
    const heard: string[] = []
    a.subscribe('doc', m => heard.push(`a ${String(m.data)}`), { echo: false })
    b.subscribe('doc', m => heard.push(`b ${String(m.data)}`))
    a.publish('doc', 1)
    b.publish('doc', 2, { echo: false })
    b.publish('doc', 3)
    expect(heard).toEqual(['b 1', 'a 2', 'a 3', 'b 3'])
  })

  it('close and close_user: say how many they ended, and never evict what is queued', async () => {
    const hub = createHub()
    const session = hub.openSession({ userId: 'ada' })
    const streams = ['doc/1', 'doc/2', 'other'].map(topic => session.stream(topic, { capacity: 1 }))
    for (const topic of ['doc/1', 'doc/2', 'other']) session.publish(topic, topic)
    expect([hub.closeTopic('doc/*'), hub.closeUser('ada')]).toEqual([2, 1])
    expect(await Promise.all(streams.map(drain))).toEqual([['doc/1'], ['doc/2'], ['other']])
    expect(await Promise.all(streams.map(stream => stream.next()))).toEqual(streams.map(() => ({ done: true, value: undefined })))
  })
})

describe('ReactiveBus, what it does', () => {
  it('R01 refuses a queue size below zero by its value, and keeps 256 of 300 by default', () => {
    expect(() => createHub({ capacity: -1 })).toThrow('capacity is -1')
    // 0 has a meaning here: only a waiting reader gets it.
    expect(() => createHub({ capacity: 0 })).not.toThrow()
    const hub = createHub()
    const session = hub.openSession()
    const stream = session.stream('doc')
    for (let i = 0; i < 300; i++) session.publish('doc', i)
    expect([stream.size, hub.stats().dropped]).toEqual([256, 44])
  })

  it('R02 drops the newest of an idle subscriber and counts them', async () => {
    const hub = createHub()
    const session = hub.openSession()
    const stream = session.stream('doc', { capacity: 2 })
    for (let i = 0; i < 5; i++) session.publish('doc', i)
    expect(hub.stats()).toMatchObject({ published: 5, dropped: 3 })
    expect(await drain(stream)).toEqual([0, 1])
  })

  it('R04 counts a publish that nobody hears, and no drop', () => {
    const hub = createHub()
    hub.publish('doc', 1)
    expect(hub.stats()).toMatchObject({ published: 1, dropped: 0 })
  })

  it('R07 has no dots: doc and doc.* are names like any other', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    for (const pattern of ['*', 'doc', 'doc.*']) session.subscribe(pattern, m => heard.push(`${pattern} ${m.topic}`))
    session.publish('doc.1', 1)
    session.publish('doc*', 1)
    // The original has no wildcards at all; here a level that is `*` as a whole is one.
    expect(heard).toEqual(['* doc.1', '* doc*'])
  })

  it('R09 lets a closed stream be read to its end, and adds nothing more', async () => {
    const hub = createHub()
    const session = hub.openSession()
    const stream = session.stream('doc', { capacity: 5 })
    for (const value of [1, 2]) session.publish('doc', value)
    hub.closeTopic('doc')
    session.publish('doc', 3)
    const read: unknown[] = []
    for await (const m of stream) read.push(m.data)
    expect(read).toEqual([1, 2])
  })

  it('R13 closes what is unknown or closed already without a word, and lets one subscribe again', async () => {
    const hub = createHub()
    const session = hub.openSession()
    expect(hub.closeTopic('unknown')).toBe(0)
    session.stream('doc')
    expect([hub.closeTopic('**'), hub.closeTopic('**')]).toEqual([1, 0])
    const again = session.stream('doc')
    session.publish('doc', 1)
    expect(await drain(again)).toEqual([1])
  })

  it('R14 tells the end of a stream exactly once, however it ends', async () => {
    const hub = createHub()
    const session = hub.openSession()
    const reasons: CloseReason[] = []
    const onClose = (reason: CloseReason): unknown => reasons.push(reason)
    const controller = new AbortController()

    const broken = session.stream('doc', { onClose })
    session.publish('doc', 1)
    for await (const _ of broken) break

    const thrown = session.stream('doc', { onClose })
    session.publish('doc', 1)
    const failure = new Error('consumer')
    const consume = async (): Promise<void> => {
      for await (const _ of thrown) throw failure
    }
    await expect(consume()).rejects.toBe(failure)

    const aborted = session.stream('doc', { onClose, signal: controller.signal })
    controller.abort()
    const closed = session.stream('doc', { onClose })
    hub.closeTopic('doc')
    expect(reasons).toEqual(['returned', 'returned', 'aborted', 'closed'])

    await Promise.all([broken, thrown, aborted, closed].map(stream => stream.return()))
    session.close()
    await hub.close()
    expect(reasons).toHaveLength(4)
  })

  it('R17 brings a message for alice to both of her sessions and to nobody else', () => {
    const hub = createHub()
    const heard: string[] = []
    const sessions = [
      hub.openSession({ id: 'alice 1', userId: 'alice' }),
      hub.openSession({ id: 'alice 2', userId: 'alice' }),
      hub.openSession({ id: 'bob', userId: 'bob' }),
      hub.openSession({ id: 'no user' }),
    ]
    for (const session of sessions) session.subscribe('doc', () => heard.push(session.id))
    hub.subscribe('doc', () => heard.push('no session'))
    expect(hub.publish('doc', 1, { to: ['alice'] }).listeners).toBe(2)
    expect(heard.splice(0)).toEqual(['alice 1', 'alice 2'])
    expect(hub.publish('doc', 2, { to: [] }).listeners).toBe(0)
    expect(heard).toEqual([])
    expect(hub.publish('doc', 3).listeners).toBe(5)
    expect(heard).toEqual(['alice 1', 'alice 2', 'bob', 'no user', 'no session'])
    expect(hub.stats().dropped).toBe(0)
  })

  it('R19 lists the sessions on one topic, and not those without one', () => {
    const hub = createHub()
    hub.openSession({ id: 'ada', userId: 'ada' }).subscribe('doc', () => {})
    hub.openSession({ id: 'bob', userId: 'bob' }).subscribe('other', () => {})
    hub.subscribe('doc', () => {})
    expect(hub.listeners('doc')).toEqual([{ id: 'ada', userId: 'ada' }])
    expect(hub.listeners('empty')).toEqual([])
  })

  it('R21 calls the drop hook once, with the message that was dropped', () => {
    const session = createHub().openSession()
    const drops: [string, unknown][] = []
    session.stream('doc', { capacity: 1, onDrop: m => drops.push([m.topic, m.data]) })
    session.publish('doc', 'first')
    session.publish('doc', 'second')
    expect(drops).toEqual([['doc', 'second']])
  })

  it('R25 skips only the session’s own messages when echo is off', async () => {
    const hub = createHub()
    const [self, other] = [hub.openSession({ id: 'self' }), hub.openSession({ id: 'other' })]
    const [plain, quiet] = [self.stream('doc'), self.stream('doc', { echo: false })]
    self.publish('doc', 'own')
    other.publish('doc', 'other')
    hub.publish('doc', 'absent')
    expect(await drain(plain)).toEqual(['own', 'other', 'absent'])
    expect(await drain(quiet)).toEqual(['other', 'absent'])
  })

  it('R27 ends all subscriptions of a user and says how many', () => {
    const hub = createHub()
    const heard: string[] = []
    for (const topic of ['doc', 'other']) hub.openSession({ userId: 'alice' }).subscribe(topic, () => heard.push('alice'))
    hub.openSession({ userId: 'bob' }).subscribe('doc', () => heard.push('bob'))
    expect([hub.closeUser('alice'), hub.closeUser('alice'), hub.closeUser('nobody')]).toEqual([2, 0, 0])
    hub.publish('doc', 1)
    hub.publish('other', 1)
    expect(heard).toEqual(['bob'])
  })

  it('R29 lets a consumer publish to its own full-sized queue without a loss', async () => {
    const hub = createHub()
    const session = hub.openSession()
    const stream = session.stream('doc', { capacity: 1 })
    const read: Message[] = []
    session.publish('doc', 0)
    for await (const m of stream) {
      read.push(m)
      if (read.length === 5) break
      session.publish('doc', read.length)
    }
    expect(read.map(m => m.data)).toEqual([0, 1, 2, 3, 4])
    expect(hub.stats().dropped).toBe(0)
  })
})
