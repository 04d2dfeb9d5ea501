import { checkCount, checkFunction, checkOption, EarshotError } from '../base/errors.ts'
import { Handle } from '../base/handle.ts'
import type { Message } from '../base/message.ts'
import type { Publisher } from '../delivery/message.ts'
import { HubStream } from '../delivery/stream.ts'
import { type CloseReason, HubSubscription, type Listener, patternsOf, type SubscriptionHost } from '../delivery/subscription.ts'
import { HubPresence, type PresenceHost } from '../presence/presence.ts'
import { CLOCKS_PER_LIFE } from '../presence/roster.ts'
import { checkPattern, checkTopic } from '../topic/topic.ts'
import { HubChannel } from './channel.ts'
import { checkListening, follow, type ListeningHub, type StreamOptions, type SubscribeOptions, wrapListener } from './listening.ts'
import type { HubReceipt } from './receipt.ts'
import { Registry } from './registry.ts'
import { HubState, type StateHost } from './state.ts'
import type { HistoryOptions, PublishOptions, TransportConnection } from './transport.ts'

type Given = string | readonly string[]

/** What a session needs of its hub. */
export interface SessionHub extends ListeningHub {
  readonly clock: PresenceHost['hub']['clock']
  readonly presences: PresenceHost['hub']['presences']
  readonly states: StateHost['hub']['states']
  readonly sessions: Set<Handle>
  /** What ids of messages of this page hold after the session id. */
  readonly tag: string
  /** Numbers the subscriptions. */
  order: number
  /** Numbers the member changes of this page. */
  changes: number
  /** @throws `hub-closed` */
  check(): void
  /** The transport, started by the first call. */
  use(): TransportConnection | undefined
  emit(from: HubSession, topic: string, data: unknown, options?: PublishOptions): HubReceipt
  add(subscription: HubSubscription, pattern: string): void
  remove(subscription: HubSubscription, pattern: string): boolean
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
  /** All of them: those of streams, channels and hooks are handles of their own, by keys that begin with a sign which no pattern may hold. */
  readonly #subscriptions = new Registry()
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

  /** @throws `hub-closed`, `session-closed` */
  override check(): void {
    this.hub.check()
    super.check()
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
    const patterns = checkPatterns(pattern)
    return this.listen(patterns, keyOf(patterns), listener, options)
  }

  onBroadcast(listener: Listener, options?: SubscribeOptions): HubSubscription {
    this.check()
    return this.listen('', '', listener, options)
  }

  unsubscribe(pattern: Given): number {
    return end(this.#subscriptions.of([keyOf(checkPatterns(pattern))]))
  }

  offBroadcast(): number {
    return end(this.#subscriptions.of(['']))
  }

  unsubscribeAll(): number {
    return end(this.#subscriptions.of(this.#subscriptions.keys().filter(key => key && key[0] !== '\n')))
  }

  stream(pattern: Given, options: StreamOptions = {}): HubStream {
    this.check()
    const { hub } = this
    const patterns = new Set([checkPatterns(pattern)].flat())
    const queue = checkListening(options, hub)
    hub.use()
    return this.#begin(new HubStream(patterns, this, ++hub.order, queue, message => hub.dropped(message, options.onDrop)), options)
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
    const past = await this.hub.use()?.history(patterns, options, this.id)
    return (past?.messages ?? []).flatMap(message => this.hub.revive(message) ?? [])
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
    return this.#subscriptions.of()
  }

  drop(subscription: HubSubscription): void {
    this.#subscriptions.delete(subscription)
  }

  protected end(reason: CloseReason = 'closed'): void {
    // First the subscriptions: those of channels end for this reason, too.
    end(this.listenings(), reason)
    for (const part of this.parts) part.close()
    if (this.#id) this.hub.use()?.closeSession(this.#id)
  }

  /** The same listener under the same key again gives the first subscription. What is called may be another function than what was given. */
  listen(pattern: Given, key: string, given: Listener, options?: SubscribeOptions, listener: Listener = given): HubSubscription {
    checkFunction('listener', given)
    const { hub } = this
    // First: who hears of the connection may subscribe the very same.
    hub.use()
    const known = options?.own ? undefined : this.#subscriptions.get(key, given)
    if (known) return known
    const queue = options === undefined ? undefined : checkListening(options, hub)
    const order = ++hub.order
    const subscription = new HubSubscription(pattern, options?.own ? `\n${order}` : key, this, given, order)
    subscription.listener = listener
    const fetchPast = options && queue && wrapListener(subscription, options, queue, hub)
    this.#begin(subscription, options)
    if (fetchPast && subscription.active) subscription.more.ready = fetchPast()
    return subscription
  }

  /** From here on it hears. */
  #begin<Kind extends HubSubscription>(subscription: Kind, options?: StreamOptions): Kind {
    this.#subscriptions.add(subscription)
    if (options) follow(subscription, options, this.hub)
    for (const each of patternsOf(subscription)) if (subscription.active) this.hub.add(subscription, each)
    return subscription
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
  checkOption(pattern.length > 0, 'patterns', pattern, 'no-patterns')
  for (const each of pattern) checkPattern(each)
  return [...new Set(pattern as string[])]
}
