import type { Message, PublishOptions, Session } from '@earshot/core'
import { perSession } from './stores.ts'

/** How far an own message has come. */
export type SendStatus = 'pending' | 'sent' | 'failed'

/** What `useTopic` adds to messages that this session published through hooks. */
export interface Sending {
  /** How far it has come: `sent` once it is accepted. Others' messages have none. */
  readonly status?: SendStatus | undefined
  /** Why it failed. */
  readonly error?: unknown
}

/** Hears of an own message, and whether its session is to hear it. */
export type Follow = (message: Message, isHeard: boolean, status: SendStatus, error?: unknown) => void

/** Who wants to know what becomes of a session's own messages. */
export const followersOf: (session: Session) => Set<Follow> = perSession(() => new Set<Follow>())

/** Publishes, and tells what becomes of it. What fails later reaches the hub's `error` event, too. */
export function send(session: Session, topic: string, data: unknown, options: PublishOptions = {}): void {
  const receipt = session.publish(topic, data, options)
  const { echo, to = session.userId } = options
  const isHeard = echo !== false && [to].flat().includes(session.userId)
  const tell = (status: SendStatus, error?: unknown): void => {
    for (const follow of followersOf(session)) follow(receipt.message, isHeard, status, error)
  }
  tell('pending')
  receipt.then(
    () => tell('sent'),
    (error: unknown) => {
      tell('failed', error)
      session.hub.report(error)
    },
  )
}
