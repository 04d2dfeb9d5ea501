import type { Message } from '../base/message.ts'
import { compareMessages, type HubMessage } from '../delivery/message.ts'
import type { MessageQueue } from '../delivery/queue.ts'
import type { Listener, Subscription } from '../delivery/subscription.ts'

/**
 * Holds what arrives live until the past is here, then gives both in shown order, each message once.
 * From then on it only passes messages through.
 */
export class ReplayListener {
  readonly #listener: Listener
  /** Bounded; `undefined` when the past is here. */
  #held: MessageQueue | undefined
  readonly #dropped: (message: HubMessage) => void

  constructor(listener: Listener, held: MessageQueue, dropped: (message: HubMessage) => void) {
    this.#listener = listener
    this.#held = held
    this.#dropped = dropped
  }

  take(message: HubMessage, subscription: Subscription): unknown {
    if (!this.#held) return this.#listener(message, subscription)
    const dropped = this.#held.push(message)
    if (dropped) this.#dropped(dropped)
    return undefined
  }

  /** What is to be heard now: the past and what was held. */
  release(past: readonly HubMessage[]): readonly HubMessage[] {
    const known = new Map<string, HubMessage>()
    for (const message of past) known.set(message.id, message)
    for (let message = this.#held?.shift(); message; message = this.#held?.shift()) known.set(message.id, message)
    this.#held = undefined
    return [...known.values()].sort(compareMessages as (one: Message, other: Message) => number)
  }
}
