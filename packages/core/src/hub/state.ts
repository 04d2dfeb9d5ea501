import type { Message } from '../base/message.ts'
import { checkFunction, EarshotError } from '../base/errors.ts'
import { compareMessages } from '../delivery/message.ts'
import type { Subscription } from '../delivery/subscription.ts'

/** A value shared by all who ask for the same topic: the last write wins, by Lamport counter and never by clock. */
export interface SharedState<Value = unknown> {
  readonly topic: string
  /** Resolves when a value that a sibling holds is known. */
  readonly ready: Promise<void>
  /** The value now: the last write known here, else the initial one. */
  get(): Value
  /** Writes. A function gets the local value; two tabs that write at once are not merged: one of them wins. */
  set(next: (old: Value) => Value): void
  set(value: Value | ((old: Value) => Value)): void
  /** Calls `listener` after each change. The result ends it. */
  subscribe(listener: (value: Value) => void): () => void
  /** Ends the handle; the value lives on in the others. */
  close(): void
  [Symbol.dispose](): void
}

/** What a shared state needs of its session. */
export interface StateHost {
  subscribe(listener: (message: Message) => void): Subscription
  /** The last message that others hold. */
  past(): Promise<readonly Message[]>
  publish(value: unknown): Message
  report(error: unknown): void
  /** The handle is closed. */
  released(): void
}

/** What all handles of a topic in one page share. */
export interface StateCell {
  last: Message | undefined
  handles: number
}

/** The one class of shared states. */
export class HubState implements SharedState {
  readonly topic: string
  readonly ready: Promise<void>
  readonly #host: StateHost
  readonly #subscription: Subscription
  readonly #listeners = new Set<(value: unknown) => void>()
  #open = true
  #value: unknown
  readonly #cell: StateCell
  #last: Message | undefined
  /** Writes made before the first snapshot came: they go on top of it. `undefined` from then on. */
  #early: ((old: unknown) => unknown)[] | undefined = []

  constructor(topic: string, initial: unknown, cell: StateCell, host: StateHost) {
    this.topic = topic
    this.#value = initial
    this.#cell = cell
    this.#host = host
    this.#subscription = host.subscribe(message => this.#apply(message))
    if (cell.last) this.#apply(cell.last)
    this.ready = host.past().then(past => this.#settle(past), host.report)
  }

  get(): unknown {
    return this.#value
  }

  set(value: unknown): void {
    if (!this.#open) throw new EarshotError('session-closed', `The state handle of "${this.topic}" is closed: ask the session for a new one`)
    const write = typeof value === 'function' ? (value as (old: unknown) => unknown) : () => value
    const mine = this.#host.publish(write(this.#value))
    // A plain value makes the earlier writes pointless; a chain of functions is kept, and bounded.
    if (this.#early) this.#early = typeof value === 'function' ? [...this.#early, write].slice(-100) : [write]
    this.#apply(mine)
  }

  subscribe(listener: (value: unknown) => void): () => void {
    checkFunction('listener', listener)
    const own = (value: unknown): void => listener(value)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#early = undefined
    this.#listeners.clear()
    this.#subscription.unsubscribe()
    this.#host.released()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #apply(message: Message): void {
    if (this.#last && compareMessages(message, this.#last) <= 0) return
    this.#cell.last = this.#last = message
    this.#set(message.data)
  }

  /** The first snapshot is here. If it won over the writes that were made meanwhile, they are made again above it. */
  #settle(past: readonly Message[]): void {
    for (const message of past) this.#apply(message)
    const early = this.#early
    this.#early = undefined
    if (!early?.length || !this.#open || this.#last !== past.at(-1)) return
    this.#apply(this.#host.publish(early.reduce((value, write) => write(value), this.#value)))
  }

  #set(value: unknown): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const listener of [...this.#listeners]) {
      try {
        listener(value)
      } catch (error) {
        this.#host.report(error)
      }
    }
  }
}
