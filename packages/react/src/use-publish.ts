import type { CheckTopic, DataOf, PublishOptions, TopicHint } from '@earshot/core'
import { useMade } from './earshot-provider.ts'
import type { Inputs } from './register.ts'
import type { Shown } from './sending.ts'
import type { SessionSource } from './session-source.ts'
import { topicStores } from './topic-store.ts'

/**
 * A function that publishes to a topic; the same one until the topic or the session changes. It returns nothing: what is refused at once is thrown
 * (`invalid-topic`, `invalid-data`, `not-serializable`, `session-closed`), what fails later reaches the hub's `error` event. Where `useTopic`
 * shows the message, it says how far it has come.
 */
export function usePublish<const Topic extends TopicHint<Inputs>>(
  topic: Topic & CheckTopic<Inputs, Topic>,
): (data: DataOf<Inputs, Topic>, options?: PublishOptions) => void {
  return useMade(createPublish, topic)
}

function createPublish(source: SessionSource, topic: string): (data: unknown, options?: PublishOptions) => void {
  return (data, options) => {
    const { session } = source
    const { userId } = session
    const receipt = session.publish(topic, data, options)
    // Where its session does not hear it, nobody shows it.
    const isHeard = options?.echo !== false && [options?.to ?? userId].flat().includes(userId)
    const tell = (news: Partial<Shown>): void => {
      if (isHeard) for (const store of topicStores.of(session).values()) store.show(receipt.message, news)
    }
    tell({ status: 'pending' })
    receipt.then(
      accepted => tell({ status: 'sent', ...accepted }),
      (error: unknown) => {
        tell({ status: 'failed', error })
        session.hub.report(error)
      },
    )
  }
}
