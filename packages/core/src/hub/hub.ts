import { createNanoEvents, type Emitter } from 'nanoevents'
import { type Cancel, type Clock, systemClock } from '../base/clock.ts'
import type { Environment } from '../base/environment.ts'
import { checkCount, checkFunction, checkName, checkOptions, EarshotError, invalidOption, isEarshotError, show } from '../base/errors.ts'
import { randomId, systemRandom } from '../base/random.ts'
import { HubMessage, type Publisher, type RemoteMessage } from '../delivery/message.ts'
import { type HubSubscription, type Listener, patternsOf, type Subscription } from '../delivery/subscription.ts'
import { PresenceTopic } from '../presence/presence.ts'
import { CLOCKS_PER_LIFE } from '../presence/roster.ts'
import { covers, overlaps } from '../topic/match.ts'
import { checkPattern, checkTopic, isWildcard } from '../topic/topic.ts'
import { Dispatcher, type Selection, wants } from './dispatcher.ts'
import { type Drop, DropReports } from './drops.ts'
import { abortedBy, HubReceipt, type Receipt, withDeadline } from './receipt.ts'
import { type Route, Routes, type TopicStats } from './routes.ts'
import { type SchemaMap, schemaFinder, validate } from './schema.ts'
import { HubSession, type SessionHub, type SubscribeOptions } from './session.ts'
import type { StateCell } from './state.ts'
import type { Capabilities, Gap, HubStatus, PublishOptions, Transport, TransportConnection, TransportLink } from './transport.ts'

/** How a hub is made. */
export interface HubOptions extends Pick<Environment, 'clock' | 'random'> {
  /** What carries messages beyond the page. @default none: the hub is the page */
  transport?: Transport
  /** Separates hubs that share a carrier; listeners never see it. @default '' */
  namespace?: string
  /** Queue size of streams and `concurrency`. @default 256 */
  capacity?: number
  /** Topics whose listeners are looked up once; 100,000 patterns want as much. @default 4096 */
  cache?: number
  /** Hears every error. @default `reportError`, else `console.error`, unless something listens to `error` */
  onError?: (error: EarshotError) => void
}

/** What a hub tells of itself. */
export interface HubEvents {
  status: (status: HubStatus) => void
  subscribed: (event: { pattern: string; count: number }) => void
  unsubscribed: (event: { pattern: string; count: number }) => void
  /** Messages were dropped: at most one report per topic per ten seconds. */
  drop: (drop: Drop) => void
  gap: (gap: Gap) => void
  error: (error: EarshotError) => void
}

const EVENTS = ['status', 'subscribed', 'unsubscribed', 'drop', 'gap', 'error']

/** Counts since the hub was made. */
export interface HubStats {
  /** Publishes, heard or not. */
  readonly published: number
  /** Calls of listeners. */
  readonly delivered: number
  /** Deliveries lost to full queues and refused data. Skips by audience or echo are none. */
  readonly dropped: number
  readonly subscriptions: number
  readonly sessions: number
}

/** What it takes to open a session. */
export interface SessionOptions {
  /** @default random; with a transport, kept by the tab over reloads */
  id?: string
  /** Whom the session belongs to: audiences and presence know people by it. */
  userId?: string | undefined
  /** Anything the app wants to find at the session. */
  data?: unknown
}

declare const reportError: ((error: unknown) => void) | undefined

/** The one class of hubs; users see `Hub`. */
export class EarshotHub implements SessionHub {
  readonly clock: Clock
  readonly capacity: number
  readonly tag: string
  readonly #random: () => number
  readonly #options: HubOptions
  readonly #events: Emitter<HubEvents> = createNanoEvents<HubEvents>()
  readonly #routes: Routes
  readonly #dispatcher: Dispatcher
  readonly #drops = new DropReports()
  readonly #sessions = new Set<HubSession>()
  readonly #presences = new Map<string, PresenceTopic>()
  readonly #states = new Map<string, StateCell>()
  readonly #gapListeners = new Set<(gap: Gap) => void>()
  /** Publishes and subscribes for the hub itself. */
  readonly #root: HubSession
  #connection: TransportConnection | undefined
  #status: HubStatus = { state: 'initialised' }
  #published = 0
  #dropped = 0
  #subscriptions = 0
  #order = 0
  /** The Lamport counter: it numbers messages and member changes. */
  #clock = 0
  #time = 0
  /** Numbers the member changes of this page. */
  #changes = 0
  /** Subscriptions to `$…`. */
  #meta = 0
  #closing: Promise<void> | undefined

