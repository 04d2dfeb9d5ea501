import type { Message } from '@earshot/core'

/** How far an own message has come. */
export type SendStatus = 'pending' | 'sent' | 'failed'

/** What `useTopic` adds to messages that this session published through hooks. */
export interface Sending {
  /** How far it has come: `sent` once it is accepted. Others' messages have none. */
  readonly status?: SendStatus | undefined
  /** Why it failed. */
  readonly error?: unknown
}

/** A message as components see it. */
export type Shown = Message & Sending

const marked = new WeakMap<Message, Shown>()

/** The message with its status, if it has one. */
export function shownOf(message: Message): Shown {
  return marked.get(message) ?? message
}

/** Says something of an own message to components: in a copy, for listeners have the message itself. */
export function mark(message: Message, news: Partial<Shown>): void {
  // An id is put together when it is read: no copy has it by itself.
  marked.set(message, { ...message, id: message.id, ...news })
}
