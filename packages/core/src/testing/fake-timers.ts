import type { Cancel, Clock } from '../base/clock.ts'
import type { FakeAgent } from './fake-agent.ts'

interface Timer {
  readonly made: number
  readonly due: number
  /** Not held back while the page is hidden. */
  readonly prompt: boolean
  readonly task: () => void
  cancel: Cancel | undefined
}

/** One page's timers: they stop with the page, run late after it wakes and die with it. */
export class FakeTimers implements Clock {
  readonly #clock: Clock
  readonly #agent: FakeAgent
  /** To how many milliseconds timers are aligned at this moment; 0 is not at all. */
  readonly #alignment: () => number
  readonly #timers = new Set<Timer>()

  constructor(clock: Clock, agent: FakeAgent, alignment: () => number) {
    this.#clock = clock
    this.#agent = agent
    this.#alignment = alignment
  }

  get size(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#clock.now()
  }

  after(delay: number, task: () => void, prompt = false): Cancel {
    if (!this.#agent.canAct) return () => {}
    const made = this.#clock.now()
    const timer: Timer = { made, due: made + Math.max(0, delay), prompt, task, cancel: undefined }
    this.#timers.add(timer)
    this.#arm(timer, delay)
    return () => {
      timer.cancel?.()
      this.#timers.delete(timer)
    }
  }

  promptly(delay: number, task: () => void): Cancel {
    return this.after(delay, task, true)
  }

  /** Applies a change of the page's state or visibility to the timers that wait. */
  update(): void {
    const timers = [...this.#timers].sort((a, b) => a.due - b.due)
    for (const timer of timers) {
      timer.cancel?.()
      this.#arm(timer, timer.due - this.#clock.now())
    }
  }

  clear(): void {
    for (const timer of this.#timers) timer.cancel?.()
    this.#timers.clear()
  }

  #arm(timer: Timer, delay: number): void {
    if (!this.#agent.isRunning) {
      timer.cancel = undefined
      return
    }
    const alignment = timer.prompt ? 0 : this.#alignment()
    timer.cancel = this.#clock.after(alignment === 0 ? delay : alignedDue(timer, alignment) - this.#clock.now(), () => {
      this.#timers.delete(timer)
      timer.task()
    })
  }
}

/** A throttled page looks at its timers at each full interval only, and never at the one in which a timer was made. */
function alignedDue({ made, due }: Timer, alignment: number): number {
  return Math.max(Math.ceil(due / alignment), Math.floor(made / alignment) + 1) * alignment
}
