import type { HubStatus, MessageOf, Patterns, TopicHint } from '@earshot/core'
import { useSource } from './earshot-provider.ts'
import type { PublishTo, Topics } from './register.ts'
import type { Sending, Shown } from './sending.ts'
import { shallowEqual } from './shallow-equal.ts'
import type { Flush } from './store.ts'
import { topicStores } from './topic-store.ts'
import { useBrowserLayoutEffect } from './use-browser-layout-effect.ts'
import { useConnection } from './use-connection.ts'
import { usePublish } from './use-publish.ts'
import { type IsEqual, useStore } from './use-store.ts'

/** A message as `useTopic` shows it. One that this session published through hooks has a `status`, and an `error` when it failed. */
export type TopicMessage<Pattern extends string = string> = MessageOf<Topics, Pattern> & Sending

/** How a component reads a topic. */
export interface TopicOptions {
  /** Messages that it keeps at most: the last ones. @default 100 */
  limit?: number | undefined
  /** Begins with the last messages of the past, as far as they are kept. Needs a transport. @default 0 */
  replay?: number | undefined
  /** Whether it shows what its own session published. @default true */
  echo?: boolean | undefined
  /** When it sees what is new: once a frame, or as soon as it comes. @default 'frame' */
  flush?: Flush | undefined
}

/** What a component wants of a topic; each function may be another one at each render. */
interface Choice<Pattern extends string> {
  /** Which of the messages that are kept it shows. @default all */
  filter?: ((message: TopicMessage<Pattern>) => boolean) | undefined
}

/** The last messages of a topic. */
export interface TopicView<Pattern extends string> {
  /** In the order that every tab shows, oldest first; the same array until something changes. */
  readonly messages: readonly TopicMessage<Pattern>[]
  /** The last of them. */
  readonly last: TopicMessage<Pattern> | undefined
  /** As of `usePublish`; for a wildcard pattern it throws. */
  readonly publish: PublishTo<Pattern>
  /** As of `useConnection`. */
  readonly status: HubStatus
}

/** What was selected of the last messages of a topic. */
export interface SelectedView<Pattern extends string, Selected> extends Pick<TopicView<Pattern>, 'publish' | 'status'> {
  /** The same object while it is equal: then nothing is rendered. */
  readonly selected: Selected
}

/**
 * The last messages of a topic or pattern, brought up to date once a frame. Components of one session share one subscription, and the largest
 * `limit` and `replay` of theirs. With `select`, a component renders when what it selects has changed.
 * @throws `invalid-pattern`, `invalid-options`, `session-closed` while mounting
 */
export function useTopic<const Pattern extends TopicHint<Topics>, Selected>(
  pattern: Patterns<Topics, Pattern>,
  options: TopicOptions &
    Choice<Pattern> & {
      select: (messages: readonly TopicMessage<Pattern>[]) => Selected
      /** Whether what was selected before will do. @default shallowly equal */
      isEqual?: IsEqual<Selected> | undefined
    },
): SelectedView<Pattern, Selected>
export function useTopic<const Pattern extends TopicHint<Topics>>(
  pattern: Patterns<Topics, Pattern>,
  options?: TopicOptions & Choice<Pattern> & { select?: undefined; isEqual?: undefined },
): TopicView<Pattern>
export function useTopic(
  pattern: string | readonly string[],
  {
    limit = 100,
    replay = 0,
    echo = true,
    flush,
    filter = () => true,
    select,
    isEqual = shallowEqual,
  }: TopicOptions & Choice<string> & { select?: ((messages: readonly Shown[]) => unknown) | undefined; isEqual?: IsEqual<unknown> | undefined } = {},
): TopicView<string> | SelectedView<string, unknown> {
  const source = useSource()
  const key = [pattern].flat().join('\n')
  const choose = (all: readonly Shown[]): Seen => {
    const messages = all.filter(message => (echo || message.from !== source.session.id) && filter(message)).slice(-limit || Infinity)
    return select ? { selected: select(messages) } : { messages, last: messages.at(-1) }
  }
  const view = useStore(topicStores, key, choose, (one, other) => shallowEqual(one, other, isEqual), flush)
  useBrowserLayoutEffect(() => {
    if (!source.ended) topicStores.find(source, key)?.want(limit, replay)
  }, [source, key, limit, replay])
  return { ...view, publish: usePublish(key), status: useConnection() }
}

type Seen = Pick<TopicView<string>, 'messages' | 'last'> | Pick<SelectedView<string, unknown>, 'selected'>
