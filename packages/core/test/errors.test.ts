import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createHub, EarshotError, type ErrorCode, isEarshotError, topic } from '@earshot/core'
import { runMicrotasks, testClock } from '../src/testing/test-clock.ts'
import { stubTransport } from './support/stub-transport.ts'

/** How to get each error from the hub alone; or who else raises it. */
const causes: Record<ErrorCode, (() => unknown) | 'transport' | 'relay'> = {
  'invalid-options': () => createHub({ capacity: -1 }),
  'invalid-topic': () => topic('rooms', ''),
  'invalid-pattern': () => createHub().subscribe('a/**/b', () => {}),
  'invalid-data': () => createHub().publish('a', undefined),
  'hub-closed': async () => {
    const hub = createHub()
    await hub.close()
    hub.publish('a', 1)
  },
  'session-closed': () => {
    const session = createHub().openSession()
    session.close()
    session.publish('a', 1)
  },
  unsupported: () => createHub().onLeader(() => {}),
  timeout: async () => {
    const clock = testClock()
    const hub = createHub({ clock, transport: stubTransport({ publish: () => new Promise(() => {}) }) })
    const outcome = Promise.resolve(hub.publish('a', 1, { timeout: 50 }))
    await Promise.all([outcome, clock.advance(50)])
  },
  aborted: () => createHub().publish('a', 1, { signal: AbortSignal.abort() }),
  overflow: async () => {
    const session = createHub().openSession()
    const stream = session.stream('a', { capacity: 0, overflow: 'error' })
    session.publish('a', 1)
    await stream.next()
  },
  'listener-failed': async () => {
    const errors: unknown[] = []
    const hub = createHub({ onError: error => errors.push(error) })
    hub.subscribe('a', () => {
      throw new Error('broken')
    })
    hub.publish('a', 1)
    throw errors[0]
  },
  'payload-too-large': 'transport',
  'not-serializable': 'transport',
  'not-connected': 'transport',
  'protocol-version': 'transport',
  'protocol-violation': 'transport',
  gap: 'transport',
  'connection-lost': 'relay',
  unauthorized: 'relay',
  forbidden: 'relay',
  'rate-limited': 'relay',
  'outbox-full': 'relay',
  'outcome-unknown': 'relay',
}
const raisable = Object.entries(causes).flatMap(([code, cause]) => (typeof cause === 'function' ? [[code, cause] as const] : []))

describe('errors', () => {
  it.each(raisable)('%s can be raised, and says what to do', async (code, cause) => {
    const failure = await Promise.resolve()
      .then(cause)
      .catch((error: unknown) => error)
    expect(isEarshotError(failure) ? failure.code : failure).toBe(code)
    expect(String(failure)).toMatch(/^EarshotError: .{15,}/)
  })

  it('raised in the sources of core are those that are raised here', () => {
    const folder = new URL('../src/', import.meta.url)
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts') && !name.startsWith('testing'))
    const text = sources.map(name => readFileSync(new URL(name, folder), 'utf8')).join('\n')
    const raised = new Set([...text.matchAll(/new EarshotError\(\s*'([a-z-]+)'/g)].map(([, code]) => code))
    expect([...raised].sort()).toEqual(raisable.map(([code]) => code).sort())
  })

  it('are recognised by name and code, also when another copy of the package made them', () => {
    const error = new EarshotError('timeout', 'too late')
    expect(isEarshotError(error)).toBe(true)
    expect(isEarshotError(error, 'timeout')).toBe(true)
    expect(isEarshotError(error, 'aborted')).toBe(false)
    expect(isEarshotError(Object.assign(new Error('far'), { name: 'EarshotError', code: 'timeout' }), 'timeout')).toBe(true)
    for (const other of [new Error('x'), { name: 'EarshotError', code: 'timeout' }, null, undefined, 'EarshotError']) expect(isEarshotError(other)).toBe(false)
  })

  it('carry their cause only if there is one', () => {
    expect('cause' in new EarshotError('timeout', 'x')).toBe(false)
    const cause = new Error('why')
    expect(new EarshotError('timeout', 'x', { topic: 'a' }, cause)).toMatchObject({ cause, details: { topic: 'a' }, name: 'EarshotError' })
  })

  it('of listeners go to onError and to error listeners, all of them', () => {
    const heard: string[] = []
    const hub = createHub({ onError: () => heard.push('option') })
    hub.on('error', () => heard.push('first'))
    const off = hub.on('error', () => heard.push('second'))
    const fail = (): never => {
      throw new Error('broken')
    }
    hub.subscribe('a', fail)
    hub.publish('a', 1)
    expect(heard.sort()).toEqual(['first', 'option', 'second'])
    off()
    hub.publish('a', 1)
    expect(heard).toHaveLength(5)
  })

  it.each(['reportError', 'console.error'])('that nobody listens to go to %s', target => {
    const given: unknown[] = []
    const [platform, log] = [Object.getOwnPropertyDescriptor(globalThis, 'reportError'), console.error]
    Object.defineProperty(globalThis, 'reportError', { configurable: true, writable: true, value: target === 'reportError' ? (error: unknown) => given.push(error) : undefined })
    console.error = (error: unknown) => void (target === 'console.error' && given.push(error))
    try {
      const hub = createHub()
      hub.subscribe('a', () => {
        throw new Error('broken')
      })
      hub.publish('a', 1)
    } finally {
      console.error = log
      if (platform) Object.defineProperty(globalThis, 'reportError', platform)
      else Reflect.deleteProperty(globalThis, 'reportError')
    }
    expect(given.map(error => isEarshotError(error, 'listener-failed'))).toEqual([true])
  })

  it('of an error listener go to the platform, and the next one hears all the same', () => {
    const given: unknown[] = []
    const log = console.error
    const platform = Object.getOwnPropertyDescriptor(globalThis, 'reportError')
    Object.defineProperty(globalThis, 'reportError', { configurable: true, writable: true, value: (error: unknown) => given.push(error) })
    const failure = new Error('in the error listener')
    const heard: unknown[] = []
    try {
      const hub = createHub()
      hub.on('error', () => {
        throw failure
      })
      hub.on('error', error => heard.push(error.code))
      hub.subscribe('a', () => {
        throw new Error('broken')
      })
      hub.publish('a', 1)
    } finally {
      console.error = log
      if (platform) Object.defineProperty(globalThis, 'reportError', platform)
      else Reflect.deleteProperty(globalThis, 'reportError')
    }
    expect(given).toEqual([failure])
    expect(heard).toEqual(['listener-failed'])
  })

  it('of other hub events go to error, and the next listener hears all the same', async () => {
    const errors: unknown[] = []
    const heard: unknown[] = []
    const hub = createHub({ onError: error => errors.push(error.cause) })
    const failure = new Error('in the listener')
    hub.on('subscribed', () => {
      throw failure
    })
    hub.on('subscribed', fact => heard.push(fact))
    hub.subscribe('a', () => {})
    await runMicrotasks()
    expect(errors).toEqual([failure])
    expect(heard).toEqual([{ pattern: 'a', count: 1 }])
  })
})
