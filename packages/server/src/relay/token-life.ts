import type { Clock } from '@earshot/core'
import type { Connection } from './connection.ts'

/** How long before its token is over a connection is asked for another one, at most; else a quarter of its life. */
const RENEWAL = 60_000
/** Timers wait for 2^31 ms at most: a token that lives longer is asked for anew by then. */
const MAX_WAIT = 2 ** 31 - 1

/** A token that ends: another one is asked for in time, and without it the connection ends with it. */
export function limitLife(connection: Connection, expires: number | undefined, clock: Clock, over: () => void): void {
  connection.deadline?.()
  connection.deadline = undefined
  if (expires === undefined) return
  const left = Math.min(MAX_WAIT, Math.max(0, expires - clock.now()))
  const wait = left - Math.min(RENEWAL, left / 4)
  connection.deadline = clock.after(wait, () => {
    connection.say({ t: 'renew' })
    connection.deadline = clock.after(left - wait, over)
  })
}
