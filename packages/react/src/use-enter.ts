import type { CheckTopic, DataOf, Presence, TopicHint } from '@earshot/core'
import { useMade } from './earshot-provider.ts'
import type { Members } from './register.ts'
import { createSpeaker } from './speaker.ts'
import { useBrowserLayoutEffect } from './use-browser-layout-effect.ts'
import { useRetained } from './use-retained.ts'

/**
 * Makes the session a member of a topic while the component is mounted, and for 300 ms more, and renders nothing. Without data (`undefined`) it is
 * none. When several components enter, there is one entry, and the last mounted one speaks. Data is compared by value. Gives the `update` of
 * `usePresence`, which does nothing while nobody in the page enters or looks at the topic.
 * @throws `invalid-topic`, `not-serializable`, `session-closed` while mounting
 */
export function useEnter<const Topic extends TopicHint<Members>>(
  topic: Topic & CheckTopic<Members, Topic>,
  data: DataOf<Members, Topic> | undefined,
): Presence<DataOf<Members, Topic>>['update']
export function useEnter(topic: string, data: unknown): Presence['update'] {
  const entering = data !== undefined
  const speaker = useMade(createSpeaker, topic)
  useBrowserLayoutEffect(() => {
    if (entering) speaker.say(data)
  })
  useRetained(entering ? speaker.retain : nothing)
  return speaker.update
}

function nothing(): void {}
