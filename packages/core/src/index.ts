export { type Cancel, type Clock, systemClock } from './base/clock.ts'
export type { BroadcastChannelLike, Environment, LockOptionsLike, LocksLike, PageEvent, PageEventLike, PageLike, StorageLike } from './base/environment.ts'
export type { ErrorCode, ErrorDetails, ErrorReason, ErrorReasons } from './base/error-codes.ts'
export { EarshotError, isEarshotError } from './base/errors.ts'
export { MAX_TOPIC_BYTES, MAX_TOPIC_LEVELS } from './base/limits.ts'
export type { Message } from './base/message.ts'
export { randomId, systemRandom } from './base/random.ts'
export { compareMessages, type RemoteMessage } from './delivery/message.ts'
export type { Overflow, QueueOptions } from './delivery/queue.ts'
export type { MessageStream } from './delivery/stream.ts'
export type { CloseReason, Listener, Subscription } from './delivery/subscription.ts'
export { type Channel, createHub, type Hub, type Patterns, type PubSub, type Session } from './hub/create-hub.ts'
export type { HubOptions } from './hub/broker.ts'
export type { Drop } from './hub/drops.ts'
export type { HubStats, SessionOptions } from './hub/hub.ts'
export type { StreamOptions, SubscribeOptions } from './hub/listening.ts'
export { matches } from './hub/matches.ts'
export type { Accepted, Receipt } from './hub/receipt.ts'
export type { HubEvents } from './hub/reporting.ts'
export type { TopicStats } from './hub/routes.ts'
export type { InputsOf, OutputsOf, SchemaMap, StandardSchema } from './hub/schema.ts'
export type { SharedState } from './hub/state.ts'
export type {
  Capabilities,
  Gap,
  History,
  HistoryOptions,
  HubStatus,
  PublishOptions,
  Transport,
  TransportConnection,
  TransportLink,
  TransportSession,
} from './hub/transport.ts'
export type { Presence } from './presence/presence.ts'
export { type Member, type PresenceEvent, Roster } from './presence/roster.ts'
export { capture, covers, overlaps } from './topic/match.ts'
export { PatternIndex } from './topic/pattern-index.ts'
export { checkPattern, checkTopic, isWildcard, type JoinLevels, topic } from './topic/topic.ts'
export type { AnyTopics, CheckPattern, CheckTopic, DataOf, MessageOf, TopicError, TopicHint, TopicOf } from './topic/typed.ts'
