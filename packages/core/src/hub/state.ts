import type { Cancel } from '../base/clock.ts'
import { Handle } from '../base/handle.ts'
import { Listeners } from '../base/listeners.ts'
import type { Message } from '../base/message.ts'
import { compareMessages } from '../delivery/message.ts'
import type { Subscription } from '../delivery/subscription.ts'
import type { SubscribeOptions } from './listening.ts'
import type { HistoryOptions, PublishOptions } from './transport.ts'

/** Topics whose value is known; of more, those without an open handle go, the one opened longest ago first. */
const MAX_TOPICS = 1000

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
  /** Ends the handle; the value lives on, as long as the tab does. */
  close(): void
  [Symbol.dispose](): void
}

/** What a shared state needs of its session. */
export interface StateHost {
  readonly parts: Set<Handle>
  readonly hub: {
    use(): { readonly ordered?: boolean } | undefined
    /** The open handles of each topic, or the last that was: it knows the value still. */
    readonly states: Map<string, Set<HubState>>
    readonly report: (error: unknown) => void
  }
  readonly ready: Promise<void>
  history(topic: string, options: HistoryOptions): Promise<readonly Message[]>
  publish(topic: string, value: unknown, options: PublishOptions): PromiseLike<{ readonly offset?: number | undefined }> & { readonly message: Message }
  subscribe(topic: string, listener: (message: Message) => void, options: SubscribeOptions): Subscription
}

/** The one class of shared states. */
export class HubState extends Handle implements SharedState {
  readonly topic: string
  readonly ready: Promise<void>
  readonly #session: StateHost
  readonly #subscription: Subscription
  readonly #listeners: Listeners<unknown>
  readonly #handles: Set<HubState>
  #value: unknown
  #last: Message | undefined
  /** What holds when an own write is refused: the last value that is in the log, or else the initial one. */
  #agreed: Message | { readonly data: unknown; readonly offset?: undefined; readonly epoch?: undefined }
  /** Writes made before the first snapshot came: they go on top of it. `undefined` from then on. */
  #early: ((old: unknown) => unknown)[] | undefined = []

  constructor(topic: string, initial: unknown, session: StateHost) {
    super(`state of "${topic}"`, session.parts)
    const { report, states } = session.hub
    this.topic = topic
    this.#value = initial
    this.#agreed = { data: initial }
    this.#session = session
    this.#listeners = new Listeners(report)
    this.#subscription = session.subscribe(topic, message => this.#apply(message), { own: true })
    // What this page knows is known at once.
    this.#handles = states.get(topic) ?? new Set()
    for (const other of this.#handles) {
      if (other.#agreed.offset) this.#apply(other.#agreed)
      if (other.#last) this.#apply(other.#last)
      if (other.closed) this.#handles.delete(other)
    }
    // The topic opened last is the last.
    states.delete(topic)
    states.set(topic, this.#handles.add(this))
    this.ready = session.ready.then(() => (this.closed ? [] : session.history(topic, { limit: 1 }))).then(past => this.#settle(past), report)
  }

  get(): unknown {
    return this.#value
  }

  set(value: unknown): void {
    this.check()
    const write = typeof value === 'function' ? (value as (old: unknown) => unknown) : () => value
    const mine = this.#publish(write(this.#value))
    // A plain value makes the earlier writes pointless; a chain of functions is kept, and bounded.
    if (this.#early) this.#early = typeof value === 'function' ? [...this.#early, write].slice(-100) : [write]
    this.#apply(mine)
  }

  subscribe(listener: (value: unknown) => void): Cancel {
    return this.#listeners.add(listener)
  }

  protected end(): void {
    const { states } = this.#session.hub
    this.#listeners.clear()
    if (this.#handles.size > 1) this.#handles.delete(this)
    for (const [topic, [handle]] of states) {
      if (states.size <= MAX_TOPICS) break
      if (handle?.closed) states.delete(topic)
    }
    this.#subscription.unsubscribe()
  }

  #publish(value: unknown): Message {
    const { hub } = this.#session
    const receipt = this.#session.publish(this.topic, value, { retain: true })
    const { message } = receipt
    // Where a log decides, an own write is shown at once, and taken back when it is refused.
    if (hub.use()?.ordered) {
      const placed = (offset?: number): void => {
        for (const each of this.#handles) each.#placed(message, offset)
      }
      receipt.then(
        ({ offset }) => placed(offset),
        (error: unknown) => {
          hub.report(error)
          placed(-1)
        },
      )
    }
    return message
  }

  /** An own write has its place in the log, or none. It may never come back from there, since little may be kept: then what is behind it holds. */
  #placed(message: Message, offset = 0): void {
    if (this.#last !== message) return
    const isBehind = (this.#agreed.offset ?? 0) > offset
    // Whatever the log brings from now on goes above it.
    this.#last = isBehind ? undefined : { ...message, id: message.id, clock: 0 }
    if (isBehind) this.#show(this.#agreed.data)
  }

  #apply(message: Message): void {
    const isOwn = this.#last?.id === message.id
    const { offset = 0, epoch } = this.#agreed
    // An answer about the past may be older than what came meanwhile.
    if (message.offset && (message.offset > offset || message.epoch !== epoch)) this.#agreed = message
    // A log that began anew goes above the one before.
    const isSameLog = (this.#last?.epoch ?? message.epoch) === message.epoch
    if (this.#last && isSameLog && !isOwn && compareMessages(message, this.#last) <= 0) return
    this.#last = message
    // An own write that comes back from the log is on show already.
    if (!isOwn) this.#show(message.data)
  }

  #show(value: unknown): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    this.#listeners.tell(value)
  }

  /** The first snapshot is here. If it won over the writes that were made meanwhile, they are made again above it. */
  #settle(past: readonly Message[]): void {
    for (const message of past) this.#apply(message)
    const early = this.#early
    this.#early = undefined
    if (!early?.length || this.closed || this.#last !== past.at(-1)) return
    this.#apply(this.#publish(early.reduce((value, write) => write(value), this.#value)))
  }
}
