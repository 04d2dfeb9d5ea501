import { compareMessages, type HubMessage } from '../delivery/message.ts'
import { MessageQueue } from '../delivery/queue.ts'
import type { Listener } from '../delivery/subscription.ts'

/** Messages held at most while the past is fetched; then the oldest go. */
const MAX_HELD = 1000

/**
 * Holds what arrives live until the past is here; `release` then gives both in shown order, each message once.
 * From then on it only passes messages through.
 */
export function heldListener(
  listener: Listener,
  dropped: (message: HubMessage) => void,
): { call: Listener; release: (past: readonly HubMessage[]) => readonly HubMessage[] } {
  let held: MessageQueue | undefined = new MessageQueue({ capacity: MAX_HELD, overflow: 'drop-oldest' })
  return {
    call(message, subscription) {
      if (!held) return listener(message, subscription)
      const lost = held.push(message as HubMessage)
      if (lost) dropped(lost)
      return undefined
    },
    release: past => {
      const known = new Map(past.map(message => [message.id, message]))
      for (let message = held?.shift(); message; message = held?.shift()) known.set(message.id, message)
      held = undefined
      return [...known.values()].sort(compareMessages)
    },
  }
}
