import type { HubStatus, Message, MessageOf, Patterns, TopicHint } from '@earshot/core'
import { useCallback, useMemo, useSyncExternalStore } from 'react'
import { useSource } from './earshot-provider.ts'
import type { PublishTo, Topics } from './register.ts'
import { storesOf } from './stores.ts'
import { createView } from './topic-view.ts'
import { useBrowserLayoutEffect } from './use-browser-layout-effect.ts'
import { useConnection } from './use-connection.ts'
import { usePublish } from './use-publish.ts'

/** How a component reads a topic. */
export interface TopicOptions {
  /** Messages that it keeps at most: the last ones. @default 100 */
  limit?: number | undefined
  /** Begins with the last messages of the past, as far as they are kept. Needs a transport. @default 0 */
  replay?: number | undefined
  /** Whether it shows what its own session published. @default true */
  echo?: boolean | undefined
}

/** The last messages of a topic. */
export interface TopicView<Pattern extends string> {
  /** In the order that every tab shows, oldest first; the same array until something changes. */
  readonly messages: readonly MessageOf<Topics, Pattern>[]
  /** The last of them. */
  readonly last: MessageOf<Topics, Pattern> | undefined
  /** As of `usePublish`; for a wildcard pattern it throws. */
  readonly publish: PublishTo<Pattern>
  /** As of `useConnection`. */
  readonly status: HubStatus
}

/** What was selected of the last messages of a topic. */
export interface SelectedView<Pattern extends string, Selected> extends Pick<TopicView<Pattern>, 'publish' | 'status'> {
  /** The same object while it is shallowly equal: then nothing is rendered. */
  readonly selected: Selected
}

/**
 * The last messages of a topic or pattern, brought up to date once a frame. Components of one session share one subscription, and the largest
 * `limit` and `replay` of theirs. With `select`, a component renders when what it selects has changed.
 * @throws `invalid-pattern`, `session-closed` while mounting
 */
export function useTopic<Pattern extends TopicHint<Topics>, Selected>(
  pattern: Patterns<Topics, Pattern>,
  options: TopicOptions & { select: (messages: readonly MessageOf<Topics, Pattern>[]) => Selected },
): SelectedView<Pattern, Selected>
export function useTopic<Pattern extends TopicHint<Topics>>(
  pattern: Patterns<Topics, Pattern>,
  options?: TopicOptions & { select?: undefined },
): TopicView<Pattern>
export function useTopic(
  pattern: string | readonly string[],
  { limit = 100, replay = 0, echo = true, select }: TopicOptions & { select?: ((messages: readonly Message[]) => unknown) | undefined } = {},
): TopicView<string> & SelectedView<string, unknown> {
  const source = useSource()
  const key = [pattern].flat().join('\n')
  useBrowserLayoutEffect(
    () => (source.ended ? undefined : storesOf(source.session).topics.open(key).use(limit, replay)),
    [source, key, limit, replay],
  )
  const subscribe = useCallback((changed: () => void) => storesOf(source.session).topics.open(key).subscribe(changed), [source, key])
  const [now, server] = useMemo(() => createView(source, key, limit, echo, select), [source, key, limit, echo, select])
  const { messages, selected } = useSyncExternalStore(subscribe, now, server)
  return { messages, last: messages.at(-1), selected, publish: usePublish(key), status: useConnection() }
}
