import type { Clock } from '../base/clock.ts'
import { checkCount, checkFunction, checkOptions, EarshotError, invalidOption } from '../base/errors.ts'
import type { Message } from '../base/message.ts'
import type { HubMessage, Publisher, RemoteMessage } from '../delivery/message.ts'
import { MessageQueue, type QueueOptions } from '../delivery/queue.ts'
import { SerialListener } from '../delivery/serial.ts'
import { HubStream } from '../delivery/stream.ts'
import { type CloseReason, followSignal, HubSubscription, type Listener, patternsOf, type Subscription } from '../delivery/subscription.ts'
import { HubPresence, type PresenceTopic } from '../presence/presence.ts'
import type { Member } from '../presence/roster.ts'
import { checkPattern, checkTopic } from '../topic/topic.ts'
import { HubChannel } from './channel.ts'
import type { HubReceipt, Receipt } from './receipt.ts'
import { ReplayListener } from './replay.ts'
import { HubState, type StateCell } from './state.ts'
import type { Gap, HistoryOptions, PublishOptions, TransportConnection } from './transport.ts'

/** How a subscription listens. */
export interface SubscribeOptions extends QueueOptions {
  /** Ends the subscription. */
  signal?: AbortSignal
  /** Begins with the last messages of the past, as far as they are kept. Needs a transport. @default 0 */
  replay?: number
  /** Begins with everything after this message or position, as far as it is kept; `onGap` tells when it is not. Needs a transport. */
  since?: Message | string
  /** Calls of an async listener under way at most; more wait in a queue of `capacity` with `overflow`. @default no limit, no queue */
  concurrency?: number
  /** Whether it hears its own session. @default true */
  echo?: boolean
  /** Is a handle of its own, never shared with an equal one; `session.unsubscribe(pattern)` leaves it alone. @default false */
  own?: boolean
  /** Called when messages may have been lost beyond recovery. */
  onGap?: (gap: Gap) => void
  /** Called once when it ends. */
  onClose?: (reason: CloseReason) => void
}

/** How a stream listens. */
export interface StreamOptions extends QueueOptions {
  signal?: AbortSignal
  /** Whether it hears its own session. @default true */
  echo?: boolean
  /** Called once when it ends. */
  onClose?: (reason: CloseReason) => void
}

/** What a session needs of its hub. */
export interface SessionHub {
  readonly clock: Clock
  readonly capacity: number
  /** What ids of messages of this page hold after the session id. */
  readonly tag: string
  /** The transport, started by the first call. */
  use(): TransportConnection | undefined
  emit(from: HubSession, topic: string, data: unknown, options?: PublishOptions): HubReceipt
  add(subscription: HubSubscription, host: HubSession, pattern: string): void
  remove(subscription: HubSubscription, host: HubSession, pattern: string): void
  nextOrder(): number
  /** Delivers to one subscription, in the hub's order. */
  deliverTo(subscription: HubSubscription, message: HubMessage): void
  /** A message from elsewhere as listeners get it; `undefined` when its schema refuses it. */
  revive(message: RemoteMessage): HubMessage | undefined
  presenceTopic(topic: string): PresenceTopic
  releasePresence(topic: string): void
  stateCell(topic: string): StateCell
  releaseState(topic: string, cell: StateCell): void
  memberClock(incarnation: number): number
  watchGaps(pattern: string | readonly string[], listener: (gap: Gap) => void): () => void
  failed(error: unknown, message: HubMessage, subscription: Subscription): void
  dropped(message: HubMessage): void
  report(error: unknown): void
  closed(session: HubSession): void
}

type Given = string | readonly string[]

/** The one class of sessions; users see `Session`. The hub itself publishes and subscribes through one with the id `''`. */
export class HubSession implements Publisher {
  /** Session id and document tag. */
  key = ''
  readonly userId: string | undefined
  readonly data: unknown
  readonly requestedId: string | undefined
  readonly #hub: SessionHub
  /** What `subscribe` made, by pattern: a lone subscription as it is, several by listener. */
  readonly #subscriptions = new Map<string, HubSubscription | Map<Listener, HubSubscription>>()
  /** Subscriptions that belong to handles of their own: streams, channels, hooks. */
  readonly #own = new Set<HubSubscription>()
  /** Streams, channels, presences and states, which closing ends. */
  readonly #owned = new Set<{ close(reason: CloseReason): void }>()
  /** Pattern → how many subscriptions: what the transport was told. */
  readonly interests: Map<string, number> = new Map()
  #id: string | undefined
  /** Rises with each life of the session: page loads, returns from the back/forward cache. */
  incarnation = 1
  isClosed = false