  constructor(options: HubOptions & { topics?: SchemaMap } = {}) {
    checkOptions(options)
    const { clock = systemClock, random = systemRandom, capacity = 256, cache = 4096, topics, transport, namespace = '', onError } = options
    checkCount('capacity', capacity)
    checkCount('cache', cache)
    checkFunction('random', random)
    if (typeof clock?.after !== 'function') throw invalidOption('clock', clock, 'a clock, e.g. systemClock')
    if (typeof namespace !== 'string') throw invalidOption('namespace', namespace, 'a string')
    if (onError !== undefined) checkFunction('onError', onError)
    if (transport !== undefined && typeof transport?.connect !== 'function') throw invalidOption('transport', transport, 'a transport, e.g. broadcastChannel()')
    this.clock = clock
    this.capacity = capacity
    this.#random = random
    this.#options = options
    this.tag = randomId(random, 8)
    this.#routes = new Routes(cache, topics && schemaFinder(topics))
    this.#dispatcher = new Dispatcher((error, message, subscription) => this.failed(error, message, subscription))
    this.#root = new HubSession(this, undefined, undefined, undefined)
    this.#root.identify('', 1)
  }

  // What users call.

  openSession(options: SessionOptions = {}): HubSession {
    this.#check()
    checkOptions(options)
    const { id, userId, data } = options
    if (id !== undefined) checkName('id', id)
    if (userId !== undefined) checkName('userId', userId)
    const known = id !== undefined && [...this.#sessions].find(session => session.requestedId === id)
    if (known) return known
    const session = new HubSession(this, id, userId, data)
    this.#sessions.add(session)
    if (this.#connection) this.#connection.openSession(session)
    else if (!this.#options.transport) session.identify(id ?? randomId(this.#random), 1)
    return session
  }

  publish(topic: string, data: unknown, options?: PublishOptions): Receipt {
    return this.#root.publish(topic, data, options)
  }

  broadcast(data: unknown, options?: PublishOptions): Receipt {
    return this.#root.broadcast(data, options)
  }

  subscribe(pattern: string | readonly string[], listener: Listener, options?: SubscribeOptions): Subscription {
    this.#check()
    return this.#root.subscribe(pattern, listener, options)
  }

  onBroadcast(listener: Listener, options?: SubscribeOptions): Subscription {
    this.#check()
    return this.#root.onBroadcast(listener, options)
  }

  count(...topics: string[]): Record<string, number> {
    for (const topic of topics) checkPattern(topic)
    return Object.fromEntries(topics.map(topic => [topic, this.#routes.count(topic)]))
  }

  topics(within = '**'): string[] {
    checkPattern(within)
    return this.#routes.patterns().filter(pattern => covers(within, pattern))
  }

  hasSubscribers(topic?: string): boolean {
    if (topic === undefined) return this.#routes.patterns().length > 0
    checkPattern(topic)
    if (!isWildcard(topic)) return this.#routes.match(topic).length > 0
    return this.#routes.patterns().some(pattern => overlaps(topic, pattern))
  }

  listeners(topic: string): { id: string; userId: string | undefined }[] {
    checkTopic(topic)
    const hosts = new Set(this.#routes.match(topic).map(target => target.host))
    return [...hosts].filter(host => host.id !== '').map(({ id, userId }) => ({ id, userId }))
  }

  async occupancy(topic: string): Promise<number> {
    this.#check()
    const here = this.listeners(topic).length
    return here + ((await this.use()?.occupancy(topic)) ?? 0)
  }

  stats(): HubStats
  stats(topic: string): TopicStats
  stats(topic?: string): HubStats | TopicStats {
    if (topic) checkTopic(topic)
    if (topic !== undefined) return { ...this.#routes.stats(topic) }
    return {
      published: this.#published,
      delivered: this.#dispatcher.delivered,
      dropped: this.#dropped,
      subscriptions: this.#subscriptions,
      sessions: this.#sessions.size,
    }
  }

  get status(): HubStatus {
    return this.#status
  }

  get capabilities(): Capabilities {
    return this.#connection?.capabilities ?? { transport: this.#options.transport ? 'not in use yet' : 'none given' }
  }

  on<Name extends keyof HubEvents>(event: Name, listener: HubEvents[Name]): Cancel {
    if (!EVENTS.includes(event)) throw invalidOption('event', event, `one of ${EVENTS.join(', ')}`)
    checkFunction('listener', listener)
    return this.#events.on(event, listener)
  }

  closeTopic(pattern: string): number {
    checkPattern(pattern)
    let ended = 0
    for (const subscription of [...this.#sessions, this.#root].flatMap(session => session.listenings())) {
      const inside = [...patternsOf(subscription)].filter(each => covers(pattern, each))
      if (inside.length === 0) continue
      ended++
      if (inside.length === [...patternsOf(subscription)].length) subscription.close('closed')
      else for (const each of inside) this.#shed(subscription, each)
    }
    return ended
  }

  closeUser(userId: string): number {
    checkName('userId', userId)
    return [...this.#sessions].filter(session => session.userId === userId).reduce((count, session) => count + session.kick(), 0)
  }

  onLeader(task: () => void | (() => void)): Cancel {
    this.#check()
    const connection = this.use()
    if (!connection?.lead) throw new EarshotError('unsupported', 'onLeader needs a transport that joins the tabs of a browser, e.g. broadcastChannel()')
    return connection.lead(task)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    // What is called meanwhile finds the hub closed.
    this.#closing = Promise.resolve()
    for (const session of [...this.#sessions, this.#root]) session.close('closed')
    const connection = this.#connection
    this.#setStatus({ state: 'closed' })
    this.#connection = undefined
    await connection?.close()
  }

  #check(): void {
    if (this.#closing) throw new EarshotError('hub-closed', 'The hub is closed: create a new one with createHub()')
  }

  // What sessions call.

  use(): TransportConnection | undefined {
    if (this.#connection || !this.#options.transport || this.#closing) return this.#connection
    this.#connection = this.#options.transport.connect(this.#link())
    for (const session of this.#sessions) this.#connection.openSession(session)
    if (this.#status.state !== 'initialised') this.#setStatus(this.#status)
    return this.#connection
  }

  emit(from: HubSession, topic: string, data: unknown, options?: PublishOptions): HubReceipt {
    if (from.isClosed) this.#refuse(from)
    const connection = this.#options.transport && this.use()
    const route = topic === '' ? this.#routes.ofBroadcast() : this.#routes.of(topic)
    if (data === undefined) throw new EarshotError('invalid-data', `Data for "${topic}" is undefined: publish null for "nothing"`, { topic })
    const output = route.schema ? validate(route.schema, topic, data) : data
    const message = new HubMessage(topic, output, from, this.#now(), ++this.#clock)
    if (connection || options) return this.#emitFar(route, message, data, from, options ?? {}, connection)
    this.#published++
    route.stats.published++
    this.#dispatcher.dispatch(route, message)
    return new HubReceipt(message, countTargets(route, message))
  }

  /** What differs from the plain case: a transport, an audience, no echo. */
  #emitFar(route: Route, message: HubMessage, data: unknown, from: HubSession, options: PublishOptions, connection: TransportConnection | undefined): HubReceipt {
    const { echo, to, volatile = false, signal, timeout } = options
    checkOptions(options, signal)
    if (timeout !== undefined && !(timeout >= 0 && timeout < 2 ** 31)) throw invalidOption('timeout', timeout, 'milliseconds, from 0 to 2147483647')
    if (to !== undefined && ![to].flat().every(user => typeof user === 'string')) throw invalidOption('to', to, 'a user id or an array of them')
    const audience = to === undefined ? undefined : [to].flat()
    if (signal?.aborted) return new HubReceipt(message, 0, Promise.reject(abortedBy(signal)), this.report)
    // Abroad first: data that cannot travel is refused before anyone has heard it.
    const accepted = connection?.publish(message, data, audience ? { ...options, to: audience } : options)
    this.#published++
    route.stats.published++
    const local = !connection?.ordered || volatile
    const selection = echo === false || audience ? { except: echo === false ? from : undefined, to: audience } : undefined
    const count = local ? countTargets(route, message, selection) : 0
    if (local) this.#dispatcher.dispatch(route, message, selection)
    return new HubReceipt(message, count, accepted && withDeadline(accepted, options, this.clock), this.report)
  }

  add(subscription: HubSubscription, host: HubSession, pattern: string): void {
    this.#subscriptions++
    const count = this.#routes.add(pattern, subscription)
    if (pattern[0] === '$') this.#meta++
    else this.#interest(host, pattern, 1)
    this.#announce('subscribed', pattern, count)
  }

  remove(subscription: HubSubscription, host: HubSession, pattern: string): void {
    const count = this.#routes.remove(pattern, subscription)
    if (count === undefined) return
    this.#subscriptions--
    if (subscription.ended) this.#dispatcher.forget(subscription)
    if (pattern[0] === '$') this.#meta--
    else this.#interest(host, pattern, -1)
    this.#announce('unsubscribed', pattern, count, host)
  }

  nextOrder(): number {
    return ++this.#order
  }

  deliverTo(subscription: HubSubscription, message: HubMessage): void {
    this.#dispatcher.dispatch(lone(subscription, this.#routes.stats(message.topic)), message, {})
  }

  revive(remote: RemoteMessage): HubMessage | undefined {
    const { topic, data, time, clock, offset, from, userId, key } = remote
    this.#seen(clock)
    const publisher: Publisher = { id: from, userId, key }
    const schema = topic === '' ? undefined : this.#routes.of(topic).schema
    try {
      return new HubMessage(topic, schema ? validate(schema, topic, data) : data, publisher, time, clock, offset)
    } catch (error) {
      this.dropped({ topic } as HubMessage)
      this.report(error)
      return undefined
    }
  }

  presenceTopic(topic: string): PresenceTopic {
    const presence = this.#presence(topic)
    if (presence.handles++ === 0) presence.ready = this.use()?.watch(topic, true) ?? presence.ready
    return presence
  }

  releasePresence(topic: string): void {
    const presence = this.#presence(topic)
    if (--presence.handles === 0) void this.#connection?.watch(topic, false)
    this.#tidy(topic, presence)
  }

  stateCell(topic: string): StateCell {
    let cell = this.#states.get(topic)
    if (!cell) this.#states.set(topic, (cell = { last: undefined, handles: 0 }))
    return cell
  }

  releaseState(topic: string, cell: StateCell): void {
    if (--cell.handles === 0) this.#states.delete(topic)
  }

  memberClock(incarnation: number): number {
    return incarnation * CLOCKS_PER_LIFE + ++this.#changes
  }

  watchGaps(pattern: string | readonly string[], listener: (gap: Gap) => void): Cancel {
    const own = (gap: Gap): void => {
      if (!gap.topics || gap.topics.some(topic => [pattern].flat().some(each => overlaps(each, topic)))) listener(gap)
    }
    this.#gapListeners.add(own)
    return () => this.#gapListeners.delete(own)
  }

  dropped(message: HubMessage): void {
    this.#dropped++
    this.#routes.stats(message.topic).dropped++
    const drop = this.#drops.count(message.topic, this.clock.now())
    if (drop) this.#tell('drop', drop)
  }

  failed(cause: unknown, message: HubMessage, subscription: Subscription): void {
    const text = `A listener of ${[subscription.pattern].flat().join(', ') || 'broadcasts'} failed on "${message.topic}": ${textOf(cause)}`
    this.report(new EarshotError('listener-failed', text, { topic: message.topic, subscription }, cause))
  }

  /** Hands an error to whoever listens, else to the platform: never into nothing. Bound, since receipts and presences keep it. */
  readonly report = (cause: unknown): void => {
    const error = isEarshotError(cause) ? cause : new EarshotError('listener-failed', `A callback failed: ${textOf(cause)}`, {}, cause)
    const { onError } = this.#options
    const listeners = [...(this.#events.events.error ?? []), ...(onError ? [onError] : [])]
    if (listeners.length === 0) toPlatform(error)
    for (const listener of listeners) {
      try {
        listener(error)
      } catch (failure) {
        toPlatform(failure)
      }
    }
  }

  closed(session: HubSession): void {
    this.#sessions.delete(session)
    if (session !== this.#root) this.#connection?.closeSession(session.id)
  }

  #refuse(from: HubSession): never {
    this.#check()
    from.check()
    throw new EarshotError('hub-closed', 'The hub is closed')
  }

  #now(): number {
    if (this.#time === 0) {
      this.#time = this.clock.now()
      queueMicrotask(() => {
        this.#time = 0
      })
    }
    return this.#time
  }

  #seen(clock: number): void {
    // A hostile counter near the end of the safe integers would leave no room to count on.
    if (clock > this.#clock && clock < 2 ** 52) this.#clock = clock
  }

  #shed(subscription: HubSubscription, pattern: string): void {
    const patterns = (subscription.more.patterns ??= new Set(patternsOf(subscription)))
    if (patterns.delete(pattern)) this.remove(subscription, subscription.host as HubSession, pattern)
  }

  #interest({ id, interests }: HubSession, pattern: string, change: 1 | -1): void {
    if (!this.#options.transport) return
    const before = interests.get(pattern) ?? 0
    const now = before + change
    if (now === 0) interests.delete(pattern)
    else interests.set(pattern, now)
    if (before === 0 || now === 0) this.#connection?.interest(id, pattern, now > 0)
  }

  #presence(topic: string): PresenceTopic {
    let presence = this.#presences.get(topic)
    if (!presence) this.#presences.set(topic, (presence = new PresenceTopic(this.report)))
    return presence
  }

  #tidy(topic: string, { handles, roster }: PresenceTopic): void {
    if (handles === 0 && roster.members.length === 0) this.#presences.delete(topic)
  }

  /** Calls the listeners of an event; one that throws affects nobody. */
  #tell<Name extends Exclude<keyof HubEvents, 'error'>>(event: Name, fact: Parameters<HubEvents[Name]>[0]): void {
    for (const listener of [...(this.#events.events[event] ?? [])] as ((fact: unknown) => void)[]) {
      try {
        listener(fact)
      } catch (error) {
        this.report(error)
      }
    }
  }

  /** Says on `$hub/…` and as an event that a pattern gained or lost a subscription. */
  #announce(what: 'subscribed' | 'unsubscribed', pattern: string, count: number, except?: HubSession): void {
    if (pattern === '' || pattern[0] === '$') return
    const fact = { pattern, count }
    this.#tell(what, fact)
    if (this.#meta > 0) this.#publishMeta(`${what}/${pattern.replace(/(^|\/)\*(?=\*?(\/|$))/g, '$1\\*')}`, fact, except)
  }

  #publishMeta(name: string, data: unknown, except?: HubSession): void {
    const topic = `$hub/${name}`
    const targets = this.#routes.match(topic)
    if (targets.length === 0) return
    const message = new HubMessage(topic, data, this.#root, this.#now(), ++this.#clock)
    for (const target of targets) this.#dispatcher.dispatch(lone(target, { published: 0, dropped: 0 }), message, { except })
  }

  #setStatus(status: HubStatus): void {
    if (this.#status.state === 'closed') return
    this.#status = status
    // Said while connecting: listeners hear of it once there is a connection that they can use.
    if (!this.#connection && status.state !== 'closed') return
    this.#tell('status', status)
    if (this.#meta > 0) this.#publishMeta('status', status)
  }

  #link(): TransportLink {
    return {
      namespace: this.#options.namespace ?? '',
      clock: this.clock,
      random: this.#random,
      tag: this.tag,
      deliver: (remote, to) => {
        const message = this.revive(remote)
        if (!message) return
        const route = remote.topic === '' ? this.#routes.ofBroadcast() : this.#routes.of(remote.topic)
        this.#dispatcher.dispatch(route, message, to && { to })
      },
      seen: clock => this.#seen(clock),
      member: (topic, member) => {
        const presence = this.#presence(topic)
        presence.emit(presence.roster.put(member))
      },
      gone: (topic, id, clock) => {
        const presence = this.#presence(topic)
        presence.emit(presence.roster.remove(id, clock))
        this.#tidy(topic, presence)
      },
      status: status => this.#setStatus(status),
      gap: gap => {
        this.#tell('gap', gap)
        for (const listener of [...this.#gapListeners]) listener(gap)
      },
      report: this.report,
    }
  }
}

/** How many a message is for. */
function countTargets({ targets, picky }: Route, message: HubMessage, selection?: Selection): number {
  return picky || selection ? targets.filter(target => wants(target, message, selection)).length : targets.length
}

/** A route to one subscription. */
function lone(target: HubSubscription, stats: TopicStats): Route {
  return { targets: [target], listeners: [target.listener], picky: true, stats, schema: undefined }
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : show(cause)
}

function toPlatform(error: unknown): void {
  if (typeof reportError === 'function') reportError(error)
  else console.error(error)
}
