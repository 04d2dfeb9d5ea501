import { useSession } from '@earshot/react'
import { useEffect, useState } from 'react'

/** What the last crash of a leader led to. */
export interface Failover {
  /** Tabs that have said that they are connected again. */
  readonly tabs: number
  /** Milliseconds until the last of them was. */
  readonly slowest: number
}

/** Times how long this tab is without a socket after a crash, tells the others, and hears the same of them. */
export function useFailover(): Failover | undefined {
  const session = useSession()
  const [failover, setFailover] = useState<Failover>()
  useEffect(() => {
    let crashedAt = 0
    const ended = new AbortController()
    const options = { own: true, signal: ended.signal }
    session.subscribe(
      'tabs/crash',
      ({ data, userId }) => {
        if (userId !== session.userId) return
        crashedAt = data
        setFailover(undefined)
      },
      options,
    )
    session.subscribe(
      'tabs/back',
      ({ data, userId }) => {
        if (userId === session.userId) setFailover(known => ({ tabs: (known?.tabs ?? 0) + 1, slowest: Math.max(known?.slowest ?? 0, data) }))
      },
      options,
    )
    const stop = session.hub.on('status', ({ state }) => {
      const now = Date.now()
      if (crashedAt === 0 || state !== 'connected' || now < crashedAt) return
      session.publish('tabs/back', now - crashedAt)
      crashedAt = 0
    })
    return () => {
      ended.abort()
      stop()
    }
  }, [session])
  return failover
}
