// The compiler reads this file and nothing runs it: each line that must not compile says so.
import { type } from 'arktype'
import * as v from 'valibot'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import {
  type AnyTopics,
  type Channel,
  createHub,
  type DataOf,
  type Hub,
  type InputsOf,
  type Member,
  matches,
  type Message,
  type MessageOf,
  type MessageStream,
  type OutputsOf,
  type Receipt,
  type SharedState,
  topic,
} from '@earshot/core'

interface Chat {
  text: string
}
interface Point {
  x: number
  y: number
}
interface Order {
  id: string
  total: number
}

interface Topics {
  'rooms/*/chat': Chat
  'rooms/*/typing': boolean
  'rooms/lobby/chat': { text: string; pinned: boolean }
  'cursors/*': Point
  'orders/**': Order
  'settings/theme': 'light' | 'dark'
  never: never
}
interface Members {
  'rooms/*': { name: string }
}

const hub = createHub<Topics, Members>()
const session = hub.openSession()
declare const id: string
declare const count: number
const chat: Chat = { text: 'hi' }

// Literals: the most specific pattern of the map decides.
session.subscribe('rooms/42/chat', message => {
  expectTypeOf(message.data).toEqualTypeOf<Chat>()
  expectTypeOf(message.topic).toEqualTypeOf<'rooms/42/chat'>()
  expectTypeOf(message).toEqualTypeOf<Message<Chat, 'rooms/42/chat'>>()
})
session.subscribe('rooms/lobby/chat', message => expectTypeOf(message.data).toEqualTypeOf<{ text: string; pinned: boolean }>())
session.subscribe('rooms/42/typing', message => expectTypeOf(message.data).toEqualTypeOf<boolean>())
session.subscribe('orders/7', message => expectTypeOf(message.data).toEqualTypeOf<Order>())
session.subscribe('orders/7/items/3', message => expectTypeOf(message.data).toEqualTypeOf<Order>())
session.subscribe('settings/theme', message => expectTypeOf(message.data).toEqualTypeOf<'light' | 'dark'>())
hub.subscribe('cursors/ada', message => expectTypeOf(message.data).toEqualTypeOf<Point>())
expectTypeOf<DataOf<Topics, 'never'>>().toBeNever()
expectTypeOf(session.publish('rooms/42/chat', chat)).toEqualTypeOf<Receipt>()
expectTypeOf(hub.publish('cursors/ada', { x: 1, y: 2 }, { volatile: true })).toEqualTypeOf<Receipt>()
session.publish('rooms/lobby/chat', { text: 'hi', pinned: true })

// @ts-expect-error no topic of the map matches
session.subscribe('rooms/42/chatt', () => {})
// @ts-expect-error a level too few
session.subscribe('cursors', () => {})
// @ts-expect-error a level too many
session.subscribe('cursors/ada/left', () => {})
// @ts-expect-error ** stands for one level at least
session.subscribe('orders', () => {})
// @ts-expect-error no topic of the map matches
session.publish('rooms/42', chat)
// @ts-expect-error wrong data
session.publish('rooms/42/chat', { txt: 'hi' })
// @ts-expect-error wrong data: the literal decides, not the pattern that matches, too
session.publish('rooms/lobby/chat', chat)
// @ts-expect-error wrong data
hub.publish('settings/theme', 'blue')
// @ts-expect-error data is missing
session.publish('rooms/42/chat')
// @ts-expect-error unknown option
session.publish('rooms/42/chat', chat, { ecko: false })
// @ts-expect-error messages are read only
session.subscribe('rooms/42/chat', message => (message.data = chat))

// Template holes count as *.
session.publish(`rooms/${id}/chat`, chat)
session.publish(`cursors/${count}`, { x: 1, y: 2 })
session.subscribe(`rooms/${id}/typing`, message => expectTypeOf(message.data).toEqualTypeOf<boolean>())
session.subscribe(`cursors/${count}`, message => expectTypeOf(message.data).toEqualTypeOf<Point>())
// @ts-expect-error no topic of the map matches
session.publish(`room/${id}/chat`, chat)
// @ts-expect-error wrong data
session.publish(`rooms/${id}/typing`, chat)
// @ts-expect-error no topic of the map matches
session.subscribe(`cursors/${id}/left`, () => {})

