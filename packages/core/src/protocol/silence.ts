import type { Clock } from '../base/clock.ts'

/** Periods of pings without a sign of life, after which a connection is taken for lost. */
const LIMIT = 2.5
/** Periods that count at once, at most: less than the limit, so that a clock that was set, or a machine that slept, leaves time for a sign of life. */
const LEAP = 2

/** How long the other end of a connection has said nothing, in milliseconds of a clock that may be set while it is measured. */
export class Silence {
  readonly #clock: Pick<Clock, 'now'>
  readonly #period: number
  #looked: number
  #length = 0

  /** @param period between two pings, in milliseconds */
  constructor(clock: Pick<Clock, 'now'>, period: number) {
    this.#clock = clock
    this.#period = period
    this.#looked = clock.now()
  }

  /** There was a sign of life. */
  heard(): void {
    this.#looked = this.#clock.now()
    this.#length = 0
  }

  /** Whether it has lasted for two and a half periods. To be asked once a period: what passes in between counts for two at most. */
  isTooLong(): boolean {
    const now = this.#clock.now()
    this.#length += Math.min(this.#period * LEAP, Math.max(0, now - this.#looked))
    this.#looked = now
    return this.#length >= this.#period * LIMIT
  }
}
