import type { Clock } from '@earshot/core'
import type { Connection } from './connection.ts'

/** How long before its token is over a connection is asked for another one, at most; else a quarter of its life. */
const RENEWAL = 60_000
/** After so long another one is asked for once more, at most; else at half of what is left, unless that is too soon. */
const AGAIN = 10_000
const TOO_SOON = 1000
/** Timers wait for 2^31 ms at most: a token that lives longer is asked for anew by then. */
const MAX_WAIT = 2 ** 31 - 1

/** A token that ends: another one is asked for in time, and without it the connection ends with it. */
export function limitLife(connection: Connection, expires: number | undefined, clock: Clock, over: () => void): void {
  connection.deadline?.()
  connection.renewal?.()
  connection.deadline = connection.renewal = undefined
  connection.expires = expires
  if (expires === undefined) return
  const left = Math.min(MAX_WAIT, Math.max(0, expires - clock.now()))
  connection.deadline = clock.after(left, over)
  askIn(connection, left - Math.min(RENEWAL, left / 4), clock)
}

/** Nobody could say whether another token is good: the old one is, and before it is over another one is asked for once more. */
export function askAgain(connection: Connection, clock: Clock): void {
  const wait = Math.min(AGAIN, ((connection.expires ?? Infinity) - clock.now()) / 2)
  if (connection.state === 'open' && wait >= TOO_SOON) askIn(connection, wait, clock)
}

function askIn(connection: Connection, wait: number, clock: Clock): void {
  connection.renewal?.()
  connection.renewal = clock.after(wait, () => connection.say({ t: 'renew' }))
}
