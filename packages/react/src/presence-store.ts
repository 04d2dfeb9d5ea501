import type { Cancel, Member, Presence } from '@earshot/core'
import { shallowEqual } from './shallow-equal.ts'
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

  const say = ({ data }: Voice): void => {
    if (presence.self && shallowEqual(data, said)) return
    presence.enter(data)
    said = data
  }
  const repeat = (): void => {
    const voice = [...voices].at(-1)
    if (voice && presence.self) say(voice)
  }
  return Object.assign(store, {
    presence,
    repeat,
    speak(voice: Voice) {
      say(voice)
      voices.add(voice)
      return () => {
        voices.delete(voice)
        if (voices.size) repeat()
        else presence.leave()
      }
    },
  })
}

export const presenceStores: Stores<PresenceStore> = createStores(createPresenceStore, NOBODY)
