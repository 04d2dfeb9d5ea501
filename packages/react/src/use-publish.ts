import type { CheckTopic, DataOf, PublishOptions, TopicHint } from '@earshot/core'
import { useCallback } from 'react'
import { useSource } from './earshot-provider.ts'
import type { Inputs } from './register.ts'
import { send } from './sending.ts'

/**
 * A function that publishes to a topic; the same one until the topic or the session changes. It returns nothing: what is refused at once is thrown
 * (`invalid-topic`, `invalid-data`, `not-serializable`, `session-closed`), what fails later reaches the hub's `error` event. Where `useTopic`
 * shows the message, it says how far it has come.
 */
export function usePublish<Topic extends TopicHint<Inputs>>(
  topic: Topic & CheckTopic<Inputs, Topic>,
): (data: DataOf<Inputs, Topic>, options?: PublishOptions) => void {
  const source = useSource()
  return useCallback((data, options) => send(source.session, topic, data, options), [source, topic])
}
