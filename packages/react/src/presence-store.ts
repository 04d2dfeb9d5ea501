import type { Cancel, Member, Presence } from '@earshot/core'
import { sameData } from './shallow-equal.ts'
import { createStore, type Store, type StoreHost } from './store.ts'
import { createStores, type Stores } from './stores.ts'

/** Who is on a topic, as components see it. */
interface PresenceState {
  readonly members: readonly Member[]
  readonly others: readonly Member[]
  readonly self: Member | undefined
  readonly byUser: ReadonlyMap<string, readonly Member[]>
  readonly ready: boolean
}

const NOBODY: PresenceState = { members: [], others: [], self: undefined, byUser: new Map(), ready: false }

/** What a component says of its session. */
export interface Voice {
  readonly data?: unknown
}

/** The presence of one topic: one entry, however many components enter. The last mounted one speaks. */
export interface PresenceStore extends Store<PresenceState> {
  readonly presence: Presence
  /** Enters with what the voice says, until the result is called. */
  speak(voice: Voice): Cancel
  /** Says what the last voice says, if that is something else by now, and it is here at all. */
  repeat(): void
}

/** Makes the store of a topic's presence; it watches the topic from now on. */
function createPresenceStore(topic: string, host: StoreHost): PresenceStore {
  const presence = host.session.presence(topic)
  const voices = new Set<Voice>()
  let said: unknown
  let ready = false
  const read = (): PresenceState => {
    const { members, self } = presence
    return { members, others: members.filter(member => member !== self), self, byUser: presence.byUser(), ready }
  }
  const store = createStore(host, read, () => presence.close())
  presence.subscribe(store.changed)
  void presence.ready.then(() => {
    ready = true
    store.changed()
  })

  const last = (): Voice | undefined => [...voices].at(-1)
  const say = ({ data }: Voice, known: unknown): void => {
    if (!sameData(data, known)) presence.enter(data)
    said = data
  }
  return Object.assign(store, {
    presence,
    repeat() {
      const voice = last()
      // What `update` has said holds until the voice says something new.
      if (voice && presence.self) say(voice, said)
    },
    speak(voice: Voice) {
      // An entry that is here before anybody spoke may be that of the page before a reload.
      say(voice, voices.size ? presence.self?.data : undefined)
      voices.add(voice)
      return () => {
        const spoke = last() === voice
        voices.delete(voice)
        const next = last()
        if (!next) presence.leave()
        else if (spoke && presence.self) say(next, presence.self.data)
      }
    },
  })
}

export const presenceStores: Stores<PresenceStore> = createStores(createPresenceStore, NOBODY)
