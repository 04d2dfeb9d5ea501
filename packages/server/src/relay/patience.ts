/** Within how long a session comes back for the first time, and at most, in milliseconds: less than the time for which it stays a member. */
const FIRST = 2000
const MOST = 8000
/** After so long without a failure it begins anew. */
const CALM = 60_000

/** Says within how long a session comes back whose rights nobody could tell: ever later, if it goes on so. */
export class Patience {
  #spread = 0
  #at = -Infinity

  /** It failed once more, at this time. */
  next(now: number): number {
    this.#spread = now - this.#at > CALM ? FIRST : Math.min(MOST, this.#spread * 2)
    this.#at = now
    return this.#spread
  }
}