// topic() keeps the shape of what it joins.
expectTypeOf(topic('rooms', id, 'chat')).toEqualTypeOf<`rooms/${string}/chat`>()
expectTypeOf(topic('cursors', count)).toEqualTypeOf<`cursors/${number}`>()
expectTypeOf(topic('rooms', 42, 'chat')).toEqualTypeOf<'rooms/42/chat'>()
session.publish(topic('rooms', id, 'chat'), chat)
session.subscribe(topic('rooms', id, 'typing'), message => expectTypeOf(message.data).toEqualTypeOf<boolean>())
// @ts-expect-error no topic of the map matches
session.publish(topic('rooms', id), chat)
// @ts-expect-error wrong data
session.publish(topic('rooms', id, 'chat'), true)
// @ts-expect-error levels are strings and numbers
topic('rooms', true)
// @ts-expect-error at least one level
topic()

// Wildcards bring all that overlaps.
session.subscribe('rooms/*/chat', message => expectTypeOf(message.data).toEqualTypeOf<Chat | { text: string; pinned: boolean }>())
session.subscribe('rooms/42/*', message => expectTypeOf(message.data).toEqualTypeOf<Chat | boolean>())
session.subscribe('orders/*', message => expectTypeOf(message.data).toEqualTypeOf<Order>())
session.subscribe('*/7', message => expectTypeOf(message.data).toEqualTypeOf<Point | Order>())
session.subscribe('settings/**', message => expectTypeOf(message.data).toEqualTypeOf<'light' | 'dark'>())
session.subscribe('rooms/**', message => {
  expectTypeOf(message.topic).toEqualTypeOf<`rooms/${string}/chat` | `rooms/${string}/typing` | 'rooms/lobby/chat'>()
  if (matches('rooms/*/typing', message)) {
    expectTypeOf(message).toEqualTypeOf<Message<boolean, `rooms/${string}/typing`>>()
    expectTypeOf(message.data).toEqualTypeOf<boolean>()
  } else if (message.topic === 'rooms/lobby/chat') expectTypeOf(message.data.text).toEqualTypeOf<string>()
  else expectTypeOf(message.data.text).toEqualTypeOf<string>()
})
session.subscribe('**', message => {
  if (matches('cursors/*', message)) expectTypeOf(message.data).toEqualTypeOf<Point>()
  if (matches('settings/theme', message)) expectTypeOf(message.data).toEqualTypeOf<'light' | 'dark'>()
})
// @ts-expect-error a union has to be narrowed first
session.subscribe('rooms/42/*', message => message.data.text)
// @ts-expect-error nothing of the map overlaps
session.subscribe('room/*', () => {})
// @ts-expect-error nothing of the map overlaps
session.stream('settings/*/*', {})
// @ts-expect-error ** stands for one level at least
session.subscribe('settings/theme/**', () => {})
// @ts-expect-error nothing of the map is that deep
session.subscribe('cursors/*/*', () => {})
// @ts-expect-error messages are published to topics
session.publish('cursors/*', { x: 1, y: 2 })
// @ts-expect-error messages are published to topics
session.publish('orders/**', { id: '7', total: 1 })
// @ts-expect-error messages are published to topics
hub.publish('**', chat)
// @ts-expect-error a state has one topic
session.state('cursors/*', { x: 1, y: 2 })
// @ts-expect-error presence is on one topic
session.presence('rooms/*')

// Several patterns are one target: the union of what each brings.
session.subscribe(['cursors/*', 'settings/theme'], message => {
  expectTypeOf(message.data).toEqualTypeOf<Point | 'light' | 'dark'>()
  if (message.topic === 'settings/theme') expectTypeOf(message.data).toEqualTypeOf<'light' | 'dark'>()
})
const patterns = ['cursors/ada', 'rooms/42/typing'] as const
session.subscribe(patterns, message => expectTypeOf(message.data).toEqualTypeOf<Point | boolean>())
expectTypeOf(session.stream(['cursors/ada', 'rooms/42/typing'])).toEqualTypeOf<
  MessageStream<Message<Point, 'cursors/ada'> | Message<boolean, 'rooms/42/typing'>>
>()
// @ts-expect-error one of them matches nothing
session.subscribe(['cursors/*', 'cursor/*'], () => {})

