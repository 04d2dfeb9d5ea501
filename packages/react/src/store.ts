import type { Cancel, Session } from '@earshot/core'
import type { Frames } from './frames.ts'
import type { Retain } from './lease.ts'

/** What all components of a session share that ask for the same. */
export interface Shared<State, Part = undefined> {
  /** What components see; the same object until something changed. */
  readonly state: State
  /** Calls `listener` after a change: of anything, or of some part. */
  subscribe(listener: () => void, part: Part | undefined): Cancel
  /** Adds a user; it ends 300 ms after the last one. */
  readonly retain: Retain
  /** Ends it. */
  close(): void
}

/** When a component sees what is new: with the next frame, or at once. */
export type Flush = 'frame' | 'sync'

/** Shared state that changes as a whole. */
export interface Store<State> extends Shared<State, Flush> {
  state: State
  /** Something is new: components see it with the next frame, unless they want to see it at once. */
  readonly changed: () => void
  /** Components see now what is new. */
  readonly flush: () => void
}

/** What a store needs of the session it belongs to. */
export interface StoreHost {
  readonly session: Session
  readonly frames: Frames
  readonly retain: Retain
}

/** Makes a store; `read` gives the state as of now. */
export function createStore<State>({ frames, retain }: StoreHost, read: () => State, close: () => void): Store<State> {
  const patient = new Set<() => void>()
  const urgent = new Set<() => void>()
  const tell = (listeners: ReadonlySet<() => void>): void => {
    store.state = read()
    for (const listener of listeners) listener()
  }
  const flush = (): void => tell(patient)
  const store: Store<State> = {
    state: read(),
    subscribe(listener, part) {
      const listeners = (part === 'sync' ? urgent : patient).add(listener)
      return () => listeners.delete(listener)
    },
    changed() {
      if (urgent.size) tell(urgent)
      frames(flush)
    },
    flush,
    retain,
    close,
  }
  return store
}
