import { EarshotError } from '../base/errors.ts'
import type { HubMessage } from '../delivery/message.ts'
import { type HubSubscription, type Listener, patternsOf, type Subscription, type SubscriptionHost } from '../delivery/subscription.ts'
import { covers } from '../topic/match.ts'
import type { Route } from './routes.ts'

/** Deliveries that may wait while a listener runs. */
const MAX_PENDING = 65_536

/** Whom a message is not for. */
export interface Selection {
  /** This session does not hear it: echo is off. */
  readonly except?: SubscriptionHost | undefined
  /** Only sessions of these users hear it. */
  readonly to?: readonly string[] | undefined
  /** Only these sessions hear it. */
  readonly only?: readonly string[] | undefined
  /** Only what listens to these patterns hears it. */
  readonly isDue?: ((pattern: string) => boolean) | undefined
}

interface Pending {
  readonly targets: readonly HubSubscription[]
  readonly message: HubMessage
  readonly selection: Selection | undefined
}

/** Brings messages to listeners: one message after the other, each to all of its targets, whatever the listeners do meanwhile. */
export class Dispatcher {
  delivered = 0
  readonly #failed: (error: unknown, message: HubMessage, subscription: Subscription) => void
  #busy = false
  /** The targets and listeners of the delivery under way. */
  #targets: readonly HubSubscription[] | undefined
  #listeners: Listener[] = []
  #pending: Pending[] = []
  readonly #blank: Listener = () => {
    this.delivered--
  }

  constructor(failed: (error: unknown, message: HubMessage, subscription: Subscription) => void) {
    this.#failed = failed
  }

  /** Delivers now, or after the message under way. @throws `overflow` when too many wait */
  dispatch(route: Route, message: HubMessage, selection?: Selection): void {
    if (this.#busy || selection || route.picky) return this.send(route.targets, message, selection)
    this.#busy = true
    this.#deliver(route, message)
    if (this.#pending.length > 0) this.#drain()
    this.#busy = false
  }

  /** The same for some targets; each is asked whether it still lives and the message is for it. */
  send(targets: readonly HubSubscription[], message: HubMessage, selection?: Selection): void {
    if (this.#pending.length >= MAX_PENDING) throw new EarshotError('overflow', 'publishes', { topic: message.topic, limit: MAX_PENDING })
    this.#pending.push({ targets, message, selection })
    if (!this.#busy) this.#drain()
  }

  /** The subscription ended: the delivery under way passes it over. */
  forget(subscription: HubSubscription): void {
    const index = this.#targets?.indexOf(subscription) ?? -1
    if (index >= 0) this.#listeners[index] = this.#blank
  }

  #drain(): void {
    this.#busy = true
    while (this.#pending.length > 0) for (const pending of this.#pending.splice(0)) this.#deliverPicky(pending)
    this.#busy = false
  }

  /** Everyone hears it: no questions in the loop. */
  #deliver(route: Route, message: HubMessage): void {
    const targets = (this.#targets = route.targets)
    const listeners = (this.#listeners = route.listeners)
    const count = listeners.length
    this.delivered += count
    let index = 0
    while (index < count) {
      try {
        while (index < count) {
          const listener = listeners[index] as Listener
          const result = listener(message, targets[index++] as HubSubscription)
          if (result !== undefined) this.#watch(result, message, targets[index - 1] as HubSubscription)
        }
      } catch (error) {
        this.#failed(error, message, targets[index - 1] as HubSubscription)
      }
    }
    this.#targets = undefined
  }

  /** Each target is asked: does it live still, and is the message for it? */
  #deliverPicky({ targets, message, selection }: Pending): void {
    for (const target of targets) {
      if (target.ended || !wants(target, message, selection)) continue
      this.delivered++
      try {
        const { listener } = target
        const result = listener(message, target)
        if (result !== undefined) this.#watch(result, message, target)
      } catch (error) {
        this.#failed(error, message, target)
      }
    }
  }

  /** Anything with a `then` counts as async: its rejection is the listener's. */
  #watch(result: unknown, message: HubMessage, target: HubSubscription): void {
    const thenable = result as PromiseLike<unknown> | null
    if (typeof thenable?.then === 'function') thenable.then(undefined, (error: unknown) => this.#failed(error, message, target))
  }
}

/** Tells whether a message is for this subscription. */
export function wants(subscription: HubSubscription, message: HubMessage, selection: Selection | undefined): boolean {
  const { host, extras } = subscription
  if (selection?.except === host) return false
  if (selection?.to && !(host.userId !== undefined && selection.to.includes(host.userId))) return false
  if (selection?.only && !selection.only.includes(host.id)) return false
  if (selection?.isDue && ![...patternsOf(subscription)].some(pattern => selection.isDue?.(pattern) && covers(pattern, message.topic))) return false
  return extras?.echo !== false || message.from !== host.id
}
