import { compareMessages, type Message, matches, type Subscription } from '@earshot/core'
import { type Follow, followersOf, type Sending, type SendStatus } from './sending.ts'
import { createStore, type Store, type StoreHost } from './store.ts'
import { createStores, type StoresOf } from './stores.ts'

/** A message as components see it. */
type Shown = Message & Sending

export const NO_MESSAGES: readonly Shown[] = []

/** The last messages of a topic, in the order that every tab shows: one subscription, however many components. */
export interface TopicStore extends Store<readonly Shown[]> {
  /** Adds a user. The largest limit and the largest replay win. */
  use(limit: number, replay: number): () => void
}

/** Makes the store of the patterns in `key`; it subscribes for its first user. */
function createTopicStore(key: string, host: StoreHost): TopicStore {
  const patterns = key.split('\n')
  const messages: Shown[] = []
  let most = 0
  let replayed = 0
  let subscription: Subscription | undefined

  /** Puts a message in its place, unless `choose` wants what is there already; that has the same id. */
  const put = (message: Message, choose: (known: Shown | undefined) => Shown | undefined): void => {
    let at = messages.length
    let known: Shown | undefined
    // Most come in order: from the end it is one step.
    for (let before = messages[at - 1]; before; before = messages[--at - 1]) {
      const order = compareMessages(before, message)
      if (order < 0) break
      if (!order && before.id === message.id) {
        known = before
        at--
        break
      }
    }
    const chosen = choose(known)
    if (chosen === known || !chosen) return
    messages.splice(at, known ? 1 : 0, chosen)
    while (messages.length > most) messages.shift()
    store.changed()
  }
  const take = (message: Message): void =>
    put(message, known => {
      if (!known) return message
      // A longer replay brings again what is here already, and one that a listener published comes after its status.
      if (!known.status || Object.getPrototypeOf(known) === message || (known.status === 'sent' && known.offset === message.offset)) return known
      return marked(message, 'sent')
    })
  const follow: Follow = (message, isHeard, status, error) => {
    if (!patterns.some(pattern => matches(pattern, message))) return
    put(message, known => {
      if (status === 'pending' ? known || isHeard : known?.status === 'pending') return marked(message, status, error)
      return known
    })
  }

  const followers = followersOf(host.session).add(follow)
  const store = createStore(
    host,
    NO_MESSAGES,
    () => [...messages],
    () => {
      followers.delete(follow)
      subscription?.unsubscribe()
    },
  )
  return Object.assign(store, {
    use(limit: number, replay: number) {
      most = Math.max(most, limit)
      if (!subscription?.active || replay > replayed) {
        const shorter = subscription
        subscription = host.session.subscribe(patterns, take, { own: true, replay })
        shorter?.unsubscribe()
        replayed = replay
      }
      return store.retain()
    },
  })
}

/** A copy, since listeners have the message itself; that is its prototype. */
function marked(message: Message, status: SendStatus, error?: unknown): Shown {
  return Object.assign(Object.create(message), message, { status, error })
}

export const topicStores: StoresOf<TopicStore> = createStores(createTopicStore)
