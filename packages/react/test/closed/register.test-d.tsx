// The compiler reads this file and nothing runs it. The map is closed: what it does not know does not compile.
import { createHub, type InputsOf, type OutputsOf, type StandardSchema } from '@earshot/core'
import { expectTypeOf } from 'vitest'
import { EarshotProvider, useEnter, useMember, useMembers, usePresence, usePresenceCount, usePublish, useSession, useSharedState, useSubscription, useTopic } from '@earshot/react'

declare const schemas: {
  'rooms/*/chat': StandardSchema<{ text: string; at?: string }, { text: string; at: Date }>
  theme: StandardSchema<'light' | 'dark'>
}
interface Members {
  'rooms/*': { name: string }
}

declare module '@earshot/react' {
  interface Register {
    topics: OutputsOf<typeof schemas>
    inputs: InputsOf<typeof schemas>
    members: Members
  }
}

export function Closed(): null {
  const { messages, publish } = useTopic('rooms/42/chat')
  expectTypeOf(messages.map(({ data }) => data)).toEqualTypeOf<{ text: string; at: Date }[]>()
  publish({ text: 'hi' })
  publish({ text: 'hi', at: '2026-01-01' })
  // @ts-expect-error the input is a string, the output a date
  for (const { data } of messages) publish(data)
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

void (<EarshotProvider hub={createHub<typeof schemas, Members>({ topics: schemas })} />)
void (<EarshotProvider session={createHub<typeof schemas, Members>({ topics: schemas }).openSession()} />)
// @ts-expect-error what is published is not what is heard
void (<EarshotProvider hub={createHub<OutputsOf<typeof schemas>, Members>()} />)
// @ts-expect-error members are something else
void (<EarshotProvider hub={createHub<typeof schemas, { 'rooms/*': { age: number } }>({ topics: schemas })} />)
const anybody = createHub({ topics: schemas })
// @ts-expect-error members may be anything
void (<EarshotProvider hub={anybody} />)
