// The compiler reads this file and nothing runs it: each line that must not compile says so.
import { createHub, type Hub, type Member, type Message } from '@earshot/core'
import { expectTypeOf } from 'vitest'
import {
  EarshotProvider,
  type Sending,
  type SetShared,
  type TopicMessage,
  useClaim,
  useEnter,
  useLeader,
  useMember,
  useMembers,
  usePresence,
  usePresenceCount,
  usePublish,
  useSession,
  useSharedState,
  useSubscription,
  useTopic,
} from '@earshot/react'

interface Chat {
  text: string
}

// The other tests of this package speak of any topic: the map stays open.
declare module '@earshot/react' {
  interface Register {
    topics: { 'typed/*/chat': Chat; 'typed/*/typing': boolean; '**': unknown }
    members: { 'typed/*': { name: string }; '**': unknown }
  }
}

export function Typed(): null {
  const { messages, last, publish } = useTopic('typed/42/chat', { limit: 5 })
  expectTypeOf(messages).toEqualTypeOf<readonly TopicMessage<'typed/42/chat'>[]>()
  expectTypeOf(last).toEqualTypeOf<(Message<Chat, 'typed/42/chat'> & Sending) | undefined>()
  expectTypeOf(last?.status).toEqualTypeOf<'pending' | 'sent' | 'failed' | undefined>()
  publish({ text: 'hi' })
  publish({ text: 'hi' }, { echo: false })
  // @ts-expect-error the map knows better
  publish('hi')

  expectTypeOf(useTopic('elsewhere').last?.data).toEqualTypeOf<unknown>()
  const { selected } = useTopic('typed/42/chat', { select: all => all.map(message => message.data.text) })
  expectTypeOf(selected).toEqualTypeOf<string[]>()
  // @ts-expect-error with select there are no messages
  void useTopic('typed/42/chat', { select: all => all.length }).messages
  void useTopic('typed/42/chat', { select: all => all.length, isEqual: (one, other) => one.toFixed() === other.toFixed() })
  // @ts-expect-error an equality needs a selection
  void useTopic('typed/42/chat', { isEqual: Object.is })
  // @ts-expect-error a wildcard is no topic
  useTopic('typed/*/chat').publish({ text: 'hi' })

  // A hole in a template is one level, as in a literal.
  const room = String(42)
  expectTypeOf(useTopic(`typed/${room}/chat`).messages).toEqualTypeOf<readonly TopicMessage<`typed/${string}/chat`>[]>()

  usePublish('typed/42/typing')(true)
  // @ts-expect-error the map knows better
  usePublish('typed/42/typing')('yes')
  // @ts-expect-error a wildcard is no topic
  usePublish('typed/*/typing')

  useSubscription('typed/*/chat', message => {
    expectTypeOf(message).toEqualTypeOf<Message<Chat, `typed/${string}/chat`> | Message<unknown, string>>()
  })
  // @ts-expect-error its end is the component's
  useSubscription('typed/*/chat', () => {}, { signal: AbortSignal.abort() })

  const { self, members, byUser, update } = usePresence('typed/42', { name: 'Ada' })
  expectTypeOf(self?.data).toEqualTypeOf<{ name: string } | undefined>()
  expectTypeOf(members[0]?.data).toEqualTypeOf<{ name: string } | undefined>()
  expectTypeOf(byUser.get('ada')?.[0]?.data).toEqualTypeOf<{ name: string } | undefined>()
  update(old => ({ name: `${old?.name ?? 'Ada'}!` }))
  // @ts-expect-error the map knows better
  usePresence('typed/42', { nickname: 'Ada' })

  const say = useEnter('typed/42', { name: 'Ada' })
  expectTypeOf(say).toEqualTypeOf<typeof update>()
  useEnter('typed/42', undefined)
  // @ts-expect-error the map knows better
  useEnter('typed/42', { nickname: 'Ada' })
  // @ts-expect-error the map knows better
  say({ nickname: 'Ada' })
  // @ts-expect-error without data it has nothing to do
  useEnter('typed/42')
  // @ts-expect-error a wildcard is no topic
  useEnter('typed/*', { name: 'Ada' })

  useSession().publish('typed/42/chat', { text: 'hi' })
  // @ts-expect-error the map knows better
  useSession().publish('typed/42/chat', 'hi')
  return null
}

