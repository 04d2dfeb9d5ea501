import { compareMessages, matches, type Message, type Subscription } from '@earshot/core'
import { mark, type Shown, shownOf } from './sending.ts'
import { createStore, type Store, type StoreHost } from './store.ts'
import { createStores, type Stores } from './stores.ts'

/** The last messages of a topic, in the order that every tab shows: one subscription, however many components. */
interface TopicStore extends Store<readonly Shown[]> {
  /** Subscribes, if need be. The largest limit and the largest replay win. */
  want(limit: number, replay: number): void
  /** Shows an own message, which a relay may bring back much later; again, when its status has changed. */
  show(message: Message): void
}

/** Makes the store of the patterns in `key`. */
function createTopicStore(key: string, host: StoreHost): TopicStore {
  const patterns = key.split('\n')
  const messages: Message[] = []
  let most = 0
  let replayed = 0
  let subscription: Subscription | undefined

  const take = (message: Message): void => {
    let at = messages.length
    let before: Message | undefined
    // Most come in order: from the end it is one step.
    while ((before = messages[at - 1]) && compareMessages(before, message) > 0) at--
    if (before?.id !== message.id) {
      messages.splice(at, 0, message)
      while (messages.length > most) messages.shift()
    } else if (shownOf(before) !== before && shownOf(message) === message) {
      // Its own, which has come back. Others are here already: a longer replay brings them again.
      mark(message, { status: 'sent' })
      messages[at - 1] = message
    }
    store.changed()
  }

  const store = createStore(host, () => messages.map(shownOf), () => subscription?.unsubscribe())
  return Object.assign(store, {
    want(limit: number, replay: number) {
      most = Math.max(most, limit)
      if (subscription?.active && replay <= replayed) return
      const shorter = subscription
      subscription = host.session.subscribe(patterns, take, { own: true, replay })
      shorter?.unsubscribe()
      replayed = replay
    },
    show(message: Message) {
      if (patterns.some(pattern => matches(pattern, message))) take(message)
    },
  })
}

export const topicStores: Stores<TopicStore> = createStores(createTopicStore, [])
