import { describe, expect, it } from 'vitest'
import { createHub, type RemoteMessage } from '@earshot/core'
import { runMicrotasks } from '../../src/testing/test-clock.ts'
import { refusal } from '../support/refusal.ts'
import { type StubTransport, stubTransport } from '../support/stub-transport.ts'

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

  it('outlives its handles, and no handle outlives its close', () => {
    const hub = createHub()
    const [one, two] = [hub.openSession(), hub.openSession()]
    const state = one.state('theme', 'light')
    state.set('dark')
    const other = two.state('theme', 'light')
    state.close()
    state.close()
    other.set('darker')
    two.close()
    expect(one.state('theme', 'light').get()).toBe('darker')
    expect(state.get()).toBe('dark')
    expect(refusal(() => state.set('x'), 'session-closed').message).toContain('ask the session for a new one')
  })

  it('stays with the initial value of each handle as long as nobody writes', () => {
    const session = createHub().openSession()
    session.state('theme', 'light').close()
    expect(session.state('theme', 'dark').get()).toBe('dark')
  })

  it('is kept of 1000 topics: those opened longest ago go first, open ones never', () => {
    const session = createHub().openSession()
    const open = session.state('open', 0)
    open.set(1)
    for (let index = 0; index < 1001; index++) {
      const state = session.state(`t/${index}`, 'none')
      state.set(index)
      state.close()
      if (index === 500) session.state('t/0', 'none').close()
    }
    const values = ['open', 't/0', 't/1', 't/2', 't/3', 't/1000'].map(topic => session.state(topic, 'none').get())
    expect(values).toEqual([1, 0, 'none', 'none', 3, 1000])
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

  it('is known to a transport as long as it is kept', () => {
    const transport = stubTransport()
    const session = createHub({ transport }).openSession()
    session.state('theme', 'light').close()
    expect(['theme', 'other'].map(topic => transport.link?.states.has(topic))).toEqual([true, false])
  })

  it('is overtaken at the next handle by what siblings wrote meanwhile, but not by what is older', async () => {
    for (const [clock, expected] of [[5, 'theirs'], [1, 'mine']] as const) {
      const transport = stubTransport({ history: async () => ({ messages: [retained('theirs', clock, 'far')], gap: false }) })
      const hub = createHub({ transport })
      for (let count = 0; count < 2; count++) hub.publish('other', count)
      const session = hub.openSession()
      using first = session.state('theme', 'light')
      first.set('mine')
      first.close()
      const state = session.state('theme', 'light')
      expect(state.get()).toBe('mine')
      await state.ready
      expect(state.get()).toBe(expected)
    }
  })

  it('takes the greater counter although it was written at an earlier time', () => {
    const transport = stubTransport()
    const state = createHub({ transport }).openSession().state('theme', 'light')
    transport.link?.deliver({ ...retained('before', 7), time: 9_000_000 })
    transport.link?.deliver({ ...retained('after', 8), time: 1000 })
    transport.link?.deliver({ ...retained('earlier', 6), time: 10_000_000 })
    expect(state.get()).toBe('after')
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

describe('shared state with a log', () => {
  /** A transport with a log, which decides on each write when the test says so. */
  function logged(methods: Parameters<typeof stubTransport>[0] = {}): { transport: StubTransport; answers: ((place?: number) => void)[]; write: (data: unknown, offset: number, epoch?: string) => void } {
    const answers: ((place?: number) => void)[] = []
    const transport = stubTransport({
      ordered: true,
      ...methods,
      publish: () => new Promise((resolve, reject) => answers.push(offset => (offset ? resolve({ offset }) : reject(new Error('refused'))))),
    })
    return {
      transport,
      answers,
      write: (data, offset, epoch = 'e') => transport.link?.deliver({ ...retained(data, 1), offset, epoch, key: `far.${offset}` }),
    }
  }

  it('shows a write that is on its way in handles that are opened later', async () => {
    const { transport, answers } = logged()
    const session = createHub({ transport }).openSession()
    const state = session.state('theme', 'light')
    state.set('dark')
    state.close()
    expect(session.state('theme', 'light').get()).toBe('dark')
    answers[0]?.(1)
    await runMicrotasks()
    expect(session.state('theme', 'light').get()).toBe('dark')
  })

  it.each(['open', 'closed'])('takes a refused write back wherever it is shown: its own handle is %s', async own => {
    const { transport, answers, write } = logged()
    const errors: unknown[] = []
    const session = createHub({ transport, onError: error => errors.push(error.cause) }).openSession()
    const state = session.state('theme', 'light')
    await state.ready
    write('agreed', 1)
    state.set('refused')
    if (own === 'closed') state.close()
    const other = session.state('theme', 'light')
    expect(other.get()).toBe('refused')
    answers[0]?.()
    await runMicrotasks()
    expect(other.get()).toBe('agreed')
    other.close()
    expect(session.state('theme', 'light').get()).toBe('agreed')
    expect(errors).toEqual([new Error('refused')])
  })

  it('falls back on what is last in the log when a write is refused, not on an older answer about the past that came after it', async () => {
    let answer = (_history: { messages: readonly RemoteMessage[]; gap: boolean }): void => {}
    const { transport, answers, write } = logged({ history: () => new Promise(resolve => (answer = resolve)) })
    const state = createHub({ transport, onError: () => {} }).openSession().state('theme', 'light')
    await runMicrotasks()
    state.set('refused')
    for (const [offset, data] of ['older', 'newer'].entries()) write(data, offset + 1)
    answer({ messages: [{ ...retained('older', 1), offset: 1, epoch: 'e', key: 'far.1' }], gap: false })
    await runMicrotasks()
    for (const refuse of answers) refuse()
    await runMicrotasks()
    expect(state.get()).toBe('newer')
  })

  it('goes by the log, also for what was known before: what comes later in it wins', async () => {
    const { transport, answers, write } = logged()
    const session = createHub({ transport }).openSession()
    const state = session.state('theme', 'light')
    for (const value of ['first', 'mine']) state.set(value)
    state.close()
    answers[1]?.(3)
    await runMicrotasks()
    const next = session.state('theme', 'light')
    expect(next.get()).toBe('mine')
    write('theirs', 4)
    expect(next.get()).toBe('theirs')
    write('earlier', 2)
    expect(next.get()).toBe('theirs')
  })

  it('takes what a log that began anew has, however little was counted there', () => {
    const { transport, write } = logged()
    const session = createHub({ transport }).openSession()
    const state = session.state('theme', 'light')
    write('before', 70)
    state.close()
    const next = session.state('theme', 'light')
    expect(next.get()).toBe('before')
    write('anew', 1, 'f')
    expect(next.get()).toBe('anew')
  })
})
