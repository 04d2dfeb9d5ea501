import { checkCount, checkFunction, EarshotError, invalidOption } from '../base/errors.ts'
import { Handle } from '../base/handle.ts'
import { attempt } from '../base/listeners.ts'
import type { Message } from '../base/message.ts'
import type { HubMessage, Publisher, RemoteMessage } from '../delivery/message.ts'
import { HubStream } from '../delivery/stream.ts'
import { type CloseReason, HubSubscription, type Listener, patternsOf, type SubscriptionHost } from '../delivery/subscription.ts'
import { HubPresence, type PresenceHost } from '../presence/presence.ts'
import { CLOCKS_PER_LIFE } from '../presence/roster.ts'
import { checkPattern, checkTopic } from '../topic/topic.ts'
import { HubChannel } from './channel.ts'
import type { Dispatcher } from './dispatcher.ts'
import { checkListening, follow, type ListeningHub, type StreamOptions, type SubscribeOptions, wrapListener } from './listening.ts'
import type { HubReceipt } from './receipt.ts'
import { Registry } from './registry.ts'
import { HubState, type StateHost } from './state.ts'
import type { HistoryOptions, PublishOptions, TransportConnection } from './transport.ts'

type Given = string | readonly string[]

/** What a session needs of its hub. */
export interface SessionHub extends ListeningHub {
  readonly clock: PresenceHost['hub']['clock']
  readonly dispatcher: Dispatcher
  readonly presences: PresenceHost['hub']['presences']
  readonly states: StateHost['hub']['states']
  readonly sessions: Set<Handle>
  /** What ids of messages of this page hold after the session id. */
  readonly tag: string
  /** Numbers the subscriptions. */
  order: number
  /** Numbers the member changes of this page. */
  changes: number
  /** The transport, started by the first call. */
  use(): TransportConnection | undefined
  emit(from: HubSession, topic: string, data: unknown, options?: PublishOptions): HubReceipt
  add(subscription: HubSubscription, pattern: string): void
  remove(subscription: HubSubscription, pattern: string): boolean
  /** A message from elsewhere as listeners get it; `undefined` when its schema refuses it. */
  revive(message: RemoteMessage): HubMessage | undefined
}

/** The one class of sessions; users see `Session`. The hub itself publishes and subscribes through one with the id `''`. */
export class HubSession extends Handle<CloseReason> implements Publisher, SubscriptionHost, PresenceHost {
  readonly hub: SessionHub
  /** Session id and document tag. */
  key = ''
  readonly userId: string | undefined
  readonly data: unknown
  readonly requestedId: string | undefined
  /** Channels, presences and states, which closing ends. */
  readonly parts: Set<Handle> = new Set()
  /** Pattern → how many subscriptions: what the transport was told. */
  readonly interests: Map<string, number> = new Map()
  /** What `subscribe` and `onBroadcast` made. */
  readonly #shared = new Registry()
  /** Subscriptions that belong to handles of their own: streams, channels, hooks. */
  readonly #own = new Set<HubSubscription>()
  #id: string | undefined
  /** Rises with each life of the session: page loads, returns from the back/forward cache. */
  #incarnation = 1

  constructor(hub: SessionHub, id?: string, userId?: string, data?: unknown) {
    super('session', hub.sessions)
    this.hub = hub
    this.requestedId = id
    this.userId = userId
    this.data = data
  }

