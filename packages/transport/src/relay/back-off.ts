/** Bounds of the waits between attempts, in milliseconds. */
const MIN = 500
const MAX = 20_000
/** A server that closed on purpose and named no time: clients come back within this. */
const SPREAD = 5000

/** What a wait depends on. */
export interface Retry {
  /** Attempts that failed since the last connection that held. */
  readonly attempt: number
  /** The server closed on purpose, and wants its clients back within so many milliseconds; 0: it named none. */
  readonly spread: number | undefined
  /** Numbers in [0, 1). */
  readonly random: () => number
}

/** How long to wait before the next attempt, in milliseconds: at once for the first, then any time up to a limit that doubles (full jitter). */
export function retryDelay({ attempt, spread, random }: Retry): number {
  const wait = attempt === 0 ? 0 : Math.min(MAX, MIN * 2 ** Math.min(attempt, 10))
  return Math.round(random() * (spread === undefined ? wait : Math.max(spread || SPREAD, wait)))
}
