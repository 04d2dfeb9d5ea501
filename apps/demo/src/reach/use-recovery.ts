import { useSession } from '@earshot/react'
import { useEffect, useState } from 'react'
import type { Wire } from '../wire/wire.ts'

/** What cuts have led to. */
export interface Recovery {
  /** Messages of others from while this page was away. */
  readonly recovered: number
  /** How often the page was told that some are lost. */
  readonly gaps: number
}

/** Counts what this page hears late, and what it never will. */
export function useRecovery(wire: Wire): Recovery {
  const session = useSession()
  const [recovery, setRecovery] = useState<Recovery>({ recovered: 0, gaps: 0 })
  useEffect(() => {
    const { hub } = session
    let wasConnected = hub.status.state === 'connected'
    let lostAt = Infinity
    let backAt = 0
    const ends = [
      hub.on('status', ({ state }) => {
        if (state === 'connected') {
          backAt = Date.now()
          wasConnected = true
        } else if (wasConnected) {
          lostAt = Date.now()
          wasConnected = false
        }
      }),
      hub.on('gap', () => setRecovery(({ recovered, gaps }) => ({ recovered, gaps: gaps + 1 }))),
      wire.listen(news => {
        if (news.type !== 'heard' || news.from === session.id || news.time < lostAt || news.time >= backAt) return
        setRecovery(({ recovered, gaps }) => ({ recovered: recovered + 1, gaps }))
      }),
    ]
    return () => ends.forEach(end => end())
  }, [session, wire])
  return recovery
}
