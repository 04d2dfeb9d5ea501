import { checkFunction, checkOptions, EarshotError } from '../base/errors.ts'
import { Handle } from '../base/handle.ts'
import type { HubSubscription, Listener, Subscription } from '../delivery/subscription.ts'
import type { Presence } from '../presence/presence.ts'
import { checkTopic } from '../topic/topic.ts'
import { glob } from './glob.ts'
import type { SubscribeOptions } from './listening.ts'
import type { Receipt } from './receipt.ts'
import type { PublishOptions } from './transport.ts'

/** What a channel needs of its session. */
export interface ChannelHost {
  publish(topic: string, data: unknown, options?: PublishOptions): Receipt
  subscribe(pattern: string, listener: Listener, options: SubscribeOptions): HubSubscription
  presence(topic: string): Presence & Handle
}

/** A scope: events below a topic prefix. The one class of channels; users see `Channel`. */
export class HubChannel extends Handle {
  readonly name: string
  readonly #session: ChannelHost
  readonly #parts = new Set<Handle>()
  /** Event → listener → handle: the same pair again is the same handle. */
  readonly #events = new Map<string, Map<Listener, HubSubscription>>()
  #presence: (Presence & Handle) | undefined

  constructor(name: string, session: ChannelHost, owner: Set<Handle>) {
    super(`channel "${name}"`, owner)
    this.name = name
    this.#session = session
  }

  on(event: string, listener: Listener, options: SubscribeOptions = {}): Subscription {
    this.#check(event || undefined, 'invalid-pattern')
    checkFunction('listener', listener)
    const listeners = this.#events.get(event) ?? new Map<Listener, HubSubscription>()
    const known = listeners.get(listener)
    if (known?.active) return known
    checkOptions(options)
    const test = glob(event)
    const start = this.name.length + 1
    const subscription = this.#session.subscribe(
      `${this.name}/*`,
      (message, own) => (test(message.topic.slice(start)) ? listener(message, own) : undefined),
      { ...options, own: true },
    )
    if (subscription.active) {
      this.#events.set(event, listeners.set(listener, subscription))
      subscription.onClose(() => {
        if (listeners.get(listener) === subscription) listeners.delete(listener)
      })
    }
    return subscription
  }

  send(event: string, data: unknown, options?: PublishOptions): Receipt {
    this.#check(event, 'invalid-topic')
    return this.#session.publish(`${this.name}/${event}`, data, options)
  }

  channel(name: string): HubChannel {
    this.check()
    checkTopic(name)
    const full = `${this.name}/${name}`
    checkTopic(full)
    return new HubChannel(full, this.#session, this.#parts)
  }

  get presence(): Presence {
    this.check()
    if (!this.#presence) this.#parts.add((this.#presence = this.#session.presence(this.name)))
    return this.#presence
  }

  protected end(): void {
    for (const listeners of this.#events.values()) for (const subscription of listeners.values()) subscription.unsubscribe()
    for (const part of this.#parts) part.close()
  }

  #check(event: unknown, code: 'invalid-pattern' | 'invalid-topic'): void {
    this.check()
    if (typeof event !== 'string' || event.includes('/')) throw new EarshotError(code, 'no-event', { value: event })
  }
}
