import type { Attachment } from './attachment.ts'
import type { Connection } from './connection.ts'

/** Patterns that sessions on these connections listen to, and bytes that wait to be sent. */
export function sumsOf(connections: ReadonlyMap<Connection, { readonly attachments: { values(): Iterable<Attachment> } }>): { subscriptions: number; buffered: number } {
  let subscriptions = 0
  let buffered = 0
  for (const [connection, { attachments }] of connections) {
    buffered += connection.buffered
    for (const { grants } of attachments.values()) subscriptions += grants.size
  }
  return { subscriptions, buffered }
}
