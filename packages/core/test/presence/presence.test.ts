import { describe, expect, it } from 'vitest'
import { createHub, type PresenceEvent } from '@earshot/core'
import { testClock } from '../../src/testing/test-clock.ts'
import { refusal } from '../support/refusal.ts'

function room() {
  const clock = testClock(1000)
  const errors: unknown[] = []
  const hub = createHub({ clock, onError: error => errors.push(error.cause) })
  const ada = hub.openSession({ id: 'ada-1', userId: 'ada' })
  const bob = hub.openSession({ id: 'bob-1', userId: 'bob' })
  return { clock, hub, ada, bob, errors }
}

describe('presence', () => {
  it('shows those who entered to everyone, the observer without an entry included', async () => {
    const { ada, bob } = room()
    const [one, two] = [ada.presence('room'), bob.presence('room')]
    await two.ready
    one.enter({ status: 'here' })
    expect(two.members).toEqual([{ id: 'ada-1', userId: 'ada', data: { status: 'here' }, since: 1000, clock: one.self?.clock }])
    expect(two.self).toBeUndefined()
    expect(two.topic).toBe('room')
  })

  it('tells of enter, update and leave', async () => {
    const { ada, bob, clock } = room()
    const [one, two] = [ada.presence('room'), bob.presence('room')]
    const heard: unknown[] = []
    two.subscribe(({ type, member }) => heard.push([type, member.id, member.data, member.since]))
    one.enter('a')
    await clock.advance(50)
    one.update('b')
    one.enter('c')
    one.leave()
    one.leave()
    expect(heard).toEqual([
      ['enter', 'ada-1', 'a', 1000],
      ['update', 'ada-1', 'b', 1000],
      ['update', 'ada-1', 'c', 1000],
      ['leave', 'ada-1', 'c', 1000],
    ])
  })

  it('replaces data and never merges; a function gets what it was', () => {
    const { ada } = room()
    const presence = ada.presence('room')
    presence.update((old: unknown) => ({ old, first: true }))
    expect(presence.self?.data).toEqual({ old: undefined, first: true })
    presence.update((old: unknown) => ({ old, second: true }))
    expect(presence.self?.data).toEqual({ old: { old: undefined, first: true }, second: true })
    presence.update({ third: true })
    expect(presence.self?.data).toEqual({ third: true })
  })

  it('folds sessions of one user', () => {
    const { hub, ada, bob } = room()
    const tabs = [ada, bob, hub.openSession({ id: 'ada-2', userId: 'ada' }), hub.openSession({ id: 'anonymous' })]
    for (const session of tabs) session.presence('room').enter()
    const users = ada.presence('room').byUser()
    expect([...users].map(([key, members]) => [key, members.map(({ id }) => id)])).toEqual([
      ['ada', ['ada-1', 'ada-2']],
      ['bob', ['bob-1']],
      ['anonymous', ['anonymous']],
    ])
  })

  it('finds a member by its session id, the same object until it changes', () => {
    const { ada, bob } = room()
    const [one, two] = [ada.presence('room'), bob.presence('room')]
    expect(two.get('ada-1')).toBeUndefined()
    one.enter('here')
    const found = two.get('ada-1')
    expect(found).toBe(one.self)
    two.enter()
    expect(two.get('ada-1')).toBe(found)
    one.update('away')
    expect(two.get('ada-1')?.data).toBe('away')
    one.leave()
    expect(two.get('ada-1')).toBeUndefined()
  })

  it('keeps its snapshots until something changes, the same in all handles', () => {
    const { ada, bob } = room()
    const [one, two] = [ada.presence('room'), bob.presence('room')]
    one.enter()
    const [members, users] = [one.members, one.byUser()]
    expect([two.members, two.byUser()]).toEqual([members, users])
    expect(two.members).toBe(members)
    expect(two.byUser()).toBe(users)
    bob.presence('another').enter()
    expect(one.members).toBe(members)
    two.enter()
    expect(one.members).not.toBe(members)
    expect(members).toHaveLength(1)
  })

  it('keeps topics apart', () => {
    const { ada } = room()
    ada.presence('a').enter()
    expect(ada.presence('b').members).toEqual([])
    expect(ada.presence('a').members).toHaveLength(1)
  })

  it('close ends what the handle started and nothing else', () => {
    const { ada, bob } = room()
    const [entered, observing, other] = [ada.presence('room'), ada.presence('room'), bob.presence('room')]
    const heard: string[] = []
    entered.subscribe(({ type }) => heard.push(`entered ${type}`))
    observing.subscribe(({ type }) => heard.push(`observing ${type}`))
    entered.enter()
    observing.close()
    expect(other.members).toHaveLength(1)
    entered.close()
    entered.close()
    expect(other.members).toEqual([])
    expect(heard).toEqual(['entered enter', 'observing enter', 'entered leave'])
    other.enter()
    expect(heard).toHaveLength(3)
  })

  it('of a handle that is closed refuses to enter and ignores the rest', () => {
    const { ada } = room()
    const [closed, open] = [ada.presence('room'), ada.presence('room')]
    open.enter('open')
    closed.close()
    expect(refusal(() => closed.enter(), 'session-closed').message).toContain('ask the session for a new one')
    refusal(() => closed.update(1), 'session-closed')
    closed.leave()
    closed.subscribe(() => {
      throw new Error('It was called')
    })
    expect(open.self?.data).toBe('open')
  })

  it('ends with its session', () => {
    const { ada, bob } = room()
    const watching = bob.presence('room')
    const heard: string[] = []
    watching.subscribe(({ type }) => heard.push(type))
    for (const topic of ['room', 'hall']) ada.presence(topic).enter()
    ada.close()
    expect(heard).toEqual(['enter', 'leave'])
    expect(bob.presence('hall').members).toEqual([])
  })

  it('leaves by using', () => {
    const { ada, bob } = room()
    {
      using presence = ada.presence('room')
      presence.enter()
      expect(bob.presence('room').members).toHaveLength(1)
    }
    expect(bob.presence('room').members).toEqual([])
  })

  it('enters anew after leaving, as a newcomer', async () => {
    const { ada, clock } = room()
    const presence = ada.presence('room')
    presence.enter()
    presence.leave()
    await clock.advance(500)
    const events: PresenceEvent[] = []
    presence.subscribe(event => events.push(event))
    presence.enter()
    expect(events.map(({ type }) => type)).toEqual(['enter'])
    expect(presence.self?.since).toBe(1500)
  })

  it('reports a listener that throws, tells the next, and calls none that was ended meanwhile', () => {
    const { ada, errors } = room()
    const presence = ada.presence('room')
    const failure = new Error('broken')
    const heard: string[] = []
    presence.subscribe(() => {
      off()
      throw failure
    })
    const off = presence.subscribe(() => heard.push('ended'))
    presence.subscribe(() => heard.push('kept'))
    presence.enter()
    expect([errors, heard]).toEqual([[failure], ['kept']])
  })
})
