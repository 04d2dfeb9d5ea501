import type { Clock } from '../base/clock.ts'

/**
 * How much of a page runs: all of it; messages only (`frozen`); nothing, but it can be woken (`asleep`, `cached`); its last microtasks,
 * from which it can still send (`unloading`, `entering` the back/forward cache); nothing ever again (`dead`).
 */
export type AgentState = 'running' | 'frozen' | 'asleep' | 'entering' | 'cached' | 'unloading' | 'dead'

/** What a page is told from outside. A lightly frozen one hears channel messages and learns of locks when it thaws. */
export type NoticeKind = 'message' | 'lock'

/** The running part of one page: decides whether what comes from outside runs, waits or is lost. */
export class FakeAgent {
  readonly id: string
  /** Destroys a cached page that the browser cannot keep. */
  readonly evict: () => void
  readonly #clock: Clock
  readonly #waiting: Record<NoticeKind, (() => void)[]> = { message: [], lock: [] }
  #state: AgentState = 'running'
  #draining = false

  constructor(id: string, clock: Clock, evict: () => void) {
    this.id = id
    this.#clock = clock
    this.evict = evict
  }

  get state(): AgentState {
    return this.#state
  }

  /** Whether what the page does still has an effect on others. */
  get canAct(): boolean {
    return this.#state !== 'dead' && this.#state !== 'cached'
  }

  /** Whether its timers run. */
  get isRunning(): boolean {
    return this.#state === 'running'
  }

  /** Whether it will never run again. */
  get isEnding(): boolean {
    return this.#state === 'dead' || this.#state === 'unloading'
  }

  change(state: AgentState): void {
    if (this.#state === 'dead') return
    this.#state = state
    if (state === 'dead') this.#waiting.message = this.#waiting.lock = []
    this.#drain()
  }

  /** Runs `notice` now, keeps it in order until the page wakes, or drops it. Called from a task of the clock. */
  tell(kind: NoticeKind, notice: () => void): void {
    if (this.isEnding) return
    if (this.#hears(kind) && this.#waiting[kind].length === 0) notice()
    else this.#waiting[kind].push(notice)
  }

  #hears(kind: NoticeKind): boolean {
    return this.#state === 'running' || (this.#state === 'frozen' && kind === 'message')
  }

  #drain(): void {
    if (this.#draining || this.#next() === undefined) return
    this.#draining = true
    this.#clock.after(0, () => {
      this.#draining = false
      const notices = this.#next()
      const notice = notices?.shift()
      this.#drain()
      notice?.()
    })
  }

  #next(): (() => void)[] | undefined {
    for (const kind of ['message', 'lock'] as const) {
      if (this.#hears(kind) && this.#waiting[kind].length > 0) return this.#waiting[kind]
    }
    return undefined
  }
}
