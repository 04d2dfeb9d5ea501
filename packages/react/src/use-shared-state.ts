import type { CheckTopic, DataOf, TopicHint } from '@earshot/core'
import { useMemo } from 'react'
import { useSource } from './earshot-provider.ts'
import type { Topics } from './register.ts'
import { stateStores } from './state-store.ts'
import { asItIs, useStore } from './use-store.ts'

/** What `useSharedState` gives. `loading`: a sibling may hold a value that is not known yet. */
export type SharedStateView<Value> = readonly [value: Value, set: SetShared<Value>, status: 'loading' | 'ready']

/** Writes a shared value; a function gets the one that is known here. The same function until the topic or the session changes. */
export interface SetShared<Value> {
  (next: (old: Value) => Value): void
  (value: Value | ((old: Value) => Value)): void
}

/**
 * A value that all tabs share: the last write wins. `initial` is what is shown until somebody writes; it is not written itself, and later ones
 * are ignored. Own writes show at once, those of others with the next frame.
 * @throws `invalid-topic`, `session-closed` while mounting; the setter: `invalid-data`, `not-serializable`, `session-closed`
 */
export function useSharedState<const Topic extends TopicHint<Topics>>(
  topic: Topic & CheckTopic<Topics, Topic>,
  initial: DataOf<Topics, Topic>,
): SharedStateView<DataOf<Topics, Topic>>
export function useSharedState(topic: string, initial: unknown): SharedStateView<unknown> {
  const source = useSource()
  // As of useState: the first one of this topic.
  // oxlint-disable-next-line react/exhaustive-deps
  const first = useMemo(() => initial, [topic])
  const { value = first, status } = useStore(stateStores, topic, asItIs)
  const set = useMemo(
    // One that writes after it was unmounted makes the store anew.
    () => (next: unknown) => stateStores.need(source, topic).write((old = first) => (typeof next === 'function' ? next(old) : next)),
    [source, topic, first],
  )
  return [value, set, status]
}
