import { type Cancel, EarshotError, type LocksLike } from '@earshot/core'
import type { FullEnvironment } from './environment.ts'
import { holdLock, type Hold } from './locks.ts'

/** After a claim ran, its id stays taken for this long, while the runner lives. */
const CLAIM_LIMIT = 60_000

type Task = () => void | (() => void)

/** What one tab of the browser does for all: leading, by a lock that all queue for, and claims, by a lock each. */
export class Leadership {
  readonly #env: FullEnvironment
  readonly #base: string
  readonly #report: (error: unknown) => void
  readonly #denied: (tasks: number) => void
  /** What runs while this tab leads, and how it is undone. */
  readonly #tasks = new Map<Task, (() => void) | undefined>()
  readonly #claims = new Set<() => void>()
  #request: Hold | undefined
  #leads = false

  /** @param denied called when locks turn out to be denied here, so that none of so many tasks will run; without it, `unsupported` is reported */
  constructor(env: FullEnvironment, base: string, report: (error: unknown) => void, denied = (_tasks: number): void => report(unsupported('onLeader'))) {
    this.#env = env
    this.#base = base
    this.#report = report
    this.#denied = denied
  }

  /** @throws `unsupported` without Web Locks */
  add(task: Task): Cancel {
    this.#need('onLeader')
    const own: Task = () => task()
    this.#tasks.set(own, undefined)
    if (this.#leads) this.#start(own)
    this.contend()
    return () => {
      this.#stop(own)
      this.#tasks.delete(own)
      if (this.#tasks.size === 0) this.yield()
    }
  }

  /** Queues for the lead, if there is anything to do with it; or, with `steal`, takes it from whoever has it. */
  contend(steal = false): void {
    if (!this.#env.locks || (this.#request && (this.#leads || !steal)) || this.#tasks.size === 0) return
    this.#request?.release()
    const request = holdLock(this.#env.locks, `${this.#base}:leader`, { steal }, () => {
      if (this.#request === request) this.yield()
      this.contend()
    })
    this.#request = request
    request.granted.then(
      () => {
        if (this.#request !== request) return
        this.#leads = true
        for (const task of this.#tasks.keys()) this.#start(task)
      },
      // Else it was withdrawn, or taken away, and onLost has seen to it.
      () => this.#request === request && this.#denied(this.#tasks.size),
    )
  }

  /** Gives the lead up, and the request for it: a frozen page would be granted it and keep it. */
  yield(): void {
    this.#leads = false
    this.#request?.release()
    this.#request = undefined
    for (const task of this.#tasks.keys()) this.#stop(task)
  }

  /** Runs `task` if no tab has run it lately. */
  async claim(id: string, task: () => unknown): Promise<boolean> {
    const locks = this.#need('claim')
    const hold = holdLock(locks, `${this.#base}:claim:${id}`, { ifAvailable: true })
    const isGranted = await hold.granted.catch(() => {
      throw unsupported('claim')
    })
    if (!isGranted) return false
    const release = (): void => {
      cancel()
      hold.release()
      this.#claims.delete(release)
    }
    const cancel = this.#env.clock.after(CLAIM_LIMIT, release)
    this.#claims.add(release)
    await task()
    return true
  }

  /** Lets everything go: the page is leaving. */
  leave(): void {
    this.yield()
    for (const release of this.#claims) release()
  }

  close(): void {
    this.leave()
    this.#tasks.clear()
  }

  #need(name: string): LocksLike {
    const { locks } = this.#env
    if (!locks) throw unsupported(name)
    return locks
  }

  #start(task: Task): void {
    try {
      this.#tasks.set(task, task() ?? undefined)
    } catch (error) {
      this.#report(error)
    }
  }

  #stop(task: Task): void {
    const undo = this.#tasks.get(task)
    this.#tasks.set(task, undefined)
    try {
      undo?.()
    } catch (error) {
      this.#report(error)
    }
  }
}

/** What is asked for needs Web Locks, and there are none, or they are denied. */
export function unsupported(name: string): EarshotError {
  return new EarshotError('unsupported', 'no-locks', { name })
}
