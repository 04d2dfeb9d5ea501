import { compareMessages, EarshotError, matches, type Message, type Subscription } from '@earshot/core'
import type { Shown } from './sending.ts'
import { createStore, type Store, type StoreHost } from './store.ts'
import { createStores, type Stores } from './stores.ts'

/** The last messages of a topic, in the order that every tab shows: one subscription, however many components. */
interface TopicStore extends Store<readonly Shown[]> {
  /** Subscribes, if need be. The largest limit and the largest replay win. @throws `invalid-options` */
  want(limit: number, replay: number): void
  /** Shows an own message with what is new of it: from its publish on, which may be long before a relay brings it back. */
  show(message: Message, news: Partial<Shown>): void
}

/** Makes the store of the patterns in `key`. */
function createTopicStore(key: string, host: StoreHost): TopicStore {
  const patterns = key.split('\n')
  const messages: Shown[] = []
  let most = 0
  let replayed = 0
  let subscription: Subscription | undefined

  const put = (message: Shown): void => {
    // An own one may be here already, and elsewhere: a log gives it its place when it comes back.
    const known = message.from === host.session.id ? messages.findIndex(one => one.clock === message.clock && one.id === message.id) : -1
    const old = messages[known]
    if (old) {
      if (message.status ? old.status === 'sent' : old.offset === message.offset) return
      messages.splice(known, 1)
    }
    let at = messages.length
    let before: Message | undefined
    // Most come in order: from the end it is one step.
    while ((before = messages[at - 1]) && compareMessages(before, message) > 0) at--
    // A longer replay brings again what is here already.
    if (before?.id === message.id) return
    messages.splice(at, 0, old && !message.status ? withNews(message, { status: 'sent' }) : message)
    while (messages.length > most) messages.shift()
    store.changed()
  }

  const store = createStore<readonly Shown[]>(host, () => [...messages], () => subscription?.unsubscribe())
  return Object.assign(store, {
    want(limit: number, replay: number) {
      if (!Number.isInteger(limit) || limit < 0) throw new EarshotError('invalid-options', 'no-count', { name: 'limit', value: limit, limit: 0 })
      most = Math.max(most, limit)
      if (subscription?.active && replay <= replayed) return
      const shorter = subscription
      subscription = host.session.subscribe(patterns, put, { own: true, replay })
      shorter?.unsubscribe()
      replayed = replay
    },
    show(message: Message, news: Partial<Shown>) {
      if (patterns.some(pattern => matches(pattern, message))) put(withNews(message, news))
    },
  })
}

/** A copy, since listeners have the message itself. Its id is put together when it is read: no copy has it by itself. */
function withNews(message: Message, news: Partial<Shown>): Shown {
  return { ...message, id: message.id, ...news }
}

export const topicStores: Stores<TopicStore> = createStores(createTopicStore, [])
