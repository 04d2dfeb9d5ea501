import { createStore, type Store, type StoreHost } from './store.ts'
import { createStores, type Stores } from './stores.ts'

/** A shared value, as components see it. */
interface StateNow {
  /** `undefined`: nobody has written one, as far as it is known. */
  readonly value: unknown
  readonly status: 'loading' | 'ready'
}

const LOADING: StateNow = { value: undefined, status: 'loading' }

/** The shared value of a topic, however many components use it. */
export interface StateStore extends Store<StateNow> {
  /** Writes, and shows it at once: a text field would lose its cursor by waiting. */
  write(change: (old: unknown) => unknown): void
}

function createStateStore(topic: string, host: StoreHost): StateStore {
  // No value is ever `undefined`, so each component has an initial one of its own.
  const state = host.session.state(topic, undefined)
  let status: StateNow['status'] = 'loading'
  const read = (): StateNow => ({ value: state.get(), status })
  const store = createStore(host, read, () => state.close())
  state.subscribe(store.changed)
  void state.ready.then(() => {
    status = 'ready'
    store.changed()
  })
  return Object.assign(store, {
    write(change: (old: unknown) => unknown) {
      state.set(change)
      store.flush()
    },
  })
}

export const stateStores: Stores<StateStore> = createStores(createStateStore, LOADING)
