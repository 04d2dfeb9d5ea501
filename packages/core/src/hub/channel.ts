import { checkFunction, checkOptions, EarshotError, show } from '../base/errors.ts'
import type { Message } from '../base/message.ts'
import type { Listener, Subscription } from '../delivery/subscription.ts'
import type { Presence } from '../presence/presence.ts'
import { checkTopic } from '../topic/topic.ts'
import { glob } from './glob.ts'
import type { Receipt } from './receipt.ts'
import type { SubscribeOptions } from './session.ts'
import type { PublishOptions } from './transport.ts'

/** What a channel needs of its session. */
export interface ChannelHost {
  publish(topic: string, data: unknown, options?: PublishOptions): Receipt
  subscribe(pattern: string, listener: Listener, options: SubscribeOptions): Subscription
  presence(topic: string): Presence
  /** The channel is closed. */
  released(channel: HubChannel): void
}

/** A scope: events below a topic prefix. The one class of channels; users see `Channel`. */
export class HubChannel {
  readonly name: string
  readonly #host: ChannelHost
  readonly #parts = new Set<{ close(): void }>()
  /** Event → listener → handle: the same pair again is the same handle. */
  readonly #events = new Map<string, Map<Listener, Subscription>>()
  #presence: Presence | undefined
  #open = true

  constructor(name: string, host: ChannelHost) {
    this.name = name
    this.#host = host
  }

  on(event: string, listener: Listener, options: SubscribeOptions = {}): Subscription {
    this.#check()
    checkFunction('listener', listener)
    if (typeof event !== 'string' || !event || event.includes('/')) {
      throw new EarshotError('invalid-pattern', `Event ${show(event)} must be one level: a string without "/"`)
    }
    const known = this.#events.get(event)?.get(listener)
    if (known) return known
    const test = glob(event)
    const start = this.name.length + 1
    const filter = (message: Message, subscription: Subscription): unknown => (test(message.topic.slice(start)) ? listener(message, subscription) : undefined)
    checkOptions(options)
    const { onClose } = options
    if (onClose !== undefined) checkFunction('onClose', onClose)
    // Before the subscription: a signal that has fired closes it while it is made.
    const part = { close: () => subscription.unsubscribe() }
    const subscription: Subscription = this.#host.subscribe(`${this.name}/*`, filter, {
      ...options,
      own: true,
      onClose: reason => {
        this.#parts.delete(part)
        this.#events.get(event)?.delete(listener)
        onClose?.(reason)
      },
    })
    if (!subscription.active) return subscription
    this.#parts.add(part)
    const listeners = this.#events.get(event) ?? new Map<Listener, Subscription>()
    this.#events.set(event, listeners.set(listener, subscription))
    return subscription
  }

  send(event: string, data: unknown, options?: PublishOptions): Receipt {
    this.#check()
    if (typeof event !== 'string' || event.includes('/')) throw new EarshotError('invalid-topic', `Event ${show(event)} must be one level: a string without "/"`)
    return this.#host.publish(`${this.name}/${event}`, data, options)
  }

  channel(name: string): HubChannel {
    this.#check()
    checkTopic(name)
    const full = `${this.name}/${name}`
    checkTopic(full)
    const inner = new HubChannel(full, { ...this.#host, released: channel => this.#parts.delete(channel) })
    this.#parts.add(inner)
    return inner
  }

  get presence(): Presence {
    this.#check()
    if (!this.#presence) this.#parts.add((this.#presence = this.#host.presence(this.name)))
    return this.#presence
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    for (const part of [...this.#parts]) part.close()
    this.#host.released(this)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #check(): void {
    if (!this.#open) throw new EarshotError('session-closed', `Channel "${this.name}" is closed: ask the session for a new one`)
  }
}
