import { EarshotError } from '../base/errors.ts'
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
  readonly hub: { order: number }
  publish(topic: string, data: unknown, options?: PublishOptions): Receipt
  listen(pattern: string, key: string, given: Listener, options: SubscribeOptions | undefined, listener: Listener): HubSubscription
  presence(topic: string): Presence & Handle
}

/** A scope: events below a topic prefix. The one class of channels; users see `Channel`. */
export class HubChannel extends Handle {
  readonly name: string
  readonly #session: ChannelHost
  readonly #parts = new Set<Handle>()
  readonly #subscriptions = new Set<HubSubscription>()
  /** What the keys of its subscriptions begin with: each handle has its own. */
  readonly #key: string
  #presence: (Presence & Handle) | undefined

  constructor(name: string, session: ChannelHost, owner: Set<Handle>) {
    super(`channel "${name}"`, owner)
    this.name = name
    this.#key = `\n${++session.hub.order}/`
    this.#session = session
  }

  on(event: string, listener: Listener, options?: SubscribeOptions): Subscription {
    this.#check(event || undefined, 'invalid-pattern')
    const test = glob(event)
    const start = this.name.length + 1
    const subscription = this.#session.listen(`${this.name}/*`, this.#key + event, listener, options, (message, own) =>
      test(message.topic.slice(start)) ? listener(message, own) : undefined,
    )
    if (subscription.active && !this.#subscriptions.has(subscription)) {
      this.#subscriptions.add(subscription)
      subscription.onClose(() => this.#subscriptions.delete(subscription))
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
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
    for (const part of this.#parts) part.close()
  }

  #check(event: unknown, code: 'invalid-pattern' | 'invalid-topic'): void {
    this.check()
    if (typeof event !== 'string' || event.includes('/')) throw new EarshotError(code, 'no-event', { value: event })
  }
}
