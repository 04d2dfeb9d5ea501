import type { HubMessage } from './message.ts'
import type { MessageQueue } from './queue.ts'
import type { Listener, Subscription } from './subscription.ts'

/** A listener that calls an async one on at most `limit` messages at a time, in order; more wait in the queue. */
export function serialListener(
  listener: Listener,
  limit: number,
  queue: MessageQueue,
  failed: (error: unknown, message: HubMessage, subscription: Subscription) => void,
  dropped: (message: HubMessage) => void,
): { call: Listener; idle: () => Promise<void> } {
  let running = 0
  let settled = (): void => {}
  const run = async (message: HubMessage | undefined, subscription: Subscription): Promise<void> => {
    running++
    for (; message; message = subscription.active ? queue.shift() : undefined) {
      try {
        await listener(message, subscription)
      } catch (error) {
        failed(error, message, subscription)
      }
    }
    if (--running === 0) settled()
  }
  return {
    call(message, subscription) {
      if (running < limit) return void run(message as HubMessage, subscription)
      const lost = queue.push(message as HubMessage)
      if (lost) dropped(lost)
    },
    /** Resolves when no call is under way; asked once, at the end. */
    idle: () => new Promise(resolve => (running ? (settled = resolve) : resolve())),
  }
}
