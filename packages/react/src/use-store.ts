import type { Cancel } from '@earshot/core'
import { useMemo, useReducer, useSyncExternalStore } from 'react'
import { useSource } from './earshot-provider.ts'
import { shallowEqual } from './shallow-equal.ts'
import type { Shared } from './store.ts'
import type { Stores } from './stores.ts'
import { useBrowserLayoutEffect } from './use-browser-layout-effect.ts'

/** Tells whether a component needs no new render. */
export type IsEqual<Selected> = (one: Selected, other: Selected) => boolean

/** Selects everything. */
export function asItIs<State>(state: State): State {
  return state
}

/**
 * What a component wants of a shared store, which lives while it is mounted. The same object while it is equal, whichever `select` gave it.
 * @param part what of the store it listens to
 */
export function useStore<State, Part, Selected>(
  stores: Stores<Shared<State, Part>>,
  key: string,
  select: (state: State) => Selected,
  isEqual: IsEqual<Selected> = shallowEqual,
  part?: Part,
): Selected {
  const source = useSource()
  // What was selected of something else is nothing to compare with.
  // oxlint-disable-next-line react/exhaustive-deps
  const pick = useMemo(() => createPick<State, Selected>(), [source, stores, key, part])
  const [, renderAgain] = useReducer((times: number) => times + 1, 0)
  const open = useMemo(() => () => (source.ended ? undefined : stores.need(source, key)), [source, stores, key])
  const subscribe = useMemo(
    () => (changed: () => void): Cancel => {
      const store = open()
      // Who listens retains, too: this is not undone when Suspense hides the component.
      const ends = [store?.subscribe(changed, part), store?.retain()]
      return () => ends.forEach(end => end?.())
    },
    [open, part],
  )
  const look = (): Selected => pick(stores.find(source, key)?.state ?? stores.blank, select, isEqual)
  const shown = useSyncExternalStore(subscribe, look, () => pick(stores.blank, select, isEqual))
  useBrowserLayoutEffect(() => {
    const store = open()
    // A store that is new knows more than was rendered. React would look again after painting.
    if (look() !== shown) renderAgain()
    return store?.retain()
    // What is selected and shown now is not why the store is opened.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [open])
  return shown
}

/** Selects once for each state. What equals the last result is that. */
function createPick<State, Selected>(): (state: State, select: (state: State) => Selected, isEqual: IsEqual<Selected>) => Selected {
  let last: { readonly state: State; readonly select: unknown; readonly value: Selected } | undefined
  return (state, select, isEqual) => {
    if (!last || last.state !== state || last.select !== select) {
      const value = select(state)
      last = { state, select, value: last && isEqual(last.value, value) ? last.value : value }
    }
    return last.value
  }
}
