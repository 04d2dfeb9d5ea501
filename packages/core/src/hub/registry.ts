import type { HubSubscription, Listener } from '../delivery/subscription.ts'

/** A session's shared subscriptions by what they listen to and by listener. A lone one is kept as it is: most are. */
export class Registry {
  readonly #found = new Map<string, HubSubscription | Map<Listener, HubSubscription>>()

  get(key: string, listener: Listener): HubSubscription | undefined {
    const found = this.#found.get(key)
    return found instanceof Map ? found.get(listener) : found?.given === listener ? found : undefined
  }

  add(key: string, subscription: HubSubscription): void {
    const found = this.#found.get(key)
    if (found instanceof Map) found.set(subscription.given, subscription)
    else this.#found.set(key, found ? new Map([found, subscription].map(each => [each.given, each])) : subscription)
  }

  delete(key: string, subscription: HubSubscription): void {
    const found = this.#found.get(key)
    if (found instanceof Map ? found.delete(subscription.given) && found.size === 0 : found === subscription) this.#found.delete(key)
  }

  /** The subscriptions under some keys. */
  of(keys: Iterable<string> = this.keys()): HubSubscription[] {
    return [...keys].flatMap(key => {
      const found = this.#found.get(key)
      return found instanceof Map ? [...found.values()] : (found ?? [])
    })
  }

  keys(): string[] {
    return [...this.#found.keys()]
  }
}
