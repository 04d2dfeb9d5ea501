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
