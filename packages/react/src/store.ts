import type { Cancel, Clock } from '@earshot/core'
import type { Flushed, Frames } from './frames.ts'
import { lease, type Retain } from './lease.ts'

/** What a store needs of the session it belongs to. */
export interface StoreHost {
  readonly clock: Clock
  readonly frames: Frames
  /** The store has ended. */
  readonly removed: () => void
}

/** State that all components of a session share which ask for the same; it ends 300 ms after its last user. */
export abstract class Store<State> implements Flushed {
  /** The same object until something changed. */
  abstract state: State
  readonly retain: Retain
  readonly #listeners = new Set<() => void>()
  readonly #frames: Frames

  constructor({ clock, frames, removed }: StoreHost) {
    this.#frames = frames
    this.retain = lease(clock, () => () => {
      removed()
      this.close()
    })
  }

  subscribe(listener: () => void): Cancel {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  flush(): void {
    this.state = this.read()
    for (const listener of this.#listeners) listener()
  }

  /** Something is new: components see it with the next frame. */
  changed(): void {
    this.#frames.schedule(this)
  }

  /** The state as of now. */
  protected abstract read(): State
  protected abstract close(): void
}
