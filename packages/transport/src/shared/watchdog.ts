import type { Cancel } from '@earshot/core'
import { promptly } from '../page/promptly.ts'
import type { Tab } from './tab.ts'

/** Something was said to the leader: so long until it is asked whether it lives. */
const ASK_AFTER = 2000
/** Nothing was heard of it: so long until it is asked by a tab that is looked at, which may only listen. */
const IDLE_AFTER = 25_000
/** It was asked: so long until it counts as hung. */
const HUNG_AFTER = 3000
/** Nobody leads: so long until all are asked who does, and as long again until one who may have been granted the lead in its sleep loses it. */
const NOBODY_AFTER = 1000
/** The lead is taken by force once in so long, at most. */
const STEAL_INTERVAL = 30_000

/** What a watchdog does. */
export interface WatchdogHost {
  /** Asks the leader whether it lives. */
  ask(): void
  /** Takes the lead, whoever has it. */
  steal(): void
}

/** Notices a leader that does not answer, and one that nobody hears of. Only a tab that is looked at takes the lead for that: the timers of others are late. All times are in milliseconds. */
export class Watchdog {
  readonly #tab: Pick<Tab, 'env' | 'isVisible'>
  readonly #host: WatchdogHost
  #waiting: Cancel | undefined
  /** What it waits for can be put off. */
  #isIdle = false
  #isToAsk = false
  #stolen = -Infinity

  constructor(tab: Pick<Tab, 'env' | 'isVisible'>, host: WatchdogHost) {
    this.#tab = tab
    this.#host = host
  }

  /** The leader was told something. */
  said(): void {
    if (this.#waiting && !this.#isIdle) return
    this.#isToAsk = true
    this.#askAfter(ASK_AFTER, HUNG_AFTER)
  }

  /** The leader lives: whether it was told everything is still asked. */
  lives(): void {
    if (!this.#isToAsk) this.heard()
  }

  /** The leader has answered. */
  heard(): void {
    this.stop()
    if (!this.#tab.isVisible) return
    this.#askAfter(IDLE_AFTER, HUNG_AFTER)
    this.#isIdle = true
  }

  /** The leader is gone, and nobody has said yet that it leads. */
  orphaned(): void {
    this.stop()
    this.#waiting = promptly(this.#tab.env.clock, NOBODY_AFTER, () => {
      this.#waiting = undefined
      this.#askNow(NOBODY_AFTER)
    })
  }

  /** There is nobody to look after. */
  stop(): void {
    this.#isToAsk = this.#isIdle = false
    this.#waiting?.()
    this.#waiting = undefined
  }

  #askAfter(delay: number, patience: number): void {
    this.#after(delay, () => this.#askNow(patience))
  }

  #askNow(patience: number): void {
    this.#isToAsk = false
    this.#host.ask()
    this.#stealAfter(patience)
  }

  /** A tab that nobody looks at asks once more instead, and in no hurry: the question or the answer may have been lost. */
  #stealAfter(delay: number): void {
    if (this.#tab.isVisible) return this.#after(delay, () => this.#steal())
    this.#askAfter(STEAL_INTERVAL, HUNG_AFTER)
    this.#isIdle = true
  }

  #after(delay: number, task: () => void): void {
    this.#waiting?.()
    this.#isIdle = false
    this.#waiting = this.#tab.env.clock.after(delay, () => {
      this.#waiting = undefined
      task()
    })
  }

  #steal(): void {
    const now = this.#tab.env.clock.now()
    // The distance, so that a clock that is set back does not forbid it for long.
    if (Math.abs(now - this.#stolen) < STEAL_INTERVAL) return this.#stealAfter(STEAL_INTERVAL)
    this.#stolen = now
    this.#host.steal()
  }
}
