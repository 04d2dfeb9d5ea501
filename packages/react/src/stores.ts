import type { Session } from '@earshot/core'
import { createFrames } from './frames.ts'
import { lease } from './lease.ts'
import { oneEach } from './one-each.ts'
import type { SessionSource } from './session-source.ts'
import type { Shared, StoreHost } from './store.ts'

/** Stores of one kind, by session and key. */
export interface Stores<S extends Shared<unknown, never>> {
  /** The state without a store: on a server, and before the first effect. */
  readonly blank: S['state']
  /** All of a session. */
  readonly of: (session: Session) => ReadonlyMap<string, S>
  /** The store, if there is one. */
  find(source: SessionSource, key: string): S | undefined
  /** The store, made if need be. It ends 300 ms after its last user, or after it was made if it never has one. */
  need(source: SessionSource, key: string): S
}

// One for all kinds: what is new in a frame is one commit.
const framesOf = oneEach(createFrames)

/** Keeps stores that `create` makes. */
export function createStores<S extends Shared<unknown, never>>(create: (key: string, host: StoreHost) => S, blank: S['state']): Stores<S> {
  const of = oneEach<Session, Map<string, S>>(() => new Map())
  return {
    blank,
    of,
    find: ({ current }, key) => current && of(current).get(key),
    need({ session }, key) {
      const stores = of(session)
      const known = stores.get(key)
      if (known) return known
      const retain = lease(session, () => () => {
        stores.delete(key)
        store.close()
      })
      const store = create(key, { session, frames: framesOf(session), retain })
      stores.set(key, store)
      retain()()
      return store
    },
  }
}
