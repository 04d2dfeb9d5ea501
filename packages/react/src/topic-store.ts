import { type Cancel, compareMessages, type Message, type Subscription } from '@earshot/core'
import { createStore, type Store, type StoreHost } from './store.ts'

export const NO_MESSAGES: readonly Message[] = []

/** The last messages of a topic, in the order that every tab shows: one subscription, however many components. */
export interface TopicStore extends Store<readonly Message[]> {
  /** Adds a user. The largest limit and the largest replay win. */
  use(limit: number, replay: number): Cancel
}

/** Makes the store of the patterns in `key`; it subscribes for its first user. */
export function createTopicStore(key: string, host: StoreHost): TopicStore {
  const messages: Message[] = []
  let most = 0
  let replayed = 0
  let subscription: Subscription | undefined
  const store = createStore<readonly Message[]>(host, NO_MESSAGES, () => [...messages], () => subscription?.unsubscribe())

  const take = (message: Message): void => {
    let at = messages.length
    // Most come in order: from the end it is one step.
    for (let before = messages[at - 1]; before; before = messages[--at - 1]) {
      const order = compareMessages(before, message)
      if (order < 0) break
      // A longer replay brings again what is here already.
      if (!order && before.id === message.id) return
    }
    messages.splice(at, 0, message)
    while (messages.length > most) messages.shift()
    store.changed()
  }

  return Object.assign(store, {
    use(limit: number, replay: number) {
      most = Math.max(most, limit)
      if (!subscription?.active || replay > replayed) {
        const shorter = subscription
        subscription = host.session.subscribe(key.split('\n'), take, { own: true, replay })
        shorter?.unsubscribe()
        replayed = replay
      }
      return store.retain()
    },
  })
}
