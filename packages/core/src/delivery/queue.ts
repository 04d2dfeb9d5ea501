import { checkCount, checkOption } from '../base/errors.ts'
import type { HubMessage } from './message.ts'

/**
 * What a full queue does: `drop-newest` refuses what comes, `drop-oldest` makes room, `latest` keeps one message a topic (the newest; with more
 * topics than capacity the oldest goes), `error` ends the stream with an `overflow` after what is buffered.
 */
export type Overflow = 'drop-newest' | 'drop-oldest' | 'latest' | 'error'

/** Size and policy of a bounded queue. */
export interface QueueOptions {
  /** Messages kept; 0 hands over only to a waiting reader. @default 256, or the hub's `capacity` */
  capacity?: number
  /** @default 'drop-newest' */
  overflow?: Overflow
  /** Called with each message that was dropped. */
  onDrop?: (message: HubMessage) => void
}

const POLICIES = ['drop-newest', 'drop-oldest', 'latest', 'error']

/** Messages that wait for a reader: bounded, with a stated policy when full. */
export class MessageQueue {
  readonly capacity: number
  readonly overflow: Overflow
  #items: HubMessage[] = []
  #start = 0

  /** @throws `invalid-options` for a capacity that is no whole number ≥ 0 or an unknown policy */
  constructor({ capacity, overflow = 'drop-newest' }: QueueOptions, usual = 256) {
    capacity ??= usual
    checkCount('capacity', capacity)
    checkOption(POLICIES.includes(overflow), 'overflow', overflow, 'no-choice', POLICIES)
    this.capacity = capacity
    this.overflow = overflow
  }

  get size(): number {
    return this.#items.length - this.#start
  }

  /** Adds a message; gives the one that was dropped for it, if any. */
  push(message: HubMessage): HubMessage | undefined {
    const { overflow } = this
    let dropped: HubMessage | undefined
    if (overflow === 'latest') {
      const older = this.#items.findIndex((item, index) => index >= this.#start && item.topic === message.topic)
      if (older >= 0) [dropped] = this.#items.splice(older, 1)
    }
    if (this.size >= this.capacity) {
      if (this.capacity === 0 || overflow === 'drop-newest' || overflow === 'error') return message
      dropped = this.shift()
    }
    this.#items.push(message)
    return dropped
  }

  shift(): HubMessage | undefined {
    if (this.size === 0) return undefined
    const message = this.#items[this.#start++]
    // Shifting an array one by one is slow when it is long; half of it at a time is not.
    if (this.#start > 32 && this.#start * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#start)
      this.#start = 0
    }
    return message
  }

  clear(): void {
    this.#items = []
    this.#start = 0
  }
}
