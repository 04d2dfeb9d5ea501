import { describe, expect, it } from 'vitest'
import { createHub } from '@earshot/core'
import { refusal } from '../support/refusal.ts'

const payloads: unknown[] = [0, -0, Number.NaN, '', false, null, [], {}, 0n]

describe('guarantee 7: falsy data survives', () => {
  it.each(payloads)('brings %o to listeners, broadcasts, streams, channels, queues and shared state', async data => {
    const session = createHub().openSession()
    const heard: unknown[] = []
    const stream = session.stream('rooms/*')
    session.subscribe('rooms/a', message => heard.push(message.data))
    session.subscribe('rooms/a', message => heard.push(message.data), { concurrency: 1 })
    session.channel('rooms').on('a', message => heard.push(message.data))
    session.publish('rooms/a', data)
    session.onBroadcast(message => heard.push(message.data))
    session.broadcast(data)
    const state = session.state('settings/x', 'initial')
    state.set(data)
    const read = await stream.next()
    for (const each of [...heard, read.value?.data, state.get()]) expect(each).toBe(data)
    expect(heard).toHaveLength(4)
    expect(read.done).toBe(false)
  })

  it.each(payloads)('keeps %o as data of a member', data => {
    const presence = createHub().openSession().presence('rooms')
    presence.enter(data)
    expect(presence.self?.data).toBe(data)
  })

  it('refuses undefined, with the remedy, and publishes nothing', () => {
    const hub = createHub()
    const session = hub.openSession()
    session.subscribe('**', () => {
      throw new Error('It was heard')
    })
    session.onBroadcast(() => {
      throw new Error('It was heard')
    })
    const before = hub.stats()
    for (const call of [() => session.publish('a', undefined), () => hub.publish('a', undefined), () => session.broadcast(undefined), () => hub.broadcast(undefined)]) {
      expect(refusal(call, 'invalid-data').message).toContain('publish null')
    }
    expect(hub.stats()).toEqual(before)
  })
})