// Streams, history and shared state.
expectTypeOf(session.stream('rooms/42/chat')).toEqualTypeOf<MessageStream<Message<Chat, 'rooms/42/chat'>>>()
for await (const message of session.stream('orders/**')) expectTypeOf(message.data).toEqualTypeOf<Order>()
const next = await session.stream('cursors/*').next()
if (!next.done) expectTypeOf(next.value.data).toEqualTypeOf<Point>()
else expectTypeOf(next.value).toEqualTypeOf<undefined>()
expectTypeOf(await session.history('cursors/*')).toEqualTypeOf<readonly MessageOf<Topics, 'cursors/*'>[]>()
const theme = session.state('settings/theme', 'light')
expectTypeOf(theme).toEqualTypeOf<SharedState<'light' | 'dark'>>()
theme.set(old => (old === 'light' ? 'dark' : 'light'))
// @ts-expect-error wrong value
theme.set('blue')
// @ts-expect-error wrong initial value
session.state('settings/theme', 'blue')
// @ts-expect-error wrong overflow
session.stream('rooms/42/chat', { overflow: 'block' })

// Channels put their name before each event, and nest.
const room = session.channel('rooms/42')
expectTypeOf(room.name).toEqualTypeOf<'rooms/42'>()
room.on('chat', message => expectTypeOf(message).toEqualTypeOf<Message<Chat, 'rooms/42/chat'>>())
room.on('typ*', message => expectTypeOf(message.data).toEqualTypeOf<Chat | boolean>())
room.on('[ct]*', message => expectTypeOf(message.data).toEqualTypeOf<Chat | boolean>())
room.send('typing', true)
const nested = session.channel('rooms').channel('lobby')
expectTypeOf(nested.name).toEqualTypeOf<'rooms/lobby'>()
nested.on('chat', message => expectTypeOf(message.data).toEqualTypeOf<{ text: string; pinned: boolean }>())
session.channel(`rooms/${id}`).on('typing', message => expectTypeOf(message.data).toEqualTypeOf<boolean>())
// @ts-expect-error no such event
room.send('shout', chat)
// @ts-expect-error wrong data of an event
room.send('typing', chat)
// @ts-expect-error an event is sent by its name
room.send('*', chat)
// @ts-expect-error wrong data of a nested event
nested.send('chat', chat)

// Members have a map of their own.
const presence = session.presence('rooms/42')
expectTypeOf(presence.members).toEqualTypeOf<readonly Member<{ name: string }>[]>()
expectTypeOf(presence.byUser()).toEqualTypeOf<ReadonlyMap<string, readonly Member<{ name: string }>[]>>()
expectTypeOf(room.presence.self).toEqualTypeOf<Member<{ name: string }> | undefined>()
presence.enter({ name: 'Ada' })
presence.update(old => ({ name: old?.name ?? 'nobody' }))
presence.subscribe(({ type, member }) => {
  expectTypeOf(type).toEqualTypeOf<'enter' | 'update' | 'leave'>()
  expectTypeOf(member.data).toEqualTypeOf<{ name: string }>()
})
// @ts-expect-error wrong data of a member
presence.enter({ nom: 'Ada' })
// @ts-expect-error nobody is present there
session.presence('cursors/ada')

// The hub's own messages and broadcasts are unknown to the map.
session.subscribe('$hub/subscribed/**', message => expectTypeOf(message).toEqualTypeOf<Message>())
session.onBroadcast(message => expectTypeOf(message.data).toEqualTypeOf<unknown>())
hub.on('drop', drop => expectTypeOf(drop.count).toEqualTypeOf<number>())
hub.on('status', status => expectTypeOf(status.state).toEqualTypeOf<'initialised' | 'connecting' | 'connected' | 'disconnected' | 'closed'>())
// @ts-expect-error no such event
hub.on('dropped', () => {})
// @ts-expect-error wrong argument of an event
hub.on('drop', (drop: string) => drop)

// Without a map everything is open and data unknown.
const open = createHub()
expectTypeOf(open).toEqualTypeOf<Hub<AnyTopics, AnyTopics, AnyTopics>>()
open.publish('anything/at/all', 1)
open.publish(id, 1)
open.subscribe('a/*/**', message => expectTypeOf(message.data).toEqualTypeOf<unknown>())
open.subscribe('any', message => expectTypeOf(message.topic).toEqualTypeOf<'any'>())
open.openSession().channel('a').channel('b').send('c', {})
expectTypeOf(open.openSession().channel(id)).toExtend<Channel>()
// @ts-expect-error data is unknown
open.subscribe('any', message => message.data.text)
// @ts-expect-error messages are published to topics, with any map
open.publish('a/*', 1)

// A map is opened by **, which the more specific entries win over.
const opened = createHub<{ 'rooms/*': Chat; '**': unknown }>()
opened.publish('whatever', 1)
opened.publish(id, 1)
opened.subscribe('rooms/42', message => expectTypeOf(message.data).toEqualTypeOf<Chat>())
opened.subscribe('rooms/42/more', message => expectTypeOf(message.data).toEqualTypeOf<unknown>())
// @ts-expect-error the more specific entry decides
opened.publish('rooms/42', 1)

