import type { Cancel, Clock } from '../base/clock.ts'
import type { Message } from '../base/message.ts'
import type { MessageStream } from '../delivery/stream.ts'
import type { Subscription } from '../delivery/subscription.ts'
import type { Presence } from '../presence/presence.ts'
import type { AnyTopics, CheckPattern, CheckTopic, DataOf, MessageOf, TopicHint } from '../topic/typed.ts'
import type { HubOptions } from './broker.ts'
import { EarshotHub, type HubStats, type SessionOptions } from './hub.ts'
import type { StreamOptions, SubscribeOptions } from './listening.ts'
import type { Receipt } from './receipt.ts'
import type { HubEvents } from './reporting.ts'
import type { TopicStats } from './routes.ts'
import type { InputsOf, OutputsOf, SchemaMap } from './schema.ts'
import type { SharedState } from './state.ts'
import type { Capabilities, HistoryOptions, HubStatus, PublishOptions } from './transport.ts'

/** One pattern or several; several are one target, so that a message arrives once. */
export type Patterns<Map, Pattern extends string> = (Pattern & CheckPattern<Map, Pattern>) | readonly (Pattern & CheckPattern<Map, Pattern>)[]

/** What both hubs and sessions do. `Out` is what listeners get by topic, `In` what `publish` takes. */
export interface PubSub<Out = AnyTopics, In = Out> {
  /**
   * Publishes to a topic.
   * @throws `invalid-topic`, `invalid-data`, `not-serializable`, `session-closed`, `hub-closed`
   */
  publish<const Topic extends TopicHint<In>>(topic: Topic & CheckTopic<In, Topic>, data: DataOf<In, Topic>, options?: PublishOptions): Receipt
  /** Sends to every session that listens to broadcasts, without a topic. */
  broadcast(data: unknown, options?: PublishOptions): Receipt
  /**
   * Calls `listener` with each message of the pattern. The same listener on the same pattern of one session gives the first handle.
   * @throws `invalid-pattern`, `invalid-options`, `session-closed`
   */
  subscribe<const Pattern extends TopicHint<Out>>(
    pattern: Patterns<Out, Pattern>,
    listener: (message: MessageOf<Out, Pattern>, subscription: Subscription) => unknown,
    options?: SubscribeOptions,
  ): Subscription
  onBroadcast(listener: (message: Message, subscription: Subscription) => unknown, options?: SubscribeOptions): Subscription
}

/** One participant, normally one tab. It owns its subscriptions, streams, channels and presence; closing it ends them all. */
export interface Session<Out = AnyTopics, In = Out, Members = AnyTopics> extends PubSub<Out, In> {
  /** The hub that opened it. */
  readonly hub: Hub<Out, In, Members>
  /** With a transport it is final once `ready` resolves. */
  readonly id: string
  readonly userId: string | undefined
  /** What `openSession` was given. */
  readonly data: unknown
  readonly closed: boolean
  /** Resolves when everyone who can be reached knows of the session and its subscriptions. */
  readonly ready: Promise<void>
  /** Ends what `subscribe` made on exactly this pattern; gives how many. Streams, channels and hooks have handles of their own. */
  unsubscribe(pattern: string | readonly string[]): number
  /** Ends all that `subscribe` made; gives how many. */
  unsubscribeAll(): number
  /** Ends all that `onBroadcast` made; gives how many. */
  offBroadcast(): number
  /** Messages to read with `for await`. It listens from now on, not from the first read. */
  stream<const Pattern extends TopicHint<Out>>(pattern: Patterns<Out, Pattern>, options?: StreamOptions): MessageStream<MessageOf<Out, Pattern>>
  /** A scope: events below a topic. */
  channel<Name extends string>(name: Name): Channel<Out, In, Members, Name>
  /** Who is on a topic. */
  presence<const Topic extends TopicHint<Members>>(topic: Topic & CheckTopic<Members, Topic>): Presence<DataOf<Members, Topic>>
  /** A value shared by all who ask for this topic. */
  state<const Topic extends TopicHint<Out>>(topic: Topic & CheckTopic<Out, Topic>, initial: DataOf<Out, Topic>): SharedState<DataOf<Out, Topic>>
  /** Past messages, as far as they are kept; oldest first. Empty without a transport. */
  history<const Pattern extends TopicHint<Out>>(pattern: Patterns<Out, Pattern>, options?: HistoryOptions): Promise<readonly MessageOf<Out, Pattern>[]>
  /**
   * Runs `task` in at most one tab for this id, and in none again for 60 s while that tab lives.
   * Resolves with whether it ran here. Rejects with `unsupported` without a transport that joins tabs, or without Web Locks.
   */
  claim(id: string, task: () => unknown): Promise<boolean>
  /** Ends everything of this session. Again is fine. */
  close(): void
  [Symbol.dispose](): void
}

