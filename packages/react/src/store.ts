import type { Cancel, Session } from '@earshot/core'
import type { Frames } from './frames.ts'
import { lease, type Retain } from './lease.ts'

/** State that all components of a session share which ask for the same; it ends 300 ms after its last user. */
export interface Store<State> {
  /** The same object until something changed. */
  state: State
  readonly retain: Retain
  subscribe(listener: () => void): Cancel
  /** Something is new: components see it with the next frame. */
  readonly changed: () => void
}

/** What a store needs of the session it belongs to. */
export interface StoreHost {
  readonly session: Session
  readonly frames: Frames
  /** The store has ended. */
  readonly removed: () => void
}

/** Makes a store; `read` gives the state as of now. */
export function createStore<State>({ session, frames, removed }: StoreHost, state: State, read: () => State, close: () => void): Store<State> {
  const listeners = new Set<() => void>()
  const flush = (): void => {
    store.state = read()
    for (const listener of listeners) listener()
  }
  const store: Store<State> = {
    state,
    retain: lease(session.hub, () => () => {
      removed()
      close()
    }),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    changed: () => frames(flush),
  }
  return store
}
