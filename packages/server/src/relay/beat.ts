import type { Cancel, Clock } from '@earshot/core'
import type { Connection } from './connection.ts'

/** Asks all, every so many milliseconds, for a sign of life; `silent` is called with those that gave none for two and a half periods. */
export function beat(clock: Clock, period: number, connections: () => Iterable<Connection>, silent: (connection: Connection) => void): Cancel {
  let cancel: Cancel
  const next = (): void => {
    cancel = clock.after(period, () => {
      for (const connection of connections()) {
        if (connection.silence.isTooLong()) silent(connection)
        else if (connection.state === 'open') connection.say({ t: 'ping' })
      }
      next()
    })
  }
  next()
  return () => cancel()
}
