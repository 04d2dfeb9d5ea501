/** One published message: the same object for all listeners of a page. */
export interface Message<Data = unknown, Topic extends string = string> {
  /** The topic it was published to; `''` for a broadcast. */
  readonly topic: Topic
  /** What was published; the same reference for local listeners, a copy elsewhere. */
  readonly data: Data
  /** Id of the publishing session; `''` when the hub published. */
  readonly from: string
  readonly userId: string | undefined
  /** Wall-clock milliseconds at the publisher, read once a turn. For people: clocks of two machines differ. */
  readonly time: number
  /** Lamport counter: with `id` it gives one order that is the same in every tab. */
  readonly clock: number
  /** Place in the relay's log, when one keeps it. */
  readonly offset: number | undefined
  /** Names the life of the log that `offset` counts in: places in different ones do not compare. */
  readonly epoch?: string | undefined
  /** Unique name of the message. */
  readonly id: string
}
