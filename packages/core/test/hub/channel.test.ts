import { describe, expect, it } from 'vitest'
import { type CloseReason, createHub, type Message } from '@earshot/core'

const nothing = (): void => {}

describe('a channel', () => {
  it('puts its name before events', () => {
    const hub = createHub()
    const session = hub.openSession()
    const heard: string[] = []
    const room = session.channel('rooms/42')
    room.on('typing', (message: Message) => heard.push(message.topic))
    expect(room.send('typing', 1).listeners).toBe(1)
    hub.publish('rooms/42/typing', 1)
    hub.publish('rooms/42/typing/more', 1)
    hub.publish('rooms/42', 1)
    expect([room.name, heard]).toEqual(['rooms/42', ['rooms/42/typing', 'rooms/42/typing']])
  })

  it('takes globs, where all else is literal', () => {
    const room = createHub().openSession().channel('room')
    const heard: Record<string, string[]> = {}
    for (const event of ['ev*', 'e?', '[ab]*', 'a.b', '*']) {
      heard[event] = []
      room.on(event, (message: Message) => heard[event]?.push(message.topic.slice('room/'.length)))
    }
    for (const event of ['event', 'ev', 'a.b', 'axb', 'Ev']) room.send(event, 1)
    expect(heard).toEqual({ 'ev*': ['event', 'ev'], 'e?': ['ev'], '[ab]*': ['a.b', 'axb'], 'a.b': ['a.b'], '*': ['event', 'ev', 'a.b', 'axb', 'Ev'] })
  })

  it('nests', () => {
    const session = createHub().openSession()
    const inner = session.channel('a/b').channel('c').channel('d/e')
    const heard: string[] = []
    session.subscribe('**', message => heard.push(message.topic))
    inner.send('f', 1)
    expect([inner.name, heard]).toEqual(['a/b/c/d/e', ['a/b/c/d/e/f']])
  })

  it('gives the same handle for the same listener and event, until it ends', () => {
    const room = createHub().openSession().channel('room')
    const first = room.on('a', nothing)
    expect(room.on('a', nothing, { echo: false })).toBe(first)
    expect(room.on('a*', nothing)).not.toBe(first)
    first.unsubscribe()
    expect(room.on('a', nothing)).not.toBe(first)
  })

  it('shares nothing with other handles on the same name, nor with the session', () => {
    const hub = createHub()
    const session = hub.openSession()
    const [one, two] = [session.channel('room'), session.channel('room')]
    const first = one.on('*', nothing)
    expect(two.on('*', nothing)).not.toBe(first)
    expect(session.subscribe('room/*', nothing)).not.toBe(first)
    expect(one.on('*', nothing, { own: true })).not.toBe(first)
    expect([session.unsubscribe('room/*'), session.unsubscribeAll()]).toEqual([1, 0])
    one.close()
    expect(hub.count('room/*')).toEqual({ 'room/*': 1 })
  })

  it('passes options on', () => {
    const session = createHub().openSession()
    const room = session.channel('room')
    const heard: unknown[] = []
    const reasons: CloseReason[] = []
    const controller = new AbortController()
    room.on('a', message => heard.push(message.data), { echo: false, signal: controller.signal, onClose: reason => reasons.push(reason) })
    room.send('a', 1)
    controller.abort()
    room.close()
    expect([heard, reasons]).toEqual([[], ['aborted']])
  })

  it('sends with options', () => {
    const hub = createHub()
    const [one, two] = [hub.openSession(), hub.openSession()]
    for (const session of [one, two]) session.channel('room').on('a', nothing)
    expect(one.channel('room').send('a', 1, { echo: false }).listeners).toBe(1)
  })

  it('close ends what this handle started and nothing else', () => {
    const hub = createHub()
    const session = hub.openSession()
    const [one, two] = [session.channel('room'), session.channel('room')]
    const inner = one.channel('inner')
    const ended = [one.on('a', nothing), inner.on('b', nothing)]
    const kept = [two.on('a', nothing), session.subscribe('room/*', nothing)]
    one.presence.enter()
    two.presence.enter()
    inner.presence.enter()
    one.close()
    one.close()
    expect(ended.map(each => each.active)).toEqual([false, false])
    expect(kept.map(each => each.active)).toEqual([true, true])
    expect(session.presence('room/inner').members).toEqual([])
    expect(() => inner.send('b', 1)).toThrow('closed')
    expect(two.send('a', 1).listeners).toBe(2)
  })

  it('is not what session.unsubscribe ends', () => {
    const session = createHub().openSession()
    const subscription = session.channel('room').on('a', nothing)
    expect([session.unsubscribe('room/*'), session.unsubscribeAll(), subscription.active]).toEqual([0, 0, true])
  })

  it('ends with its session, for that reason', () => {
    const hub = createHub()
    const session = hub.openSession()
    const reasons: CloseReason[] = []
    session.channel('room').channel('inner').on('a', nothing, { onClose: reason => reasons.push(reason) })
    session.close()
    expect([reasons, hub.stats().subscriptions]).toEqual([['closed'], 0])
  })

  it('ends by using', () => {
    const hub = createHub()
    const session = hub.openSession()
    {
      using room = session.channel('room')
      room.on('a', nothing)
    }
    expect(hub.stats().subscriptions).toBe(0)
  })

  it('has one presence, that of its name', () => {
    const session = createHub().openSession()
    const room = session.channel('room')
    expect(room.presence).toBe(room.presence)
    room.presence.enter('here')
    expect(session.presence('room').self?.data).toBe('here')
  })

  it('reports a failing listener under the pattern it listens to', () => {
    const errors: string[] = []
    const room = createHub({ onError: error => errors.push(error.message) }).openSession().channel('room')
    room.on('a', () => {
      throw new Error('broken')
    })
    room.send('a', 1)
    room.send('b', 1)
    expect(errors).toEqual(['A listener of room/* failed on "room/a": broken'])
  })
})
