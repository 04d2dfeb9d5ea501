import type { CheckTopic, DataOf, Member, TopicHint } from '@earshot/core'
import { type Crowd, memberStores } from './member-store.ts'
import type { Members } from './register.ts'
import { asItIs, type IsEqual, useStore } from './use-store.ts'

/**
 * One member of a topic by session id; `undefined` while it is not there. With `select`, what that makes of it: the component renders when the result
 * has changed, compared by `isEqual` – shallowly by default. What happens to other members costs it nothing.
 * @throws `invalid-topic`, `session-closed` while mounting
 */
export function useMember<const Topic extends TopicHint<Members>>(
  topic: Topic & CheckTopic<Members, Topic>,
  id: string,
): Member<DataOf<Members, Topic>> | undefined
export function useMember<const Topic extends TopicHint<Members>, Selected>(
  topic: Topic & CheckTopic<Members, Topic>,
  id: string,
  select: (member: Member<DataOf<Members, Topic>>) => Selected,
  isEqual?: IsEqual<Selected | undefined>,
): Selected | undefined
export function useMember(topic: string, id: string, select: (member: Member) => unknown = asItIs, isEqual?: IsEqual<unknown>): unknown {
  const choose = ({ byId }: Crowd): unknown => {
    const member = byId.get(id)
    return member && select(member)
  }
  return useStore(memberStores, topic, choose, isEqual, id)
}
