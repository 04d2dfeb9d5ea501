import type { CheckTopic, TopicHint } from '@earshot/core'
import { type Crowd, memberStores } from './member-store.ts'
import type { Members } from './register.ts'
import { useStore } from './use-store.ts'

/**
 * How many people are on a topic: the tabs of one user count once, sessions without a user each. It only observes.
 * @throws `invalid-topic`, `session-closed` while mounting
 */
export function usePresenceCount<const Topic extends TopicHint<Members>>(topic: Topic & CheckTopic<Members, Topic>): number
export function usePresenceCount(topic: string): number {
  return useStore(memberStores, topic, countPeople)
}

function countPeople({ members }: Crowd): number {
  return new Set(members.map(({ id, userId = id }) => userId)).size
}
