import type { Message } from '../base/message.ts'

/** Who published: a session, or the hub itself with the id `''`. */
export interface Publisher {
  /** Session id. */
  readonly id: string
  readonly userId: string | undefined
  /** Session id and document tag: what a message's id begins with. */
  readonly key: string
}

/** What a transport hands in: a message as it was published elsewhere. */
export interface RemoteMessage {
  readonly topic: string
  readonly data: unknown
  readonly from: string
  readonly userId?: string | undefined
  readonly time: number
  readonly clock: number
  /** What the message's id begins with. */
  readonly key: string
  readonly offset?: number | undefined
  readonly epoch?: string | undefined
}

/** The one class of messages; users see it as `Message`. */
export class HubMessage implements Message {
  readonly topic: string
  readonly data: unknown
  readonly from: string
  readonly userId: string | undefined
  readonly time: number
  readonly clock: number
  /** What the id begins with: session and document. */
  readonly key: string
  readonly offset: number | undefined
  readonly epoch: string | undefined

  constructor(topic: string, data: unknown, publisher: Publisher, time: number, clock: number, offset?: number, epoch?: string) {
    this.topic = topic
    this.data = data
    this.from = publisher.id
    this.userId = publisher.userId
    this.time = time
    this.clock = clock
    this.key = publisher.key
    this.offset = offset
    this.epoch = epoch
  }

  get id(): string {
    return `${this.key}:${this.clock}`
  }
}

/** The order that every tab shows: the log's for what is in the same one, else Lamport counter first, then id, which begins with the session. */
export function compareMessages(one: Message, other: Message): number {
  if (one.offset && other.offset && one.epoch === other.epoch) return one.offset - other.offset
  return one.clock - other.clock || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0)
}
