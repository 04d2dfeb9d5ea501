import type { Message } from '@earshot/core'
import { useSession, useSubscription } from '@earshot/react'
import { useCallback, useEffect, useReducer } from 'react'

/** One line of the log. */
export interface Entry {
  key: number
  direction: 'sent' | 'heard'
  /** Topic or audience. */
  where: string
  /** User id of the sender, or `me`. */
  who: string
  text: string
  /** Milliseconds on the way; tabs of one machine share its clock. */
  latency: number | undefined
}

/** Lines that the log shows at most. */
const LIMIT = 200

/** What was sent from here and heard here, newest first. */
export function useLog(): [readonly Entry[], (entry: Omit<Entry, 'key'>) => void] {
  const session = useSession()
  const [entries, add] = useReducer(
    (log: readonly Entry[], entry: Omit<Entry, 'key'>) => [{ ...entry, key: (log[0]?.key ?? 0) + 1 }, ...log].slice(0, LIMIT),
    [],
  )
  const heard = useCallback(
    (message: Message) =>
      add({
        direction: 'heard',
        where: message.topic === '' ? 'broadcast' : message.topic,
        who: message.from === session.id ? 'me' : (message.userId ?? '?'),
        text: String(message.data),
        latency: Math.max(0, Date.now() - message.time),
      }),
    [session],
  )
  useSubscription('topics/*', heard)
  useEffect(() => {
    const subscription = session.onBroadcast(heard, { own: true })
    return () => subscription.unsubscribe()
  }, [session, heard])
  return [entries, add]
}
