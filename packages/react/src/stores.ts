import type { Session } from '@earshot/core'
import { createFrames } from './frames.ts'
import { createPresenceStore, type PresenceStore } from './presence-store.ts'
import type { StoreHost } from './store.ts'
import { createTopicStore, type TopicStore } from './topic-store.ts'

/** Stores of one kind. */
interface Stores<S> {
  get(key: string): S | undefined
  /** The store under this key, made if need be; whoever opens it retains it. */
  open(key: string): S
}

/** All stores of a session. */
interface SessionStores {
  readonly topics: Stores<TopicStore>
  readonly presences: Stores<PresenceStore>
}

const bySession = new WeakMap<Session, SessionStores>()

/** The stores of a session. */
export function storesOf(session: Session): SessionStores {
  let stores = bySession.get(session)
  if (!stores) {
    const frames = createFrames()
    const createStores = <S>(create: (key: string, host: StoreHost) => S): Stores<S> => {
      const byKey = new Map<string, S>()
      return {
        get: key => byKey.get(key),
        open(key) {
          const store = byKey.get(key) ?? create(key, { session, frames, removed: () => byKey.delete(key) })
          byKey.set(key, store)
          return store
        },
      }
    }
    stores = { topics: createStores(createTopicStore), presences: createStores(createPresenceStore) }
    bySession.set(session, stores)
  }
  return stores
}