/** A named scope: a topic prefix with events below it. */
export interface Channel<Out = AnyTopics, In = Out, Members = AnyTopics, Name extends string = string> {
  /** The topic prefix. */
  readonly name: Name
  /** Presence on the prefix itself; closed with the channel. */
  readonly presence: Presence<DataOf<Members, Name>>
  /** Calls `listener` with messages of an event, which may be a glob: `*`, `?`, `[ab]`. All events share one remote subscription. */
  on<const Event extends string>(
    event: Event,
    listener: (message: MessageOf<Out, `${Name}/${EventLevel<Event>}`>, subscription: Subscription) => unknown,
    options?: SubscribeOptions,
  ): Subscription
  send<const Event extends string>(
    event: Event & CheckTopic<In, `${Name}/${Event}`>,
    data: DataOf<In, `${Name}/${Event}`>,
    options?: PublishOptions,
  ): Receipt
  /** A scope inside this one; closed with it. */
  channel<Inner extends string>(name: Inner): Channel<Out, In, Members, `${Name}/${Inner}`>
  /** Ends what this handle started, and nothing else. */
  close(): void
  [Symbol.dispose](): void
}

type EventLevel<Event extends string> = Event extends `${string}${'*' | '?' | '['}${string}` ? '*' : Event

/** The broker of one page. */
export interface Hub<Out = AnyTopics, In = Out, Members = AnyTopics> extends PubSub<Out, In> {
  /** Opens a session, or gives the one that is open under this id. Touches no browser API. */
  openSession(options?: SessionOptions): Session<Out, In, Members>
  /** Local subscriptions by exact pattern. */
  count(...patterns: string[]): Record<string, number>
  /** Patterns with local subscriptions that lie within this one. @default '**' */
  topics(within?: string): string[]
  /** Would a publish to this topic, or to some topic of this pattern, reach a local listener? Without an argument: any at all? */
  hasSubscribers(topic?: string): boolean
  /** The local sessions that listen to a topic. */
  listeners(topic: string): { id: string; userId: string | undefined }[]
  /** How many sessions listen to a topic, here and beyond. */
  occupancy(topic: string): Promise<number>
  /** Counts of the hub, or of one topic as long as it has a place in the `cache`. */
  stats(): HubStats
  stats(topic: string): TopicStats
  readonly status: HubStatus
  /** The clock it was made with: what waits on the hub's behalf waits by it. */
  readonly clock: Clock
  /** What this environment allows: `true`, or why not. */
  readonly capabilities: Capabilities
  /** Hands an error to the `error` event, or to whoever hears errors instead: for what fails where nobody waits for it. */
  report(error: unknown): void
  /** Listens to what the hub tells of itself. The result ends it. */
  on<Name extends keyof HubEvents>(event: Name, listener: HubEvents[Name]): Cancel
  /** Ends local subscriptions and streams within a pattern; what is buffered can be read. Gives how many. */
  closeTopic(pattern: string): number
  /** Ends the local subscriptions and streams of a user's sessions; gives how many. */
  closeUser(userId: string): number
  /** Runs `task` while this tab leads, and what it returns when it stops. @throws `unsupported` without a transport that joins tabs */
  onLeader(task: () => void | (() => void)): Cancel
  /** Ends everything for good: sessions, streams, transport. Again is fine. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Creates a hub. Types of topics and members are given as `createHub<Topics, Members>()`, or beside schemas as
 * `createHub<typeof schemas, Members>({ topics: schemas })`.
 * @throws `invalid-options`
 * @example
 * const hub = createHub()
 * const session = hub.openSession()
 * session.subscribe('rooms/*', message => console.log(message.data))
 * session.publish('rooms/42', 'hello') // logs hello
 */
export function createHub<Schemas extends SchemaMap, Members extends object = AnyTopics>(
  options: HubOptions & { topics: Schemas },
): Hub<OutputsOf<Schemas>, InputsOf<Schemas>, Members>
export function createHub<Topics extends object = AnyTopics, Members extends object = AnyTopics>(options?: HubOptions): Hub<Topics, Topics, Members>
// The class knows topics as strings: the map lives in the types above alone.
export function createHub(options?: HubOptions & { topics?: SchemaMap }): unknown {
  return new EarshotHub(options)
}

