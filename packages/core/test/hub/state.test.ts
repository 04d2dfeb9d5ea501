import { describe, expect, it } from 'vitest'
import { createHub, type RemoteMessage } from '@earshot/core'
import { runMicrotasks } from '../../src/testing/test-clock.ts'
import { refusal } from '../support/refusal.ts'
import { stubTransport } from '../support/stub-transport.ts'

function retained(data: unknown, clock: number, from = 'far'): RemoteMessage {
  return { topic: 'theme', data, from, time: 0, clock, key: `${from}.1` }
}

describe('shared state', () => {
  it('is what it was given until somebody writes', async () => {
    const state = createHub().openSession().state('theme', 'light')
    expect(state.get()).toBe('light')
    await state.ready
    expect(state.get()).toBe('light')
  })

  it('is one value for all sessions of a page', () => {
    const hub = createHub()
    const [one, two] = [hub.openSession(), hub.openSession()].map(session => session.state('theme', 'light'))
    const heard: unknown[] = []
    two?.subscribe(value => heard.push(value))
    one?.set('dark')
    expect([one?.get(), two?.get(), heard]).toEqual(['dark', 'dark', ['dark']])
    expect(hub.openSession().state('theme', 'light').get()).toBe('dark')
  })

  it.each([0, 1])('keeps the last write of two sessions in one turn, whoever made it: %i', async last => {
    const hub = createHub()
    const states = [hub.openSession(), hub.openSession()].map(session => session.state('theme', 'light'))
    const heard: unknown[] = []
    states[0]?.subscribe(value => heard.push(value))
    states[1 - last]?.set('first')
    states[last]?.set('second')
    await runMicrotasks()
    expect(states.map(state => state.get())).toEqual(['second', 'second'])
    expect(heard).toEqual(['first', 'second'])
    expect(hub.stats().published).toBe(2)
  })

  it('is set by functions of the local value', () => {
    const state = createHub().openSession().state('count', 1)
    state.set(old => Number(old) + 1)
    state.set(old => Number(old) * 10)
    expect(state.get()).toBe(20)
  })

  it('tells listeners of changes only', () => {
    const state = createHub().openSession().state('count', 1)
    const heard: unknown[] = []
    const off = state.subscribe(value => heard.push(value))
    for (const value of [1, 2, 2, Number.NaN, Number.NaN]) state.set(value)
    off()
    off()
    state.set(3)
    expect(heard).toEqual([2, Number.NaN])
  })

  it('calls the same function twice when it was given twice, and ends each by itself', () => {
    const state = createHub().openSession().state('count', 0)
    const heard: unknown[] = []
    const listener = (value: unknown): number => heard.push(value)
    const off = state.subscribe(listener)
    state.subscribe(listener)
    state.set(1)
    off()
    state.set(2)
    expect(heard).toEqual([1, 1, 2])
  })

  it('reports a listener that throws and tells the next', () => {
    const errors: unknown[] = []
    const state = createHub({ onError: error => errors.push(error.cause) }).openSession().state('count', 0)
    const heard: unknown[] = []
    const failure = new Error('broken')
    state.subscribe(() => {
      throw failure
    })
    state.subscribe(value => heard.push(value))
    state.set(1)
    expect([errors, heard]).toEqual([[failure], [1]])
  })

  it('ends with its last handle', () => {
    const hub = createHub()
    const [one, two] = [hub.openSession(), hub.openSession()]
    const state = one.state('theme', 'light')
    state.set('dark')
    const other = two.state('theme', 'light')
    state.close()
    state.close()
    expect(other.get()).toBe('dark')
    two.close()
    expect(one.state('theme', 'light').get()).toBe('light')
    expect(state.get()).toBe('dark')
    expect(refusal(() => state.set('x'), 'session-closed').message).toContain('ask the session for a new one')
  })

  it('leaves nothing behind when it ends', () => {
    const hub = createHub()
    const session = hub.openSession()
    {
      using state = session.state('theme', 'light')
      state.set('dark')
      expect(hub.count('theme')).toEqual({ theme: 1 })
    }
    expect(hub.stats().subscriptions).toBe(0)
  })

  it('takes what a sibling holds, and says when', async () => {
    const transport = stubTransport({ history: async () => ({ messages: [retained('dark', 5)], gap: false }) })
    const state = createHub({ transport }).openSession().state('theme', 'light')
    expect(state.get()).toBe('light')
    await state.ready
    expect(state.get()).toBe('dark')
  })

  it('makes a write from before the snapshot again above it', async () => {
    const transport = stubTransport({ history: async () => ({ messages: [retained(10, 50)], gap: false }) })
    const session = createHub({ transport }).openSession()
    const state = session.state('theme', 0)
    state.set(old => Number(old) + 1)
    expect(state.get()).toBe(1)
    await state.ready
    expect(state.get()).toBe(11)
    const [last] = transport.published.slice(-1)
    expect(last).toBe(11)
  })

  it('does not make it again when it won over the snapshot', async () => {
    const transport = stubTransport({ history: async () => ({ messages: [retained('old', 1)], gap: false }) })
    const hub = createHub({ transport })
    for (let i = 0; i < 5; i++) hub.publish('other', i)
    const state = hub.openSession().state('theme', 'light')
    state.set('dark')
    await state.ready
    expect([state.get(), transport.published.filter(data => data === 'dark')]).toEqual(['dark', ['dark']])
  })

  it('takes the greater of (counter, session), in whatever order they come', () => {
    const writes = [retained('a', 7, 's1'), retained('b', 7, 's2'), retained('c', 6, 's3')]
    for (const order of [[0, 1, 2], [1, 0, 2], [2, 1, 0]]) {
      const transport = stubTransport()
      const state = createHub({ transport }).openSession().state('theme', 'light')
      for (const index of order) {
        const write = writes[index]
        if (write) transport.link?.deliver(write)
      }
      expect(state.get()).toBe('b')
    }
  })

  it('takes the same of two writes with one counter that a session made before and after a reload', () => {
    const before = { ...retained('before', 7), key: 'far.1' }
    const after = { ...retained('after', 7), key: 'far.2' }
    for (const writes of [[before, after], [after, before]]) {
      const transport = stubTransport()
      const state = createHub({ transport }).openSession().state('theme', 'light')
      for (const write of writes) transport.link?.deliver(write)
      expect(state.get()).toBe('after')
    }
  })
})
