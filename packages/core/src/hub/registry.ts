import type { HubSubscription, Listener } from '../delivery/subscription.ts'

/** A session's subscriptions by key and listener: the same pair again is the same subscription. A lone one is kept as it is, as most are. */
export class Registry {
  readonly #found = new Map<string, HubSubscription | Map<Listener, HubSubscription>>()

  get(key: string, listener: Listener): HubSubscription | undefined {
    const found = this.#found.get(key)
    return found instanceof Map ? found.get(listener) : found?.given === listener ? found : undefined
  }

  add(subscription: HubSubscription): void {
    const { key, given } = subscription
    const found = this.#found.get(key)
    if (found instanceof Map) found.set(given, subscription)
    else this.#found.set(key, found ? new Map([found, subscription].map(each => [each.given, each])) : subscription)
  }

  delete({ key, given }: HubSubscription): void {
    const found = this.#found.get(key)
    if (!(found instanceof Map) || (found.delete(given) && found.size === 0)) this.#found.delete(key)
  }

  /** The subscriptions under some keys. */
  of(keys: Iterable<string> = this.#found.keys()): HubSubscription[] {
    return [...keys].flatMap(key => {
      const found = this.#found.get(key)
      return found instanceof Map ? [...found.values()] : (found ?? [])
    })
  }

  keys(): string[] {
    return [...this.#found.keys()]
  }
}