  constructor(hub: SessionHub, id: string | undefined, userId: string | undefined, data: unknown) {
    this.#hub = hub
    this.requestedId = id
    this.userId = userId
    this.data = data
  }

  /** With a transport, the first look starts it; it may be given anew once, before anything was sent: await `ready` to be sure. */
  get id(): string {
    if (this.#id === undefined) this.#hub.use()
    return this.#id as string
  }

  get hub(): SessionHub {
    return this.#hub
  }

  get closed(): boolean {
    return this.isClosed
  }

  get ready(): Promise<void> {
    return this.sync()
  }

  identify(id: string, incarnation: number): void {
    // A member goes by its session's id and life: under new ones it enters anew.
    const entries = [...this.#owned].flatMap(part => (this.#id !== undefined && part instanceof HubPresence && part.self ? [{ part, data: part.self.data }] : []))
    if (this.#id !== id) for (const { part } of entries) part.evict()
    this.#id = id
    this.key = `${id}.${this.#hub.tag}`
    this.incarnation = incarnation
    for (const { part, data } of entries) part.enter(data)
  }

  check(): void {
    if (this.isClosed) throw new EarshotError('session-closed', 'The session is closed: open a new one with hub.openSession()')
  }

  publish(topic: string, data: unknown, options?: PublishOptions): Receipt {
    // Within the hub the empty topic is broadcasts.
    if (topic === '') checkTopic(topic)
    return this.#hub.emit(this, topic, data, options)
  }

  broadcast(data: unknown, options?: PublishOptions): Receipt {
    return this.#hub.emit(this, '', data, options)
  }

  subscribe(pattern: Given, listener: Listener, options?: SubscribeOptions): Subscription {
    this.check()
    checkFunction('listener', listener)
    return this.#listen(checkPatterns(pattern), listener, options)
  }

  onBroadcast(listener: Listener, options?: SubscribeOptions): Subscription {
    this.check()
    checkFunction('listener', listener)
    return this.#listen('', listener, options)
  }

  unsubscribe(pattern: Given): number {
    return this.#end(keyOf(checkPatterns(pattern)))
  }

  offBroadcast(): number {
    return this.#end('')
  }

  unsubscribeAll(): number {
    let count = 0
    for (const key of [...this.#subscriptions.keys()]) if (key !== '') count += this.#end(key)
    return count
  }

  stream(pattern: Given, options: StreamOptions = {}): HubStream {
    this.check()
    const hub = this.#hub
    const patterns = new Set([checkPatterns(pattern)].flat())
    checkListening(options)
    const queue = new MessageQueue({ ...options, capacity: options.capacity ?? hub.capacity })
    const { onDrop, onClose, signal, echo } = options
    hub.use()
    const stream: HubStream = new HubStream(queue, {
      add: added => {
        checkPattern(added)
        if (patterns.has(added)) return false
        patterns.add(added)
        hub.add(subscription, this, added)
        return true
      },
      remove: removed => {
        if (!patterns.delete(removed)) return false
        hub.remove(subscription, this, removed)
        return true
      },
      ready: () => this.sync(),
      dropped: message => this.#dropped(message, onDrop),
      ended: reason => {
        this.#owned.delete(stream)
        subscription.close(reason)
        this.#guard(() => onClose?.(reason))
      },
    })
    const subscription = new HubSubscription([], this, message => stream.push(message as HubMessage), hub.nextOrder())
    subscription.more.patterns = patterns
    if (echo === false) subscription.more.echo = false
    subscription.onClose(reason => stream.close(reason))
    this.#own.add(subscription)
    for (const each of patterns) hub.add(subscription, this, each)
    this.#owned.add(stream)
    const unfollow = followSignal(signal, () => stream.close('aborted'))
    if (stream.active) subscription.onClose(unfollow)
    return stream
  }

  channel(name: string): HubChannel {
    this.check()
    checkTopic(name)
    const channel = new HubChannel(name, {
      publish: (topic, data, options) => this.publish(topic, data, options),
      subscribe: (pattern, listener, options) => this.subscribe(pattern, listener, options),
      presence: topic => this.presence(topic),
      released: closed => this.#owned.delete(closed),
    })
    this.#owned.add(channel)
    return channel
  }

  presence(topic: string): HubPresence {
    this.check()
    checkTopic(topic)
    const hub = this.#hub
    const session = this
    hub.use()
    const presence = new HubPresence(topic, hub.presenceTopic(topic), {
      get id() {
        return session.id
      },
      userId: this.userId,
      tick: () => hub.memberClock(this.incarnation),
      now: () => hub.clock.now(),
      announce: (name: string, member: Member, here: boolean) => hub.use()?.presence(name, member, here),
      check: () => this.check(),
      released: closed => {
        if (this.#owned.delete(closed)) hub.releasePresence(topic)
      },
    })
    this.#owned.add(presence)
    return presence
  }

  state(topic: string, initial: unknown): HubState {
    this.check()
    checkTopic(topic)
    const cell = this.#hub.stateCell(topic)
    cell.handles++
    const state: HubState = new HubState(topic, initial, cell, {
      subscribe: listener => this.subscribe(topic, listener, { own: true }),
      past: async () => {
        await this.sync()
        return this.closed ? [] : this.#revive((await this.#hub.use()?.history(topic, { limit: 1 }))?.messages)
      },
      publish: value => this.#hub.emit(this, topic, value, { retain: true }).message,
      report: error => this.#hub.report(error),
      released: () => {
        this.#owned.delete(state)
        this.#hub.releaseState(topic, cell)
      },
    })
    this.#owned.add(state)
    return state
  }

  async history(pattern: Given, options: HistoryOptions = {}): Promise<readonly Message[]> {
    this.check()
    const patterns = checkPatterns(pattern)
    checkCount('limit', options?.limit ?? 0)
    const history = await this.#hub.use()?.history(patterns, options)
    return this.#revive(history?.messages)
  }

  async claim(id: string, task: () => unknown): Promise<boolean> {
    this.check()
    const claim = this.#hub.use()?.claim?.(String(id), task)
    if (!claim) throw new EarshotError('unsupported', 'claim needs a transport that joins the tabs of a browser, e.g. broadcastChannel()')
    return claim
  }

  sync(): Promise<void> {
    return this.#hub.use()?.sync() ?? Promise.resolve()
  }

  close(reason: CloseReason = 'closed'): void {
    if (this.isClosed) return
    this.isClosed = true
    // First the subscriptions: those of channels end for this reason, too.
    for (const subscription of this.listenings()) subscription.close(reason)
    for (const part of [...this.#owned]) part.close(reason)
    this.#hub.closed(this)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Ends all subscriptions and streams; gives how many. */
  kick(): number {
    const ended = this.listenings()
    for (const subscription of ended) subscription.close('kicked')
    return ended.length
  }

  /** Every subscription of the session, those of streams, channels and hooks included. */
  listenings(): HubSubscription[] {
    const shared = [...this.#subscriptions.values()].flatMap(found => (found instanceof Map ? [...found.values()] : [found]))
    return [...shared, ...this.#own]
  }

  drop(subscription: HubSubscription): void {
    const key = keyOf(subscription.pattern)
    const found = this.#subscriptions.get(key)
    if (found === subscription) this.#subscriptions.delete(key)
    else if (!this.#own.delete(subscription) && found instanceof Map) {
      found.delete(subscription.extras?.given ?? subscription.listener)
      if (found.size === 0) this.#subscriptions.delete(key)
    }
    for (const each of patternsOf(subscription)) this.#hub.remove(subscription, this, each)
  }

  #end(key: string): number {
    const found = this.#subscriptions.get(key)
    const all = !found ? [] : found instanceof Map ? [...found.values()] : [found]
    for (const subscription of all) subscription.unsubscribe()
    return all.length
  }

  #listen(pattern: Given, listener: Listener, options: SubscribeOptions | undefined): HubSubscription {
    const hub = this.#hub
    const key = keyOf(pattern)
    const found = options?.own ? undefined : this.#subscriptions.get(key)
    const known = found instanceof Map ? found.get(listener) : (found?.extras?.given ?? found?.listener) === listener ? found : undefined
    if (known) return known
    const connection = hub.use()
    const { call, replay, idle } = options ? wrapListener(listener, options, hub, connection !== undefined, message => this.#dropped(message, options.onDrop)) : { call: listener }
    const subscription = new HubSubscription(pattern, this, call, hub.nextOrder())
    if (call !== listener) subscription.more.given = listener
    if (idle) subscription.more.idle = idle
    if (options?.own) this.#own.add(subscription)
    else if (!found) this.#subscriptions.set(key, subscription)
    else if (found instanceof Map) found.set(listener, subscription)
    else this.#subscriptions.set(key, new Map([[found.extras?.given ?? found.listener, found], [listener, subscription]]))
    if (options) this.#apply(options, subscription)
    for (const each of patternsOf(subscription)) if (subscription.active) hub.add(subscription, this, each)
    if (replay && subscription.active) subscription.more.ready = this.#replay(subscription, replay, options as SubscribeOptions, connection)
    return subscription
  }

  /** What only subscriptions with options have. */
  #apply({ echo, onClose, onGap, signal }: SubscribeOptions, subscription: HubSubscription): void {
    if (echo === false) subscription.more.echo = false
    if (onGap) subscription.onClose(this.#hub.watchGaps(subscription.pattern, gap => this.#guard(() => onGap(gap))))
    if (onClose) subscription.onClose(reason => this.#guard(() => onClose(reason)))
    if (signal) {
      const unfollow = followSignal(signal, () => subscription.close('aborted'))
      if (subscription.active) subscription.onClose(unfollow)
    }
  }

  /** Asks for the past, then lets what was held meanwhile go. Ready when all of it has been heard. */
  async #replay(subscription: HubSubscription, held: ReplayListener, options: SubscribeOptions, connection: TransportConnection | undefined): Promise<void> {
    const { replay = 0, since, onGap } = options
    const hub = this.#hub
    let past: readonly HubMessage[] = []
    try {
      // The interest first: what is published from now on comes by itself.
      await connection?.sync()
      const history = await connection?.history(subscription.pattern, since === undefined ? { limit: replay } : { since, limit: replay || 1000 })
      past = this.#revive(history?.messages)
      if (history?.gap) this.#guard(() => onGap?.({ topics: [subscription.pattern].flat() }))
    } catch (error) {
      hub.report(error)
    }
    for (const message of held.release(past)) hub.deliverTo(subscription, message)
  }

  #revive(messages: readonly RemoteMessage[] = []): HubMessage[] {
    return messages.flatMap(message => this.#hub.revive(message) ?? [])
  }

  #dropped(message: HubMessage, onDrop: ((message: HubMessage) => void) | undefined): void {
    this.#hub.dropped(message)
    if (onDrop) this.#guard(() => onDrop(message))
  }

  /** A user's callback that throws affects nobody. */
  #guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#hub.report(error)
    }
  }
}

/** Puts what the options ask for between the hub and the listener. */
function wrapListener(
  listener: Listener,
  options: SubscribeOptions,
  hub: SessionHub,
  connected: boolean,
  dropped: (message: HubMessage) => void,
): { call: Listener; replay?: ReplayListener; idle?: () => Promise<void> } {
  const { concurrency, replay, since } = options
  checkListening(options)
  let call = listener
  let idle: (() => Promise<void>) | undefined
  if (concurrency !== undefined) {
    checkCount('concurrency', concurrency, 1)
    const queue = new MessageQueue({ ...options, capacity: options.capacity ?? hub.capacity })
    const serial = new SerialListener(listener, concurrency, queue, hub.failed.bind(hub), dropped)
    call = (message, subscription) => serial.take(message as HubMessage, subscription)
    idle = () => serial.idle()
  } else if (options.capacity !== undefined || options.overflow !== undefined) new MessageQueue(options) // checks them
  if (replay !== undefined) checkCount('replay', replay)
  if (!connected || !(replay || since !== undefined)) return { call, ...(idle && { idle }) }
  const held = new ReplayListener(call, new MessageQueue({ capacity: 1000, overflow: 'drop-oldest' }), dropped)
  return { call: (message, subscription) => held.take(message as HubMessage, subscription), replay: held, ...(idle && { idle }) }
}

/** Refuses what would only fail later, far from the call. */
function checkListening(options: SubscribeOptions): void {
  checkOptions(options, options?.signal)
  for (const name of ['onClose', 'onDrop', 'onGap'] as const) if (options[name] !== undefined) checkFunction(name, options[name])
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
  if (pattern.length === 0) throw invalidOption('patterns', pattern, 'one pattern at least')
  for (const each of pattern) checkPattern(each)
  return [...new Set(pattern as string[])]
}