export function TypedMembers(): null {
  expectTypeOf(useMember('typed/42', 'id')).toEqualTypeOf<Member<{ name: string }> | undefined>()
  expectTypeOf(useMember('typed/42', 'id', ({ data }) => data.name)).toEqualTypeOf<string | undefined>()
  expectTypeOf(useMember('elsewhere', 'id')?.data).toEqualTypeOf<unknown>()
  // @ts-expect-error the map knows better
  useMember('typed/42', 'id', ({ data }) => data.nickname)
  // @ts-expect-error whose
  useMember('typed/42')
  useMember('typed/42', 'id', ({ data }) => data.name, (one, other) => one?.length === other?.length)
  // @ts-expect-error it may be gone
  useMember('typed/42', 'id', ({ data }) => data.name, (one, other) => one.length === other?.length)

  expectTypeOf(useMembers('typed/42')).toEqualTypeOf<readonly Member<{ name: string }>[]>()
  expectTypeOf(useMembers('typed/42', all => all.map(({ data }) => data.name))).toEqualTypeOf<string[]>()
  // @ts-expect-error the map knows better
  useMembers('typed/42', all => all.map(({ data }) => data.nickname))
  // @ts-expect-error an equality needs a selection
  useMembers('typed/42', undefined, () => true)
  // @ts-expect-error a wildcard is no topic
  useMembers('typed/*')

  expectTypeOf(usePresenceCount('typed/42')).toEqualTypeOf<number>()
  // @ts-expect-error a wildcard is no topic
  usePresenceCount('typed/*')
  return null
}

export function TypedState(): null {
  const [value, set, status] = useSharedState('typed/42/typing', false)
  expectTypeOf(value).toEqualTypeOf<boolean>()
  expectTypeOf(set).toEqualTypeOf<SetShared<boolean>>()
  expectTypeOf(status).toEqualTypeOf<'loading' | 'ready'>()
  set(true)
  set(old => !old)
  // @ts-expect-error the map knows better
  set('yes')
  // @ts-expect-error the map knows better
  set(old => `${old}`)
  // @ts-expect-error the map knows better
  useSharedState('typed/42/typing', 'no')
  // @ts-expect-error it needs something to begin with
  useSharedState('typed/42/typing')
  // @ts-expect-error a wildcard is no topic
  useSharedState('typed/*/typing', false)

  expectTypeOf(useLeader()).toEqualTypeOf<boolean>()
  useClaim('id', () => {})
  useClaim(undefined, async () => {})
  useClaim(null, () => {})
  // @ts-expect-error an id is a string
  useClaim(17, () => {})
  // @ts-expect-error for what
  useClaim('id')

  useTopic('typed/42/chat', { filter: ({ data, status: how }) => how !== 'failed' && data.text !== '', flush: 'sync' })
  // @ts-expect-error the map knows better
  useTopic('typed/42/chat', { filter: ({ data }) => data.title !== '' })
  // @ts-expect-error there are two ways
  useTopic('typed/42/chat', { flush: 'now' })
  // @ts-expect-error messages are read only
  useTopic('typed/42/chat').messages.push(null)
  const shown: TopicMessage<'typed/*/chat'> | undefined = useTopic('typed/42/chat').last
  void shown
  return null
}

interface Topics {
  'typed/*/chat': Chat
  'typed/*/typing': boolean
  '**': unknown
}
interface Members {
  'typed/*': { name: string }
  '**': unknown
}

const hub: Hub<Topics, Topics, Members> = createHub<Topics, Members>()
void (<EarshotProvider hub={hub} userId={undefined} />)
void (<EarshotProvider session={hub.openSession()} />)
// @ts-expect-error either of the two
void (<EarshotProvider hub={hub} session={hub.openSession()} />)
// @ts-expect-error one of the two
void (<EarshotProvider />)
