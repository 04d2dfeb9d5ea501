import type { Cancel, Presence } from '@earshot/core'
import { lease } from './lease.ts'
import type { Shared, StoreHost } from './store.ts'
import { createStores, type StoresOf } from './stores.ts'

/** The presence of a topic, where a component may look at one member alone: what changes of others costs it nothing. */
export interface MemberStore extends Shared {
  readonly presence: Presence
  /** Calls `listener` with the next frame after a change of this member. */
  watch(id: string, listener: () => void): Cancel
}

/** What listeners to all members go by: no session has this id. */
const ANYONE = ''

function createMemberStore(topic: string, { session, frames, removed }: StoreHost): MemberStore {
  const presence = session.presence(topic)
  const listeners = new Map<string, Set<() => void>>()
  const changed = new Set<string>()
  const flush = (): void => {
    const ids = [...changed, ANYONE]
    changed.clear()
    for (const id of ids) for (const listener of listeners.get(id) ?? []) listener()
  }
  presence.subscribe(({ member }) => {
    changed.add(member.id)
    frames(flush)
  })
  const watch = (id: string, listener: () => void): Cancel => {
    const watching = listeners.get(id) ?? new Set()
    listeners.set(id, watching.add(listener))
    return () => {
      watching.delete(listener)
      if (!watching.size) listeners.delete(id)
    }
  }
  return {
    presence,
    retain: lease(session.hub, () => () => {
      removed()
      presence.close()
    }),
    watch,
    subscribe: listener => watch(ANYONE, listener),
  }
}

export const memberStores: StoresOf<MemberStore> = createStores(createMemberStore)
