import type { HubMessage } from './message.ts'
import type { MessageQueue } from './queue.ts'
import type { Listener, Subscription } from './subscription.ts'

/** Runs an async listener on a few messages at a time, in order, over a bounded queue. */
export class SerialListener {
  readonly #listener: Listener
  readonly #limit: number
  readonly #queue: MessageQueue
  readonly #failed: (error: unknown, message: HubMessage, subscription: Subscription) => void
  readonly #dropped: (message: HubMessage) => void
  #running = 0
  #idle: (() => void)[] = []

  constructor(
    listener: Listener,
    limit: number,
    queue: MessageQueue,
    failed: (error: unknown, message: HubMessage, subscription: Subscription) => void,
    dropped: (message: HubMessage) => void,
  ) {
    this.#listener = listener
    this.#limit = limit
    this.#queue = queue
    this.#failed = failed
    this.#dropped = dropped
  }

  take(message: HubMessage, subscription: Subscription): void {
    if (this.#running < this.#limit) {
      void this.#run(message, subscription)
      return
    }
    const dropped = this.#queue.push(message)
    if (dropped) this.#dropped(dropped)
  }

  /** Resolves when no call is under way. */
  idle(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise(resolve => this.#idle.push(resolve))
  }

  async #run(first: HubMessage, subscription: Subscription): Promise<void> {
    this.#running++
    for (let message: HubMessage | undefined = first; message; message = subscription.active ? this.#queue.shift() : undefined) {
      try {
        await this.#listener(message, subscription)
      } catch (error) {
        this.#failed(error, message, subscription)
      }
    }
    this.#running--
    if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }
}
