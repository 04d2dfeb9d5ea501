import { EarshotError } from '../base/errors.ts'
import type { Message } from '../base/message.ts'
import type { HubMessage } from './message.ts'
import type { MessageQueue } from './queue.ts'
import type { CloseReason } from './subscription.ts'

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

/** What a stream needs of its session. */
export interface StreamHost {
  add(pattern: string): boolean
  remove(pattern: string): boolean
  ready(): Promise<void>
  dropped(message: HubMessage): void
  ended(reason: CloseReason): void
}

interface Reader {
  resolve(result: IteratorResult<Message, undefined>): void
  reject(error: unknown): void
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** The reading end of a queue. */
export class HubStream implements MessageStream {
  readonly #host: StreamHost
  readonly #queue: MessageQueue
  readonly #readers: Reader[] = []
  #error: EarshotError | undefined
  active = true

  constructor(queue: MessageQueue, host: StreamHost) {
    this.#queue = queue
    this.#host = host
  }

  get size(): number {
    return this.#queue.size
  }

  get ready(): Promise<void> {
    return this.#host.ready()
  }

  /** Takes a message in: a waiting reader gets it, else the queue. */
  push(message: HubMessage): void {
    if (!this.active) return
    const reader = this.#readers.shift()
    if (reader) {
      reader.resolve({ done: false, value: message })
      return
    }
    const dropped = this.#queue.push(message)
    if (!dropped) return
    this.#host.dropped(dropped)
    if (this.#queue.overflow !== 'error') return
    this.#error = new EarshotError('overflow', `The stream's queue of ${this.#queue.capacity} is full: read faster, raise capacity or choose another overflow`)
    this.close('closed')
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
    this.#end('returned')
    return Promise.resolve(DONE)
  }

  throw(error?: unknown): Promise<IteratorResult<Message, undefined>> {
    this.#end('returned')
    return Promise.reject(error)
  }

  add(pattern: string): boolean {
    return this.active && this.#host.add(pattern)
  }

  remove(pattern: string): boolean {
    return this.active && this.#host.remove(pattern)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.dispose](): void {
    this.#end('returned')
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#end('returned')
    return Promise.resolve()
  }

  #end(reason: CloseReason): void {
    this.#error = undefined
    this.#queue.clear()
    this.close(reason)
  }

  /** Stops taking messages in; what is buffered can be read unless the reader itself went away. */
  close(reason: CloseReason): void {
    if (!this.active) return
    this.active = false
    if (reason === 'aborted') this.#queue.clear()
    this.#host.ended(reason)
    for (const reader of this.#readers.splice(0)) reader.resolve(DONE)
  }
}
