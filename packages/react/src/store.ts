import type { Cancel, Session } from '@earshot/core'
import type { Frames } from './frames.ts'
import { lease, type Retain } from './lease.ts'

/** What all components of a session share that ask for the same; it ends 300 ms after its last user. */
export interface Shared {
  readonly retain: Retain
  /** Calls `listener` after changes: with the next frame, or `now`. */
  subscribe(listener: () => void, now?: boolean): Cancel
}

/** Shared state. */
export interface Store<State> extends Shared {
  /** The same object until something changed. */
  state: State
  /** Something is new: components see it with the next frame. */
  readonly changed: () => void
  /** Components see now what is new. */
  readonly flush: () => void
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
  const patient = new Set<() => void>()
  const urgent = new Set<() => void>()
  let stale = false
  const tell = (listeners: ReadonlySet<() => void>): void => {
    if (stale) store.state = read()
    stale = false
    for (const listener of listeners) listener()
  }
  const flush = (): void => tell(patient)
  const store: Store<State> = {
    state,
    retain: lease(session.hub, () => () => {
      removed()
      close()
    }),
    subscribe(listener, now) {
      const listeners = now ? urgent : patient
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    changed() {
      stale = true
      if (urgent.size) tell(urgent)
      frames(flush)
    },
    flush,
  }
  return store
}