  /** With a transport, the first look starts it; it may be given anew once, before anything was sent: await `ready` to be sure. */
  get id(): string {
    if (this.#id === undefined) this.hub.use()
    return this.#id as string
  }

  get ready(): Promise<void> {
    return this.hub.use()?.sync() ?? Promise.resolve()
  }

  identify(id: string, incarnation: number): void {
    // A member goes by its session's id and life: under new ones it enters anew.
    const entries = [...this.parts].flatMap(part => (part instanceof HubPresence && part.entered ? [{ part, data: part.self?.data }] : []))
    if (this.#id !== id) for (const { part } of entries) part.evict()
    this.#id = id
    this.key = `${id}.${this.hub.tag}`
    this.#incarnation = incarnation
    // Once, if it did so through several handles.
    for (const { part, data } of entries) if ((part.self?.clock ?? 0) < incarnation * CLOCKS_PER_LIFE) part.enter(data)
  }

  tick(): number {
    return this.#incarnation * CLOCKS_PER_LIFE + ++this.hub.changes
  }

  publish(topic: string, data: unknown, options?: PublishOptions): HubReceipt {
    // Within the hub the empty topic is broadcasts.
    if (topic === '') checkTopic(topic)
    return this.hub.emit(this, topic, data, options)
  }

  broadcast(data: unknown, options?: PublishOptions): HubReceipt {
    return this.hub.emit(this, '', data, options)
  }

  subscribe(pattern: Given, listener: Listener, options?: SubscribeOptions): HubSubscription {
    this.check()
    return this.#listen(checkPatterns(pattern), listener, options)
  }

  onBroadcast(listener: Listener, options?: SubscribeOptions): HubSubscription {
    this.check()
    return this.#listen('', listener, options)
  }

  unsubscribe(pattern: Given): number {
    return end(this.#shared.of([keyOf(checkPatterns(pattern))]))
  }

  offBroadcast(): number {
    return end(this.#shared.of(['']))
  }

  unsubscribeAll(): number {
    return end(this.#shared.of(this.#shared.keys().filter(Boolean)))
  }

  stream(pattern: Given, options: StreamOptions = {}): HubStream {
    this.check()
    const { hub } = this
    const patterns = new Set([checkPatterns(pattern)].flat())
    const queue = checkListening(options, hub)
    const stream = new HubStream(patterns, this, ++hub.order, queue, message => hub.dropped(message, options.onDrop))
    hub.use()
    this.#own.add(stream)
    follow(stream, options, hub)
    this.#index(stream)
    return stream
  }

  channel(name: string): HubChannel {
    this.check()
    checkTopic(name)
    return new HubChannel(name, this, this.parts)
  }

  presence(topic: string): HubPresence {
    this.check()
    checkTopic(topic)
    return new HubPresence(topic, this)
  }

  state(topic: string, initial: unknown): HubState {
    this.check()
    checkTopic(topic)
    return new HubState(topic, initial, this)
  }

  async history(pattern: Given, options: HistoryOptions = {}): Promise<readonly Message[]> {
    this.check()
    const patterns = checkPatterns(pattern)
    checkCount('limit', options?.limit ?? 0)
    return this.#revive((await this.hub.use()?.history(patterns, options))?.messages)
  }

  async claim(id: string, task: () => unknown): Promise<boolean> {
    this.check()
    return this.hub.use()?.claim?.(String(id), task) ?? Promise.reject(needsTabs('claim'))
  }

  /** Ends all subscriptions and streams; gives how many. */
  kick(): number {
    return end(this.listenings(), 'kicked')
  }

  /** Every subscription of the session, those of streams, channels and hooks included. */
  listenings(): HubSubscription[] {
    return [...this.#shared.of(), ...this.#own]
  }

  drop(subscription: HubSubscription): void {
    if (!this.#own.delete(subscription)) this.#shared.delete(keyOf(subscription.pattern), subscription)
  }

  protected end(reason: CloseReason = 'closed'): void {
    // First the subscriptions: those of channels end for this reason, too.
    end(this.listenings(), reason)
    for (const part of this.parts) part.close()
    if (this.#id) this.hub.use()?.closeSession(this.#id)
  }

  #listen(pattern: Given, listener: Listener, options?: SubscribeOptions): HubSubscription {
    checkFunction('listener', listener)
    const { hub } = this
    const key = keyOf(pattern)
    const known = options?.own ? undefined : this.#shared.get(key, listener)
    if (known) return known
    const subscription = new HubSubscription(pattern, this, listener, ++hub.order)
    const queue = options && checkListening(options, hub)
    hub.use()
    if (options?.own) this.#own.add(subscription)
    else this.#shared.add(key, subscription)
    const release = queue && wrapListener(subscription, options as SubscribeOptions, queue, hub)
    if (options) follow(subscription, options, hub)
    this.#index(subscription)
    if (release && subscription.active) subscription.more.ready = this.#replay(subscription, release, options as SubscribeOptions)
    return subscription
  }

  #index(subscription: HubSubscription): void {
    for (const each of patternsOf(subscription)) if (subscription.active) this.hub.add(subscription, each)
  }

  /** Asks for the past, then lets what was held meanwhile go. Ready when all of it has been heard. */
  async #replay(subscription: HubSubscription, release: (past: readonly HubMessage[]) => readonly HubMessage[], options: SubscribeOptions): Promise<void> {
    const { replay = 0, since, onGap } = options
    const { hub } = this
    const { pattern } = subscription
    let past: readonly HubMessage[] = []
    try {
      // The interest first: what is published from now on comes by itself.
      await this.ready
      const history = await hub.use()?.history(pattern, since === undefined ? { limit: replay } : { since, limit: replay || 1000 })
      past = this.#revive(history?.messages)
      if (history?.gap) attempt(() => onGap?.({ topics: [pattern].flat() }), hub.report)
    } catch (error) {
      hub.report(error)
    }
    for (const message of release(past)) hub.dispatcher.send([subscription], message)
  }

  #revive(messages: readonly RemoteMessage[] = []): HubMessage[] {
    return messages.flatMap(message => this.hub.revive(message) ?? [])
  }
}

/** The refusal of what only tabs together can do. */
export function needsTabs(name: string): EarshotError {
  return new EarshotError('unsupported', 'no-tabs', { name })
}

/** Ends subscriptions; gives how many. */
function end(subscriptions: readonly HubSubscription[], reason: CloseReason = 'unsubscribed'): number {
  for (const subscription of subscriptions) subscription.close(reason)
  return subscriptions.length
}

/** One string for what was subscribed: patterns in one order, joined by a sign that none may hold. */
function keyOf(pattern: Given): string {
  return typeof pattern === 'string' ? pattern : [...pattern].sort().join('\n')
}

/** Checks one pattern or several; several are a copy without repetitions. */
function checkPatterns(pattern: Given): Given {
  if (!Array.isArray(pattern)) {
    checkPattern(pattern)
    return pattern as string
  }
  if (pattern.length === 0) throw invalidOption('patterns', pattern, 'no-patterns')
  for (const each of pattern) checkPattern(each)
  return [...new Set(pattern as string[])]
}
