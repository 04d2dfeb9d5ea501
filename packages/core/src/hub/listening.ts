import { checkCount, checkFunctions, checkOptions } from '../base/errors.ts'
import { attempt } from '../base/listeners.ts'
import type { Message } from '../base/message.ts'
import type { HubMessage } from '../delivery/message.ts'
import { MessageQueue, type QueueOptions } from '../delivery/queue.ts'
import { serialListener } from '../delivery/serial.ts'
import { type CloseReason, followSignal, type HubSubscription, type Subscription } from '../delivery/subscription.ts'
import { overlaps } from '../topic/match.ts'
import { heldForReplay, type ReplayHub } from './replay.ts'
import type { Gap } from './transport.ts'

/** How a stream listens. */
export interface StreamOptions extends QueueOptions {
  /** Ends it. */
  signal?: AbortSignal
  /** Whether it hears its own session. @default true */
  echo?: boolean
  /** Called once when it ends. */
  onClose?: (reason: CloseReason) => void
}

/** How a subscription listens. */
export interface SubscribeOptions extends StreamOptions {
  /** Begins with the last messages of the past, as far as they are kept. Needs a transport. @default 0 */
  replay?: number
  /** Begins with everything after this message or position, as far as it is kept; `onGap` tells when it is not. Needs a transport. */
  since?: Message | string
  /** Calls of an async listener under way at most; more wait in a queue of `capacity` with `overflow`. @default no limit, no queue */
  concurrency?: number
  /** Is a handle of its own, never shared with an equal one; `session.unsubscribe(pattern)` leaves it alone. @default false */
  own?: boolean
  /** Called when messages may have been lost beyond recovery. */
  onGap?: (gap: Gap) => void
}

/** What listening needs of the hub. */
export interface ListeningHub extends ReplayHub {
  readonly capacity: number
  on(event: 'gap', listener: (gap: Gap) => void): () => void
  failed(error: unknown, message: HubMessage, subscription: Subscription): void
  dropped(message: HubMessage, onDrop?: (message: HubMessage) => void): void
}

/** Refuses what would only fail later, far from the call; gives the queue that the options ask for. */
export function checkListening(options: SubscribeOptions, hub: ListeningHub): MessageQueue {
  checkOptions(options, options?.signal)
  checkFunctions(options, 'onClose', 'onDrop', 'onGap')
  checkCount('replay', options.replay ?? 0)
  checkCount('concurrency', options.concurrency ?? 1, 1)
  return new MessageQueue(options, hub.capacity)
}

/** Ties a subscription to what its options name: its own session's messages, gaps, an end, a signal. */
export function follow(subscription: HubSubscription, { echo, onClose, onGap, signal }: SubscribeOptions, hub: ListeningHub): void {
  if (echo === false) subscription.more.echo = false
  if (onGap) {
    const patterns = [subscription.pattern].flat()
    subscription.onClose(
      hub.on('gap', gap => {
        if (!gap.topics || gap.topics.some(topic => patterns.some(pattern => overlaps(pattern, topic)))) onGap(gap)
      }),
    )
  }
  if (onClose) subscription.onClose(reason => attempt(() => onClose(reason), hub.report))
  const unfollow = followSignal(signal, () => subscription.close('aborted'))
  if (subscription.active) subscription.onClose(unfollow)
}

/** Puts what the options ask for between the hub and the listener. Gives what fetches the past, if that is asked for. */
export function wrapListener(
  subscription: HubSubscription,
  options: SubscribeOptions,
  queue: MessageQueue,
  hub: ListeningHub,
): (() => Promise<void>) | undefined {
  const { concurrency, onDrop, replay, since } = options
  const dropped = (message: HubMessage): void => hub.dropped(message, onDrop)
  if (concurrency) {
    const serial = serialListener(subscription.listener, concurrency, queue, (...failure) => hub.failed(...failure), dropped)
    subscription.listener = serial.call
    subscription.more.idle = serial.idle
  }
  return hub.use() && (replay || since !== undefined) ? heldForReplay(subscription, options, hub, dropped) : undefined
}
