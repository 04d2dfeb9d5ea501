import { checkPattern, EarshotError } from '@earshot/core'
import type { SubscriptionEntry } from '@earshot/core/protocol'
import type { Action } from './access.ts'
import type { Attachment } from './attachment.ts'
import { type Desk, refusalOf, resume } from './desk.ts'

/**
 * Listens to a pattern as far as the session may, from `start` or else from now on; gives where that is, or nothing when the session has gone meanwhile.
 * @throws what refuses it
 */
export async function subscribe(desk: Desk, attachment: Attachment, pattern: string, start?: number): Promise<number | undefined> {
  if (pattern !== '') checkPattern(pattern)
  if (attachment.grants.size >= desk.limits.subscriptions && !attachment.grants.has(pattern)) {
    throw new EarshotError('rate-limited', `a session may have ${desk.limits.subscriptions} patterns`)
  }
  const patterns = await attachment.connection.access.granted('subscribe', pattern)
  if (patterns.length === 0) throw forbidden('subscribe', pattern)
  if (!attachment.isBound) return undefined
  // Only now: what was appended while the answer was under way has not been heard.
  const offset = Math.min(start ?? Infinity, desk.engine.head)
  const before = attachment.grants.get(pattern)
  attachment.grant(pattern, { patterns, start: offset })
  desk.fanOut.add(attachment, patterns)
  if (before) desk.fanOut.remove(attachment, before.patterns)
  return offset
}

/** Takes a pattern away from a session. */
export function unsubscribe(desk: Desk, attachment: Attachment, pattern: string): void {
  desk.fanOut.remove(attachment, attachment.revoke(pattern)?.patterns ?? [])
}

/** Subscribes again to what a session listens to, and brings it to the head of the log. `isLost`: it comes from another life of the log. */
export async function restore(desk: Desk, attachment: Attachment, subs: readonly SubscriptionEntry[], isLost: boolean): Promise<void> {
  const { connection, s } = attachment
  const patterns: string[] = []
  for (const [pattern, start] of subs) {
    try {
      // In a new epoch the former offsets mean nothing: what is kept of it is later than all of them.
      const offset = await subscribe(desk, attachment, pattern, start === null ? undefined : isLost ? 0 : start)
      if (offset === undefined) return
      if (start === null) connection.say({ t: 'subscribed', s, pattern, offset })
      else patterns.push(...(attachment.grants.get(pattern)?.patterns ?? []))
    } catch (error) {
      const refusal = refusalOf(desk, error)
      if (attachment.isBound) connection.say({ t: 'refused', s, what: 'subscribe', topic: pattern, ...refusal })
    }
  }
  if (!attachment.isBound) return
  if (isLost && patterns.length > 0) {
    desk.counts.gaps++
    connection.say({ t: 'gap', s, topics: patterns })
  }
  attachment.state = 'behind'
  resume(desk, attachment)
}

export function forbidden(action: Action, topic: string): EarshotError {
  return new EarshotError('forbidden', `${action} on "${topic}" is not allowed`, { topic })
}
