import { type ErrorCode, isEarshotError } from '@earshot/core'
import { CLOSE } from '@earshot/core/protocol'
import type { Attachment } from './attachment.ts'
import { catchUp, type CatchUpCounts, type CatchUpDesk } from './catch-up.ts'
import { shorten } from './connection.ts'
import type { FanOut } from './fan-out.ts'
import type { Presences } from './presences.ts'

/** Clients come back within so many milliseconds when they said too much, or the log cannot be read. */
export const SPREAD = 10_000

/** What a relay counts; readings rise until it ends. */
export interface RelayCounts extends CatchUpCounts {
  published: number
  refused: number
  /** Connections beyond the limits. */
  turnedAway: number
  /** Sessions that were asked to come back, since `authorize` had failed. */
  postponed: number
}

/** What handling frames needs of the relay. */
export interface Desk extends CatchUpDesk {
  readonly fanOut: FanOut
  readonly presences: Presences
  readonly counts: RelayCounts
  now(): number
  /** Ends a session's attachment that asks for too much. */
  expel(attachment: Attachment, reason: string): void
  /** Asks a session to come back soon: nobody could say whether it may do `what` on a topic, and until then it hears nothing. */
  postpone(attachment: Attachment, what: string, topic: string, error: unknown): void
  /** Starts the timing of a publish, if somebody wants to know; the result ends it. */
  readonly publishing: (() => (() => void) | undefined) | undefined
  /** Something failed that no client is to blame for. */
  failed(error: unknown): void
}

/** Goes on with catching up, if there is something to catch up with. A log that cannot be read ends the connection: another attempt may do better. */
export function resume(desk: Desk, attachment: Attachment): void {
  if (attachment.state !== 'behind') return
  catchUp(attachment, desk).catch((error: unknown) => {
    desk.failed(error)
    attachment.connection.close(CLOSE.overload, { code: 'connection-lost', reason: 'the log cannot be read', spread: SPREAD })
  })
}

/** Whether an error decides nothing: `authorize` failed, or took too long. */
export function isFailure(error: unknown): boolean {
  return !isEarshotError(error) || error.code === 'timeout' || error.code === 'not-connected'
}

/** What a client hears of a failure: of what is not ours – it came out of `authorize` or the engine – no details. */
export function refusalOf(desk: Desk, error: unknown): { readonly code: ErrorCode; readonly reason: string } {
  const isKnown = isEarshotError(error)
  if (!isKnown || error.code === 'timeout') desk.failed(error)
  return isKnown ? { code: error.code, reason: shorten(error.message) } : { code: 'timeout', reason: 'the relay could not decide' }
}
