import type { AnyTopics, CheckTopic, DataOf, Hub, PublishOptions, Session } from '@earshot/core'

/**
 * The app's types, said once for all hooks. Members that may be given: `topics` (what listeners get, by pattern), `inputs` (what `publish` takes,
 * when a schema makes that differ) and `members` (presence data, by topic).
 * @example
 * declare module '@earshot/react' {
 *   interface Register { topics: Topics }
 * }
 */
export interface Register {}

/** The registered topic map, or any topic. */
export type Topics = Register extends { topics: infer Map extends object } ? Map : AnyTopics
/** What `publish` takes, by topic. */
export type Inputs = Register extends { inputs: infer Map extends object } ? Map : Topics
/** The registered map of presence data, or any. */
export type Members = Register extends { members: infer Map extends object } ? Map : AnyTopics
/** A hub of the registered types. */
export type AppHub = Hub<Topics, Inputs, Members>
/** A session of the registered types. */
export type AppSession = Session<Topics, Inputs, Members>

/** Publishes to one topic; the compiler's refusal instead, when the topic is none. */
export type PublishTo<Topic extends string> =
  unknown extends CheckTopic<Inputs, Topic> ? (data: DataOf<Inputs, Topic>, options?: PublishOptions) => void : CheckTopic<Inputs, Topic>
