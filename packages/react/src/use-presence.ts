import type { CheckTopic, DataOf, Member, Presence, TopicHint } from '@earshot/core'
import { presenceStores } from './presence-store.ts'
import type { Members } from './register.ts'
import { useEnter } from './use-enter.ts'
import { asItIs, useStore } from './use-store.ts'

/** Who is on a topic. Each of these is the same until it has changed. */
export interface PresenceView<Data> {
  /** Everyone: one member a session, so a user with two tabs is two. */
  readonly members: readonly Member<Data>[]
  /** Everyone but this session. */
  readonly others: readonly Member<Data>[]
  /** This session's own entry, when it has entered. */
  readonly self: Member<Data> | undefined
  /** Members by user id, else session id: one person, however many tabs. */
  readonly byUser: ReadonlyMap<string, readonly Member<Data>[]>
  /** Whether those that were here before are known. */
  readonly ready: boolean
  /** Says something else of this session, until the component itself does; a function gets what was said. Enters if need be. The same function always. */
  readonly update: Presence<Data>['update']
}

/**
 * Who is on a topic, brought up to date once a frame. With `data` the session is a member while the component is mounted, and for 300 ms more;
 * without, it only observes. When several components enter, there is one entry, and the last mounted one speaks. Data is compared by value. It
 * renders whenever anybody changes: where members are of no matter there is `useEnter`.
 * @throws `invalid-topic`, `not-serializable`, `session-closed` while mounting
 */
export function usePresence<const Topic extends TopicHint<Members>>(
  topic: Topic & CheckTopic<Members, Topic>,
  data?: DataOf<Members, Topic>,
): PresenceView<DataOf<Members, Topic>>
export function usePresence(topic: string, data?: unknown): PresenceView<unknown> {
  return { ...useStore(presenceStores, topic, asItIs), update: useEnter(topic, data) }
}
