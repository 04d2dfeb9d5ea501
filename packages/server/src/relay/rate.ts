/** So many a second, and so many at once. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** A token bucket: holds `burst`, and fills by `perSecond`. */
export class Bucket {
  readonly #rate: Rate
  #tokens: number
  #at: number

  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#tokens = rate.burst
    this.#at = now
  }

  /** Takes one, if there is one. A clock that was set back fills nothing. */
  take(now: number): boolean {
    this.#tokens = this.left(now)
    this.#at = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  /** What it holds. */
  left(now: number): number {
    const { perSecond, burst } = this.#rate
    return Math.min(burst, this.#tokens + (Math.max(0, now - this.#at) / 1000) * perSecond)
  }

  isFull(now: number): boolean {
    return this.left(now) >= this.#rate.burst
  }

  /** One that holds as much, and goes on by itself. */
  copy(now: number): Bucket {
    const copy = new Bucket(this.#rate, now)
    copy.#tokens = this.left(now)
    return copy
  }
}
