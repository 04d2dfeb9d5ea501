import type { Message } from '@earshot/core'
import type { SessionSource } from './session-source.ts'
import { shallowEqual } from './shallow-equal.ts'
import { storesOf } from './stores.ts'
import { NO_MESSAGES } from './topic-store.ts'

/** What a component sees of a topic; with `select`, no messages. */
export interface TopicSnapshot {
  readonly messages: readonly Message[]
  readonly selected: unknown
}

/** How a component sees a topic: gives what it sees now – the same object until that has changed – and what it sees on a server. */
export function createView(
  source: SessionSource,
  key: string,
  limit: number,
  echo: boolean,
  select: ((messages: readonly Message[]) => unknown) | undefined,
): [now: () => TopicSnapshot, server: () => TopicSnapshot] {
  const view = (all: readonly Message[]): TopicSnapshot => {
    const messages = limit ? all.filter(message => echo || message.from !== source.session.id).slice(-limit) : NO_MESSAGES
    return { messages: select ? NO_MESSAGES : messages, selected: select?.(messages) }
  }
  const nothing = view(NO_MESSAGES)
  let seen = NO_MESSAGES
  let last = nothing
  return [
    () => {
      const all = (source.current && storesOf(source.current).topics.get(key)?.state) ?? NO_MESSAGES
      if (all !== seen) {
        const next = view(all)
        if (!select || !shallowEqual(next.selected, last.selected)) last = next
        seen = all
      }
      return last
    },
    () => nothing,
  ]
}