// An overlap is decided as at run time: literal, then *, then **, left to right.
interface Overlaps {
  'a/b/c': 1
  'a/b/*': 2
  'a/*/c': 3
  'a/**': 4
  '*/b/c': 5
  '**': 6
}
expectTypeOf<DataOf<Overlaps, 'a/b/c'>>().toEqualTypeOf<1>()
expectTypeOf<DataOf<Overlaps, 'a/b/x'>>().toEqualTypeOf<2>()
expectTypeOf<DataOf<Overlaps, 'a/x/c'>>().toEqualTypeOf<3>()
expectTypeOf<DataOf<Overlaps, 'a/x/x'>>().toEqualTypeOf<4>()
expectTypeOf<DataOf<Overlaps, 'a/x'>>().toEqualTypeOf<4>()
expectTypeOf<DataOf<Overlaps, 'x/b/c'>>().toEqualTypeOf<5>()
expectTypeOf<DataOf<Overlaps, 'a'>>().toEqualTypeOf<6>()
expectTypeOf<DataOf<Overlaps, 'x/b/x'>>().toEqualTypeOf<6>()
expectTypeOf<DataOf<Overlaps, 'a/b/*'>>().toEqualTypeOf<1 | 2 | 3 | 4 | 5 | 6>()
expectTypeOf<DataOf<Overlaps, 'x/**'>>().toEqualTypeOf<5 | 6>()

// A type alias and optional or readonly entries do as well as an interface.
type Aliased = { readonly 'a/*': 1; 'b': 2 }
createHub<Aliased>().subscribe('a/x', message => expectTypeOf(message.data).toEqualTypeOf<1>())

// Schemas: publish takes their input, listeners get their output.
const checked = createHub({
  topics: {
    'z/*': z.object({ at: z.coerce.date(), tags: z.array(z.string()).default([]) }),
    'v/*': v.object({ size: v.pipe(v.string(), v.transform(Number)) }),
    'k/*': type({ count: 'string.integer.parse' }),
  },
})
const reader = checked.openSession()
reader.subscribe('z/1', message => expectTypeOf(message.data).toEqualTypeOf<{ at: Date; tags: string[] }>())
reader.subscribe('v/1', message => expectTypeOf(message.data).toEqualTypeOf<{ size: number }>())
reader.subscribe('k/1', message => expectTypeOf(message.data).toEqualTypeOf<{ count: number }>())
reader.publish('z/1', { at: '2026-01-01' })
reader.publish('v/1', { size: '42' })
reader.publish('k/1', { count: '42' })
// @ts-expect-error the input is a string
reader.publish('v/1', { size: 42 })
// @ts-expect-error the input is a string
reader.publish('k/1', { count: 42 })
// @ts-expect-error wrong data
reader.publish('z/1', { at: '2026-01-01', tags: [1] })
// @ts-expect-error no topic of the map matches
reader.publish('x/1', 1)
// @ts-expect-error a schema is an object with ~standard
createHub({ topics: { a: { validate: () => true } } })

// Schemas with typed members beside them.
const schemas = { 'z/*': z.object({ at: z.coerce.date() }) }
const peopled = createHub<typeof schemas, { 'z/*': { name: string } }>({ topics: schemas, capacity: 8 })
expectTypeOf(peopled).toEqualTypeOf<Hub<OutputsOf<typeof schemas>, InputsOf<typeof schemas>, { 'z/*': { name: string } }>>()
peopled.subscribe('z/1', message => expectTypeOf(message.data).toEqualTypeOf<{ at: Date }>())
peopled.publish('z/1', { at: '2026-01-01' })
peopled.openSession().presence('z/1').enter({ name: 'Ada' })
// @ts-expect-error the members' map knows better
peopled.openSession().presence('z/1').enter({ nickname: 'Ada' })
// @ts-expect-error no pattern of the members' map matches
peopled.openSession().presence('y')
// @ts-expect-error these are other schemas
createHub<typeof schemas, { 'z/*': { name: string } }>({ topics: { 'y/*': z.string() } })
// @ts-expect-error members are a map
createHub<typeof schemas, string>({ topics: schemas })
// Without a map of them, members may be anything.
expectTypeOf(createHub({ topics: schemas })).toEqualTypeOf<Hub<OutputsOf<typeof schemas>, InputsOf<typeof schemas>>>()
