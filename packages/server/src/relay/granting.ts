import { checkPattern, covers, EarshotError, isWildcard } from '@earshot/core'
import type { SubscriptionEntry } from '@earshot/core/protocol'
import type { Action } from './access.ts'
import { type Attachment, shapeOf, sizeInAttach } from './attachment.ts'
import { type Desk, isFailure, refusalOf, resume } from './desk.ts'
import type { Limits } from './limits.ts'
import type { Grant } from './records.ts'

/** What came of a subscription. */
export interface Begun extends Grant {
  /** It begins later than was asked for: messages that the session missed may be among what lies between. */
  readonly isLate: boolean
}

/**
 * Listens to a pattern as far as the session may, from now on, or from where it says that it `began`; nothing when the session has gone meanwhile.
 * @throws what refuses it
 */
export async function subscribe(desk: Desk, attachment: Attachment, pattern: string, began?: number): Promise<Begun | undefined> {
  if (pattern !== '') checkPattern(pattern)
  const { connection, record } = attachment
  if (!attachment.grants.has(pattern)) checkRoom(desk.limits, attachment, pattern)
  const patterns = await connection.access.granted('subscribe', pattern)
  if (patterns.length === 0) throw forbidden('subscribe', pattern)
  const proven = began === undefined ? undefined : await beginning(desk, attachment, pattern, patterns, began)
  if (!attachment.isBound) return undefined
  // Only now: what was appended while the answers were under way has not been heard.
  const grant: Grant = { patterns, start: Math.min(proven ?? Infinity, desk.engine.head) }
  const before = attachment.grants.get(pattern)
  attachment.grant(pattern, grant)
  desk.fanOut.add(attachment, patterns)
  if (before) desk.fanOut.remove(attachment, before.patterns)
  if (!connection.access.isOpen) (record.begun ??= new Map()).set(pattern, grant)
  const isLate = began !== undefined && attachment.state !== 'live' && Math.max(began, attachment.sent) < grant.start
  return { ...grant, isLate }
}

/** A session that comes back names all its patterns in one frame. */
function checkRoom({ subscriptions, subscriptionSize, frame, shapes }: Limits, { grants, grantedSize, connection }: Attachment, pattern: string): void {
  if (grants.size >= subscriptions) throw new EarshotError('rate-limited', `a session may have ${subscriptions} patterns`)
  const most = Math.min(subscriptionSize, Math.floor(frame / 2))
  if (grantedSize + sizeInAttach(pattern) > most) throw new EarshotError('rate-limited', `the patterns of a session may have ${most} characters together: listen to wildcards instead`)
  if (isWildcard(pattern) && connection.shapes.size >= shapes && connection.shapes.of(shapeOf(pattern)) === 0) {
    throw new EarshotError('rate-limited', `wildcards in the patterns of a connection may stand in ${shapes} ways`)
  }
}

/** Where a subscription began: what the session says is believed as far as the relay knows it to be so, or its user may read the past anyway. Nothing: now. */
async function beginning(desk: Desk, { connection, record }: Attachment, pattern: string, patterns: readonly string[], began: number): Promise<number | undefined> {
  const former = record.begun?.get(pattern)
  const isKnown = former !== undefined && isWithin(patterns, former.patterns)
  if (isKnown && began >= former.start) return began
  try {
    if (isWithin(patterns, await connection.access.granted('history', pattern))) return began
  } catch (error) {
    // It listens from now on, and is told of a gap.
    refusalOf(desk, error)
  }
  return isKnown ? former.start : undefined
}

function isWithin(patterns: readonly string[], outer: readonly string[]): boolean {
  return patterns.every(pattern => outer.some(each => each === pattern || covers(each, pattern)))
}

/** Takes a pattern away from a session. */
export function unsubscribe(desk: Desk, attachment: Attachment, pattern: string): void {
  attachment.record.begun?.delete(pattern)
  desk.fanOut.remove(attachment, attachment.revoke(pattern)?.patterns ?? [])
}

/** Subscribes again to what a session listens to, and brings it to the head of the log. `isLost`: it comes from another life of the log. */
export async function restore(desk: Desk, attachment: Attachment, subs: readonly SubscriptionEntry[], isLost: boolean): Promise<void> {
  const { connection, s } = attachment
  const missed: string[] = []
  for (const [pattern, start] of subs) {
    try {
      // In a new epoch the former offsets mean nothing: what is kept of it is later than all of them.
      const begun = await subscribe(desk, attachment, pattern, start === null ? undefined : isLost ? 0 : start)
      if (!begun) return
      if (start === null) connection.say({ t: 'subscribed', s, pattern, offset: begun.start })
      else if (isLost || begun.isLate) missed.push(...begun.patterns)
    } catch (error) {
      // Where its subscriptions began is not forgotten.
      if (isFailure(error)) return desk.postpone(attachment, 'subscribe', pattern, error)
      const refusal = refusalOf(desk, error)
      if (attachment.isBound) connection.say({ t: 'refused', s, what: 'subscribe', topic: pattern, ...refusal })
    }
  }
  if (!attachment.isBound) return
  // What it does not listen to any more begins anew when it does again.
  const { begun } = attachment.record
  for (const pattern of begun?.keys() ?? []) if (!attachment.grants.has(pattern)) begun?.delete(pattern)
  tellMissed(desk, attachment, missed)
  attachment.state = 'behind'
  resume(desk, attachment)
}

/** Tells of patterns on which messages are missed that will not come. */
export function tellMissed({ counts }: Desk, { connection, s }: Attachment, topics: readonly string[]): void {
  if (topics.length === 0) return
  counts.gaps++
  connection.say({ t: 'gap', s, topics })
}

export function forbidden(action: Action, topic: string): EarshotError {
  return new EarshotError('forbidden', `${action} on "${topic}" is not allowed`, { topic })
}
