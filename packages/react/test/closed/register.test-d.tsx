// The compiler reads this file and nothing runs it. The map is closed: what it does not know does not compile.
import { expectTypeOf } from 'vitest'
import { useEnter, useMember, useMembers, usePresence, usePresenceCount, usePublish, useSession, useSharedState, useSubscription, useTopic } from '@earshot/react'

declare module '@earshot/react' {
  interface Register {
    topics: { 'rooms/*/chat': { text: string }; theme: 'light' | 'dark' }
    members: { 'rooms/*': { name: string } }
  }
}

export function Closed(): null {
  const { messages, publish } = useTopic('rooms/42/chat')
  expectTypeOf(messages.map(({ data }) => data)).toEqualTypeOf<{ text: string }[]>()
  publish({ text: 'hi' })
  // @ts-expect-error the map knows better
  publish({ txt: 'hi' })
  // @ts-expect-error no pattern of the map matches
  useTopic('unknown')
  // @ts-expect-error no pattern of the map matches
  useTopic('rooms/42/typing')
  // @ts-expect-error no pattern of the map matches
  useSubscription('unknown', () => {})

  usePublish('rooms/42/chat')({ text: 'hi' })
  // @ts-expect-error no pattern of the map matches
  usePublish('unknown')
  // @ts-expect-error a wildcard is no topic
  usePublish('rooms/*/chat')({ text: 'hi' })

  expectTypeOf(useSharedState('theme', 'light')[0]).toEqualTypeOf<'light' | 'dark'>()
  // @ts-expect-error the map knows better
  useSharedState('theme', 'blue')
  // @ts-expect-error no pattern of the map matches
  useSharedState('unknown', 'light')

  usePresence('rooms/42', { name: 'Ada' })
  // @ts-expect-error no pattern of the members' map matches
  usePresence('unknown')
  useEnter('rooms/42', { name: 'Ada' })
  // @ts-expect-error no pattern of the members' map matches
  useEnter('unknown', { name: 'Ada' })
  // @ts-expect-error no pattern of the members' map matches
  useMember('unknown', 'id')
  // @ts-expect-error no pattern of the members' map matches
  useMembers('unknown')
  // @ts-expect-error no pattern of the members' map matches
  usePresenceCount('unknown')

  const session = useSession()
  session.publish('theme', 'dark')
  // @ts-expect-error no pattern of the map matches
  session.publish('unknown', 'dark')
  return null
}
