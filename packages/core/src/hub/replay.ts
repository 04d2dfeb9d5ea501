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
  use(): { history(pattern: string | readonly string[], options: HistoryOptions, session: string): Promise<History> } | undefined
  revive(message: RemoteMessage): HubMessage | undefined
}

/**
 * Lets a subscription begin with the past: holds what arrives live until that is here, page by page, then gives both in shown order, each
 * message once. From then on messages only pass through. The result fetches the past; call it once the transport knows of the interest.
 */
export function heldForReplay(
  subscription: HubSubscription,
  { replay = 0, since: from, onGap }: { replay?: number; since?: Message | string; onGap?: (gap: Gap) => void },
  hub: ReplayHub,
  dropped: (message: HubMessage) => void,
): () => Promise<void> {
  const { listener, pattern, host } = subscription
  let held: MessageQueue | undefined = new MessageQueue({ capacity: MAX_HELD, overflow: 'drop-oldest' })
  /** What of the past is on its way to the listener. */
  const due = new Set<Message>()
  subscription.listener = (message, own) => {
    if (!held || due.delete(message)) return listener(message, own)
    const lost = held.push(message as HubMessage)
    if (lost) dropped(lost)
    return undefined
  }
  const hear = (messages: readonly HubMessage[]): void => {
    for (const message of messages) hub.dispatcher.send([subscription], message)
  }
  return async () => {
    let since = from
    let last: HubMessage | undefined
    let past: HubMessage[] = []
    for (let more = true; more && subscription.active; ) {
      more = false
      past = []
      try {
        // The interest first: what is published from now on comes by itself.
        await host.ready
        const history = await hub.use()?.history(pattern, since === undefined ? { limit: replay } : { since, limit: replay || 1000 }, host.id)
        past = (history?.messages ?? []).flatMap(remote => hub.revive(remote) ?? [])
        if (history?.gap) attempt(() => onGap?.({ topics: [pattern].flat() }), hub.report)
        more = history?.more === true && past.length > 0
      } catch (error) {
        hub.report(error)
      }
      if (!more) break
      since = last = past.at(-1)
      for (const message of past) due.add(message)
      hear(past)
    }
    const known = new Set(past.map(({ id }) => id))
    const live: HubMessage[] = []
    for (let message = held?.shift(); message; message = held?.shift()) {
      if (!known.has(message.id) && !(last && message.offset && compareMessages(message, last) <= 0)) live.push(message)
    }
    held = undefined
    hear(merge(past, live))
  }
}

/** Both in shown order. What has no place in the log that the others are in stays behind what it came after. */
function merge(past: readonly HubMessage[], live: readonly HubMessage[]): HubMessage[] {
  const merged = [...past]
  if (![...past, ...live].some(({ offset }) => offset)) return [...merged, ...live].sort(compareMessages)
  let at = 0
  for (const message of live) {
    if (message.offset) for (let next = merged[at]; next && compareMessages(next, message) < 0; next = merged[at]) at++
    merged.splice(at++, 0, message)
  }
  return merged
}
