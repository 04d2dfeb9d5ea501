import type { CheckTopic, DataOf, Member, TopicHint } from '@earshot/core'
import { memberStores } from './member-store.ts'
import type { Members } from './register.ts'
import { asItIs, type IsEqual, useStore } from './use-store.ts'

/**
 * The members of a topic, one a session. With `select`, what that makes of them: the component renders when the result has changed, compared by
 * `isEqual` – shallowly by default. Brought up to date once a frame; it only observes.
 * @throws `invalid-topic`, `session-closed` while mounting
 */
export function useMembers<const Topic extends TopicHint<Members>>(topic: Topic & CheckTopic<Members, Topic>): readonly Member<DataOf<Members, Topic>>[]
export function useMembers<const Topic extends TopicHint<Members>, Selected>(
  topic: Topic & CheckTopic<Members, Topic>,
  select: (members: readonly Member<DataOf<Members, Topic>>[]) => Selected,
  isEqual?: IsEqual<Selected>,
): Selected
export function useMembers(topic: string, select: (members: readonly Member[]) => unknown = asItIs, isEqual?: IsEqual<unknown>): unknown {
  return useStore(memberStores, topic, ({ members }) => select(members), isEqual)
}
