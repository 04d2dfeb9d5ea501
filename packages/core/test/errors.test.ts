import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { createHub, EarshotError, type ErrorCode, type Hub, isEarshotError, topic } from '@earshot/core'
import { runMicrotasks, testClock } from '../src/testing/test-clock.ts'
import { stubTransport } from './support/stub-transport.ts'

/** How to get each error from the hub alone; a transport raises the others. */
const causes: Record<ErrorCode, (() => unknown) | undefined> = {
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
  'payload-too-large': undefined,
  'not-serializable': undefined,
  'not-connected': undefined,
  'protocol-version': undefined,
  'protocol-violation': undefined,
  gap: undefined,
  'connection-lost': undefined,
  unauthorized: undefined,
  forbidden: undefined,
  'rate-limited': undefined,
  'outbox-full': undefined,
  'outcome-unknown': undefined,
}
const raisable = Object.entries(causes).flatMap(([code, cause]) => (cause ? [[code, cause] as const] : []))

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
    expect('cause' in new EarshotError('timeout', 'too late')).toBe(false)
    const cause = new Error('why')
    expect(new EarshotError('timeout', 'too late', { topic: 'a' }, cause)).toMatchObject({ cause, details: { topic: 'a' }, name: 'EarshotError' })
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

  it('that nobody listens to go to reportError', () => {
    const { reported, logged } = onPlatform(true, () => publishToFailing(createHub()))
    expect(reported.map(error => isEarshotError(error, 'listener-failed'))).toEqual([true])
    expect(logged).toEqual([])
  })

  it('that nobody listens to go to console.error where there is no reportError', () => {
    const { logged } = onPlatform(false, () => publishToFailing(createHub()))
    expect(logged.map(error => isEarshotError(error, 'listener-failed'))).toEqual([true])
  })

  it('of an error listener go to the platform, and the next one hears all the same', () => {
    const failure = new Error('in the error listener')
    const heard: unknown[] = []
    const { reported } = onPlatform(true, () => {
      const hub = createHub()
      hub.on('error', () => {
        throw failure
      })
      hub.on('error', error => heard.push(error.code))
      publishToFailing(hub)
    })
    expect(reported).toEqual([failure])
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

function publishToFailing(hub: Hub): void {
  hub.subscribe('a', () => {
    throw new Error('broken')
  })
  hub.publish('a', 1)
}

/** Runs `task` on a platform with or without `reportError`, and gives what reached it. */
function onPlatform(withReportError: boolean, task: () => void): { reported: unknown[]; logged: unknown[] } {
  const [reported, logged]: [unknown[], unknown[]] = [[], []]
  vi.stubGlobal('reportError', withReportError ? (error: unknown) => reported.push(error) : undefined)
  const log = vi.spyOn(console, 'error').mockImplementation(error => void logged.push(error))
  try {
    task()
  } finally {
    log.mockRestore()
    vi.unstubAllGlobals()
  }
  return { reported, logged }
}
