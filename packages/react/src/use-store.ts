import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { useSource } from './earshot-provider.ts'
import { shallowEqual } from './shallow-equal.ts'
import type { Shared } from './store.ts'
import type { StoresOf } from './stores.ts'
import { useBrowserLayoutEffect } from './use-browser-layout-effect.ts'

/** Tells whether a component needs no new render. */
export type IsEqual<Selected> = (one: Selected, other: Selected) => boolean

/** How a component uses a shared store. All but `select` and `isEqual` stay the same as long as it means the same. */
export interface StoreUse<S extends Shared, State, Selected> {
  /** Its state; without a store – on a server, before the first effect – what there is then. */
  read: (store?: S) => State
  /** What the component wants of the state. It may be another function each time. */
  select: (state: State) => Selected
  isEqual?: IsEqual<Selected> | undefined
  retain?: ((store: S) => () => void) | undefined
  subscribe?: ((store: S, changed: () => void) => () => void) | undefined
}

const retainStore = (store: Shared): (() => void) => store.retain()
const subscribeTo = (store: Shared, changed: () => void): (() => void) => store.subscribe(changed)

/** Selects everything. */
export const asItIs = <State>(state: State): State => state

/** What a component wants of a shared store, which lives while it is mounted. The same object while it is equal, whichever `select` gave it. */
export function useStore<S extends Shared, State, Selected>(
  stores: StoresOf<S>,
  key: string,
  { read, select, isEqual = shallowEqual, retain = retainStore, subscribe = subscribeTo }: StoreUse<S, State, Selected>,
): Selected {
  const source = useSource()
  const [memory] = useState(createMemory<Selected>)
  useBrowserLayoutEffect(() => (source.ended ? undefined : retain(stores(source.session).open(key))), [source, stores, key, retain])
  const listen = useCallback((changed: () => void) => subscribe(stores(source.session).open(key), changed), [source, stores, key, subscribe])
  const [now, before] = useMemo(() => {
    const pick = createPick(select, isEqual, memory)
    return [() => pick(read(source.current && stores(source.current).get(key))), () => pick(read())]
  }, [source, stores, key, read, select, isEqual, memory])
  const value = useSyncExternalStore(listen, now, before)
  useEffect(() => memory.keep(value))
  return value
}

/** What a component shows: kept apart from what it renders, for a render may be thrown away. */
interface Memory<Selected> {
  shown?: { readonly value: Selected }
  keep(value: Selected): void
}

function createMemory<Selected>(): Memory<Selected> {
  const memory: Memory<Selected> = {
    keep(value) {
      memory.shown = { value }
    },
  }
  return memory
}

/** Selects, once for each state. What equals the last result, or what the component shows already, is that. */
function createPick<State, Selected>(select: (state: State) => Selected, isEqual: IsEqual<Selected>, memory: Memory<Selected>): (state: State) => Selected {
  let last: { readonly state: State; readonly value: Selected } | undefined
  return state => {
    if (!last || last.state !== state) {
      const old = last ?? memory.shown
      const value = select(state)
      last = { state, value: old && isEqual(old.value, value) ? old.value : value }
    }
    return last.value
  }
}
