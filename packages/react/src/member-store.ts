import type { Member } from '@earshot/core'
import type { Shared, StoreHost } from './store.ts'
import { createStores, type Stores } from './stores.ts'

/** The members of a topic as of a frame. */
export interface Crowd {
  readonly byId: ReadonlyMap<string, Member>
  /** All of them; the same array until something changes. */
  readonly members: readonly Member[]
}

/** The members of a topic, where a component may look at one alone, by its id: what happens to others costs it nothing. */
export type MemberStore = Shared<Crowd, string>

const NOBODY: Crowd = { byId: new Map(), members: [] }

/** What listeners to all members go by: no session has this id. */
const ANYONE = ''

function createMemberStore(topic: string, { session, frames, retain }: StoreHost): MemberStore {
  const presence = session.presence(topic)
  const byId = new Map(presence.members.map(member => [member.id, member]))
  const listeners = new Map<string, Set<() => void>>()
  const changed = new Set<string>()

  // An array of all members is made only for those who look at all.
  const crowd = (): Crowd => {
    let members: readonly Member[] | undefined
    return {
      byId,
      get members() {
        return (members ??= [...byId.values()])
      },
    }
  }
  const flush = (): void => {
    for (const id of changed) {
      const member = presence.get(id)
      if (member) byId.set(id, member)
      else byId.delete(id)
    }
    store.state = crowd()
    const ids = [...changed, ANYONE]
    changed.clear()
    for (const id of ids) for (const listener of listeners.get(id) ?? []) listener()
  }
  presence.subscribe(({ member }) => {
    changed.add(member.id)
    frames(flush)
  })

  const store = {
    state: crowd(),
    subscribe(listener: () => void, id = ANYONE) {
      const own = listeners.get(id) ?? new Set()
      listeners.set(id, own.add(listener))
      return () => {
        own.delete(listener)
        if (!own.size) listeners.delete(id)
      }
    },
    retain,
    close: () => presence.close(),
  }
  return store
}

export const memberStores: Stores<MemberStore> = createStores(createMemberStore, NOBODY)
