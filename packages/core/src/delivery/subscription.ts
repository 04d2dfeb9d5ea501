import type { Message } from '../base/message.ts'

/** Called with each message and the subscription it came by; may be async. What it returns is only looked at for a rejection. */
export type Listener<Data = unknown, Topic extends string = string> = (
  message: Message<Data, Topic>,
  subscription: Subscription,
) => unknown

/** Why a subscription or stream ended. */
export type CloseReason = 'returned' | 'aborted' | 'unsubscribed' | 'closed' | 'kicked'

/** A handle on what `subscribe` started. */
export interface Subscription {
  /** What was subscribed, as it was given. */
  readonly pattern: string | readonly string[]
  readonly active: boolean
  /** Fires when the subscription ends; made when first read. */
  readonly signal: AbortSignal
  /** Resolves once every reachable tab or relay knows of the subscription: what is published there from then on arrives. At once without a transport. */
  readonly ready: Promise<void>
  /** Resolves with the reason when it has ended and, with `concurrency`, the call under way has settled. */
  readonly closed: Promise<CloseReason>
  /** Ends it. From then on its listener is not called, not even for the message under way. */
  unsubscribe(): void
  [Symbol.dispose](): void
}

/** What a subscription needs of the one that made it: never the hub itself. */
export interface SubscriptionHost {
  readonly id: string
  readonly userId: string | undefined
  readonly ready: Promise<void>
  /** Pattern → how many subscriptions: what the transport was told. */
  readonly interests: Map<string, number>
  /** Where its patterns are indexed; tells whether that changed anything. */
  readonly hub: {
    add(subscription: HubSubscription, pattern: string): void
    remove(subscription: HubSubscription, pattern: string): boolean
  }
  /** Forgets the subscription. */
  drop(subscription: HubSubscription): void
}

/** What only some subscriptions have; made when first needed, since most never are. */
interface Extras {
  controller?: AbortController
  ready?: Promise<void>
  /** `false`: does not hear its own session. */
  echo?: boolean
  /** What a stream listens to at the moment. */
  patterns?: Set<string>
  closed?: Promise<CloseReason>
  /** Resolves when no call is under way. */
  idle?: () => Promise<unknown>
  /** Undoes what the options started, in order; gets the reason. */
  closers?: ((reason: CloseReason) => void)[]
}

/** The one class of subscriptions: a prototype object, since a closure handle costs six times the memory. */
export class HubSubscription implements Subscription {
  readonly pattern: string | readonly string[]
  /** What its session knows it by, together with what was given: one string for its patterns, unless it belongs to a handle of its own. */
  readonly key: string
  readonly host: SubscriptionHost
  /** What `subscribe` was given. */
  readonly given: Listener
  /** What is called: the listener, or what its options put around it. */
  listener: Listener
  readonly order: number
  /** Why it ended; `undefined` while it lives. */
  ended: CloseReason | undefined
  extras: Extras | undefined

  constructor(pattern: string | readonly string[], key: string, host: SubscriptionHost, listener: Listener, order: number) {
    this.pattern = pattern
    this.key = key
    this.host = host
    this.given = this.listener = listener
    this.order = order
    this.ended = undefined
    this.extras = undefined
  }

  get active(): boolean {
    return this.ended === undefined
  }

  get more(): Extras {
    return (this.extras ??= {})
  }

  get signal(): AbortSignal {
    const controller = (this.more.controller ??= new AbortController())
    if (!this.active) controller.abort()
    return controller.signal
  }

  get ready(): Promise<void> {
    return this.extras?.ready ?? this.host.ready
  }

  get closed(): Promise<CloseReason> {
    const idle = (reason: CloseReason): Promise<CloseReason> => Promise.resolve(this.more.idle?.()).then(() => reason)
    return (this.more.closed ??= this.ended ? idle(this.ended) : new Promise(resolve => this.onClose(reason => resolve(idle(reason)))))
  }

  unsubscribe(): void {
    this.close('unsubscribed')
  }

  [Symbol.dispose](): void {
    this.unsubscribe()
  }

  close(reason: CloseReason): void {
    if (this.ended) return
    this.ended = reason
    const { extras, host } = this
    host.drop(this)
    for (const pattern of patternsOf(this)) host.hub.remove(this, pattern)
    extras?.controller?.abort(reason)
    for (const closer of extras?.closers?.splice(0) ?? []) closer(reason)
  }

  /** Stops listening to one of its patterns. */
  remove(pattern: string): boolean {
    const patterns = (this.more.patterns ??= new Set(patternsOf(this)))
    return this.active && patterns.delete(pattern) && this.host.hub.remove(this, pattern)
  }

  /** Calls `closer` once when the subscription ends. */
  onClose(closer: (reason: CloseReason) => void): void {
    ;(this.more.closers ??= []).push(closer)
  }
}

/** The patterns that a subscription is indexed under. */
export function patternsOf({ pattern, extras }: HubSubscription): Iterable<string> {
  return extras?.patterns ?? (typeof pattern === 'string' ? [pattern] : pattern)
}

/** Ties a lifetime to the caller's signal; gives what unties it. A signal that has fired ends it at once. */
export function followSignal(signal: AbortSignal | undefined, end: () => void): () => void {
  if (signal?.aborted) end()
  else signal?.addEventListener('abort', end, { once: true })
  return () => signal?.removeEventListener('abort', end)
}
