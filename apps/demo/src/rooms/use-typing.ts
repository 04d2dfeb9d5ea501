import { usePublish, useSubscription } from '@earshot/react'
import { useEffect, useRef, useState } from 'react'

/** Who has typed nothing for so long types no more, in milliseconds. */
const PAUSE = 3000
/** While one types, it is said at most this often. */
const AGAIN = 1000

/** Who types in a room, and how to say that this tab does. */
export function useTyping(room: string): [typing: readonly string[], say: (isTyping: boolean) => void] {
  const publish = usePublish(`rooms/${room}/typing`)
  const [typing, setTyping] = useState<readonly string[]>([])
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>())
  const said = useRef(0)
  useSubscription(
    `rooms/${room}/typing`,
    ({ userId = '', data }) => {
      const stop = (): void => setTyping(all => all.filter(each => each !== userId))
      clearTimeout(timers.current.get(userId))
      if (!data) return stop()
      timers.current.set(userId, setTimeout(stop, PAUSE))
      setTyping(all => (all.includes(userId) ? all : [...all, userId]))
    },
    { echo: false },
  )
  useEffect(() => {
    const all = timers.current
    return () => all.forEach(timer => clearTimeout(timer))
  }, [])
  const say = (isTyping: boolean): void => {
    const now = Date.now()
    if (isTyping && now - said.current < AGAIN) return
    said.current = isTyping ? now : 0
    publish(isTyping, { volatile: true })
  }
  return [typing, say]
}
