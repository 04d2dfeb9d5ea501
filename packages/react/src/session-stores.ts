import type { Session } from '@earshot/core'
import { Frames } from './frames.ts'
import { PresenceStore } from './presence-store.ts'
import type { Store } from './store.ts'
import { TopicStore } from './topic-store.ts'

/** The stores of one session. */
interface SessionStores {
  readonly topics: Stores<TopicStore>
  readonly presences: Stores<PresenceStore>
}

/** Stores of one kind. */
class Stores<S extends Store<unknown>> extends Map<string, S> {
  readonly #make: (key: string, removed: () => void) => S

  constructor(make: (key: string, removed: () => void) => S) {
    super()
    this.#make = make
  }

  /** The store under this key; whoever opens it retains it. */
  open(key: string): S {
    let store = this.get(key)
    if (!store) this.set(key, (store = this.#make(key, () => this.delete(key))))
    return store
  }
}

const bySession = new WeakMap<Session, SessionStores>()

/** The stores of a session. */
export function storesOf(session: Session): SessionStores {
  let stores = bySession.get(session)
  if (!stores) {
    const host = { clock: session.hub.clock, frames: new Frames() }
    stores = {
      topics: new Stores((key, removed) => new TopicStore(session, key, { ...host, removed })),
      presences: new Stores((topic, removed) => new PresenceStore(session, topic, { ...host, removed })),
    }
    bySession.set(session, stores)
  }
  return stores
}
