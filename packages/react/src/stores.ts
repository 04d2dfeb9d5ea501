import type { Session } from '@earshot/core'
import { createFrames } from './frames.ts'
import type { StoreHost } from './store.ts'

/** Stores of one kind and session. */
export interface Stores<S> {
  get(key: string): S | undefined
  /** The store under this key, made if need be; whoever opens it retains it. */
  open(key: string): S
}

/** Finds the stores of one kind. */
export type StoresOf<S> = (session: Session) => Stores<S>

/** Makes one for each session, when it is first asked for. */
export function perSession<Thing>(create: (session: Session) => Thing): (session: Session) => Thing {
  const things = new WeakMap<Session, Thing>()
  return session => {
    const thing = things.get(session) ?? create(session)
    things.set(session, thing)
    return thing
  }
}

// One for all kinds: what is new in a frame is one commit.
const framesOf = perSession(createFrames)

/** Stores of one kind, by session. */
export function createStores<S>(create: (key: string, host: StoreHost) => S): StoresOf<S> {
  return perSession(session => {
    const byKey = new Map<string, S>()
    return {
      get: key => byKey.get(key),
      open(key) {
        const store = byKey.get(key) ?? create(key, { session, frames: framesOf(session), removed: () => byKey.delete(key) })
        byKey.set(key, store)
        return store
      },
    }
  })
}
