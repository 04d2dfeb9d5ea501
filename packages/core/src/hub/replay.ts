import { attempt } from '../base/listeners.ts'
import type { Message } from '../base/message.ts'
import { compareMessages, type HubMessage, type RemoteMessage } from '../delivery/message.ts'
import { MessageQueue } from '../delivery/queue.ts'
import type { HubSubscription } from '../delivery/subscription.ts'
import type { Gap, History, HistoryOptions } from './transport.ts'

/** Messages held at most while the past is fetched; then the oldest go. */
const MAX_HELD = 1000

/** What a replay needs of the hub. */
export interface ReplayHub {
  readonly report: (error: unknown) => void
  readonly dispatcher: { send(targets: readonly HubSubscription[], message: HubMessage): void }
  use(): { history(pattern: string | readonly string[], options: HistoryOptions): Promise<History> } | undefined
  revive(message: RemoteMessage): HubMessage | undefined
}

/**
 * Lets a subscription begin with the past: holds what arrives live until that is here, then gives both in shown order, each message once.
 * From then on messages only pass through. The result fetches the past; call it once the transport knows of the interest.
 */
export function heldForReplay(
  subscription: HubSubscription,
  { replay = 0, since, onGap }: { replay?: number; since?: Message | string; onGap?: (gap: Gap) => void },
  hub: ReplayHub,
  dropped: (message: HubMessage) => void,
): () => Promise<void> {
  const { listener, pattern, host } = subscription
  let held: MessageQueue | undefined = new MessageQueue({ capacity: MAX_HELD, overflow: 'drop-oldest' })
  subscription.listener = (message, own) => {
    if (!held) return listener(message, own)
    const lost = held.push(message as HubMessage)
    if (lost) dropped(lost)
    return undefined
  }
  return async () => {
    const known = new Map<string, HubMessage>()
    try {
      // The interest first: what is published from now on comes by itself.
      await host.ready
      const history = await hub.use()?.history(pattern, since === undefined ? { limit: replay } : { since, limit: replay || 1000 })
      for (const remote of history?.messages ?? []) {
        const message = hub.revive(remote)
        if (message) known.set(message.id, message)
      }
      if (history?.gap) attempt(() => onGap?.({ topics: [pattern].flat() }), hub.report)
    } catch (error) {
      hub.report(error)
    }
    for (let message = held?.shift(); message; message = held?.shift()) known.set(message.id, message)
    held = undefined
    for (const message of [...known.values()].sort(compareMessages)) hub.dispatcher.send([subscription], message)
  }
}
