import type { Attachment } from './attachment.ts'
import type { Connection } from './connection.ts'
import type { SmallMap } from './small-map.ts'

/** What belongs to a connection. */
export interface Guest {
  /** What it came with. */
  readonly request: unknown
  /** Its sessions, by index. */
  readonly attachments: SmallMap<number, Attachment>
}

/** Patterns that the sessions of all connections listen to, and bytes that wait to be sent. */
export function sumsOf(guests: ReadonlyMap<Connection, Guest>): { subscriptions: number; buffered: number } {
  let subscriptions = 0
  let buffered = 0
  for (const [connection, { attachments }] of guests) {
    buffered += connection.buffered
    for (const { grants } of attachments.values()) subscriptions += grants.size
  }
  return { subscriptions, buffered }
}
