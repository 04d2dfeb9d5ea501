import type { Cancel, Clock } from '../base/clock.ts'
import type { LockOptionsLike, LocksLike } from '../base/environment.ts'
import { domException } from './dom-exception.ts'
import type { FakeAgent } from './fake-agent.ts'
import type { FakeLockManager, LockEntry } from './fake-lock-manager.ts'

/** What a page's lock manager needs of its browser. */
export interface FakeLocksOptions {
  readonly agent: FakeAgent
  readonly clock: Clock
  readonly manager: FakeLockManager
  /** How long a grant to this page takes, in milliseconds. */
  readonly grantDelay: () => number
  /** Whether `query()` is refused, as in third-party frames of Firefox. */
  readonly isQueryDenied: boolean
}

type LockTask<T> = (lock: object | null) => T | PromiseLike<T>

/** The `navigator.locks` of one page. */
export function fakeLocks(options: FakeLocksOptions): LocksLike {
  return {
    request(name, lockOptions, task) {
      const refusal = refusalOf(name, lockOptions)
      if (refusal !== undefined) return Promise.reject(refusal)
      if (lockOptions.signal?.aborted) return Promise.reject(lockOptions.signal.reason)
      if (!options.agent.canAct) return new Promise(() => {})
      return new Promise((resolve, reject) => startRequest(options, { name, options: lockOptions, task, resolve, reject }))
    },
    query() {
      const { agent, clock, manager } = options
      if (options.isQueryDenied) return Promise.reject(denied('query'))
      return new Promise(resolve => {
        clock.after(0, () => {
          if (!agent.canAct) return
          const snapshot = manager.query()
          clock.after(0, () => agent.tell('lock', () => resolve(snapshot)))
        })
      })
    },
  }
}

/** The `navigator.locks` of a page that may not use it, such as a sandboxed frame. */
export function deniedLocks(): LocksLike {
  return {
    request: () => Promise.reject(denied('request')),
    query: () => Promise.reject(denied('query')),
  }
}

interface LockCall<T> {
  readonly name: string
  readonly options: LockOptionsLike
  readonly task: LockTask<T>
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
}

function startRequest<T>({ agent, clock, manager, grantDelay }: FakeLocksOptions, call: LockCall<T>): void {
  const { mode = 'exclusive', ifAvailable = false, steal = false, signal } = call.options
  let isOver = false
  let unlisten: Cancel = () => {}

  /** The page's promise settles once, and never in a page that is gone. */
  function end(settle: () => void): void {
    unlisten()
    if (isOver) return
    isOver = true
    if (agent.state !== 'dead') settle()
  }

  async function begin(lock: object | null): Promise<void> {
    if (isOver) return
    unlisten()
    let settle: () => void
    try {
      const value = await call.task(lock)
      settle = () => call.resolve(value)
    } catch (error) {
      settle = () => call.reject(error)
    }
    manager.release(entry)
    end(settle)
  }

  const entry: LockEntry = {
    agent,
    name: call.name,
    mode,
    ifAvailable,
    steal,
    answer: granted => clock.after(grantDelay(), () => agent.tell('lock', () => void begin(granted ? { name: call.name, mode } : null))),
    lost: () => clock.after(0, () => agent.tell('lock', () => end(() => call.reject(domException('AbortError', 'The lock was taken away.'))))),
  }

  if (signal !== undefined) {
    const abort = (): void => {
      if (agent.canAct) manager.withdraw(entry)
      end(() => call.reject(signal.reason))
    }
    signal.addEventListener('abort', abort, { once: true })
    unlisten = () => signal.removeEventListener('abort', abort)
  }
  manager.submit(entry)
}

function refusalOf(name: string, { mode, ifAvailable, steal, signal }: LockOptionsLike): Error | undefined {
  if (name.startsWith('-')) return domException('NotSupportedError', `Names cannot start with '-'.`)
  if (steal && ifAvailable) return domException('NotSupportedError', `'steal' and 'ifAvailable' cannot be used together.`)
  if (steal && mode === 'shared') return domException('NotSupportedError', `'steal' is only supported with 'exclusive' locks.`)
  if (signal && (steal || ifAvailable)) return domException('NotSupportedError', `'signal' cannot be used with 'steal' or 'ifAvailable'.`)
  return undefined
}

function denied(method: string): Error {
  return domException('SecurityError', `Failed to execute '${method}' on 'LockManager': access to the Locks API is denied in this context.`)
}
