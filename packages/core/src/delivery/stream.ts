import { EarshotError } from '../base/errors.ts'
import type { Message } from '../base/message.ts'
import type { HubMessage } from './message.ts'
import type { MessageQueue } from './queue.ts'
import { checkPattern } from '../topic/topic.ts'
import { type CloseReason, HubSubscription, patternsOf, type SubscriptionHost } from './subscription.ts'

/** Messages to read with `for await`, over a bounded queue. It registers at the call and ends with `break`, `return()`, abort or close. */
export interface MessageStream<M extends Message = Message> extends AsyncIterableIterator<M, undefined> {
  /** Messages that wait to be read. */
  readonly size: number
  readonly active: boolean
  /** Resolves once every reachable tab or relay knows of the stream's patterns. */
  readonly ready: Promise<void>
  /** The next message; `done` after the stream has ended and all that was buffered is read. */
  next(): Promise<IteratorResult<M, undefined>>
  /** Ends the stream at once: nothing that is buffered is read any more. */
  return(): Promise<IteratorReturnResult<undefined>>
  /** Listens to one more pattern; `false` when it did already. */
  add(pattern: string): boolean
  /** Stops listening to a pattern; `false` when it did not. */
  remove(pattern: string): boolean
  [Symbol.asyncIterator](): this
  [Symbol.dispose](): void
}

interface Reader {
  resolve(result: IteratorResult<Message, undefined>): void
  reject(error: unknown): void
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** A subscription whose listener fills a queue, and the reading end of that queue. */
export class HubStream extends HubSubscription implements MessageStream {
  readonly #queue: MessageQueue
  readonly #dropped: (message: HubMessage) => void
  readonly #readers: Reader[] = []
  #error: EarshotError | undefined

  constructor(patterns: Set<string>, host: SubscriptionHost, order: number, queue: MessageQueue, dropped: (message: HubMessage) => void) {
    super([], `\n${order}`, host, (message, stream) => (stream as HubStream).#push(message as HubMessage), order)
    this.more.patterns = patterns
    this.#queue = queue
    this.#dropped = dropped
  }

  get size(): number {
    return this.#queue.size
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    const value = this.#queue.shift()
    if (value) return Promise.resolve({ done: false, value })
    if (this.active) return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }))
    const error = this.#error
    this.#error = undefined
    return error ? Promise.reject(error) : Promise.resolve(DONE)
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.unsubscribe()
    return Promise.resolve(DONE)
  }

  throw(error?: unknown): Promise<IteratorResult<Message, undefined>> {
    this.unsubscribe()
    return Promise.reject(error)
  }

  add(pattern: string): boolean {
    const patterns = patternsOf(this) as Set<string>
    if (!this.active) return false
    checkPattern(pattern)
    if (patterns.has(pattern)) return false
    patterns.add(pattern)
    this.host.hub.add(this, pattern)
    return true
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.unsubscribe()
    return Promise.resolve()
  }

  /** The reader went away: what is buffered is of no use any more. */
  override unsubscribe(): void {
    this.#error = undefined
    this.#queue.clear()
    this.close('returned')
  }

  /** Stops taking messages in; what is buffered can be read unless the reader itself went away. */
  override close(reason: CloseReason): void {
    if (this.ended) return
    if (reason === 'aborted') this.#queue.clear()
    super.close(reason)
    for (const reader of this.#readers.splice(0)) reader.resolve(DONE)
  }

  /** A waiting reader gets the message, else the queue. */
  #push(message: HubMessage): void {
    const reader = this.#readers.shift()
    if (reader) return reader.resolve({ done: false, value: message })
    const dropped = this.#queue.push(message)
    if (!dropped) return
    this.#dropped(dropped)
    if (this.#queue.overflow !== 'error') return
    this.#error = new EarshotError('overflow', 'stream', { limit: this.#queue.capacity })
    this.close('closed')
  }
}
