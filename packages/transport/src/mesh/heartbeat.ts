import type { Cancel } from '@earshot/core'
import type { FullEnvironment } from '../page/environment.ts'
import { VISIBLE_TICKS } from './roll.ts'
import type { Item } from './wire.ts'

/** How often a tab looks at its siblings, in milliseconds; visible ones beat as often. */
const TICK = 2000
/** How often a hidden one beats. */
const HIDDEN_BEAT = 30_000
/** How many ticks a beat of a hidden tab is good for: its timers may run once a minute. */
const HIDDEN_TICKS = 75

/** Stands in for locks: each beat says for how long its tab may be silent, counted in ticks of whoever hears it, never by clocks. */
export class Heartbeat {
  readonly #env: FullEnvironment
  readonly #say: (ticks: number) => void
  readonly #tick: () => void
  #timer: Cancel | undefined
  #beaten = 0

  constructor(env: FullEnvironment, say: (ticks: number) => void, tick: () => void) {
    this.#env = env
    this.#say = say
    this.#tick = tick
  }

  start(): void {
    this.#wait()
    // It may have been hidden since its hello.
    this.beat()
  }

  #wait(): void {
    this.#timer = this.#env.clock.after(TICK, () => {
      this.#wait()
      this.#tick()
      // The distance, so that a clock that is set back does not silence it.
      if (!this.#hidden || Math.abs(this.#env.clock.now() - this.#beaten) >= HIDDEN_BEAT) this.beat()
    })
  }

  /** Says for how long this tab may be silent, if it beats at all. */
  beat(): void {
    if (!this.#timer) return
    this.#beaten = this.#env.clock.now()
    this.#say(this.#ticks)
  }

  /** What a sibling is told when it meets this tab: it must not miss a hidden one before its next beat. */
  describe(): Item[] {
    return this.#env.locks ? [] : [['t', this.#ticks]]
  }

  stop(): void {
    this.#timer?.()
    this.#timer = undefined
  }

  get #ticks(): number {
    return this.#hidden ? HIDDEN_TICKS : VISIBLE_TICKS
  }

  get #hidden(): boolean {
    return this.#env.page?.document.visibilityState === 'hidden'
  }
}
