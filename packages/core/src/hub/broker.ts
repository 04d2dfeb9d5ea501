import { type Clock, systemClock } from '../base/clock.ts'
import type { Environment } from '../base/environment.ts'
import { checkCount, checkFunctions, checkOption, checkOptions, EarshotError } from '../base/errors.ts'
import { attempt } from '../base/listeners.ts'
import { randomId, systemRandom } from '../base/random.ts'
import { HubMessage, type RemoteMessage } from '../delivery/message.ts'
import type { HubSubscription, SubscriptionHost } from '../delivery/subscription.ts'
import { Presences } from '../presence/presence.ts'
import { Dispatcher, type Selection, wants } from './dispatcher.ts'
import { DropReports } from './drops.ts'
import { abortedBy, HubReceipt, withDeadline } from './receipt.ts'
import { Reporting } from './reporting.ts'
import { type Route, Routes } from './routes.ts'
import { type SchemaMap, schemaFinder, validate } from './schema.ts'
import { HubSession, type SessionHub } from './session.ts'
import type { HubState } from './state.ts'
import type { Capabilities, HubStatus, PublishOptions, Transport, TransportConnection, TransportLink } from './transport.ts'

/** How a hub is made. */
export interface HubOptions extends Pick<Environment, 'clock' | 'random'> {
  /** What carries messages beyond the page. @default none: the hub is the page */
  transport?: Transport
  /** Separates hubs that share a carrier; listeners never see it. @default '' */
  namespace?: string
  /** Queue size of streams and `concurrency`. @default 256 */
  capacity?: number
  /** Topics whose listeners are looked up once, and which are counted one by one; 100,000 patterns want as much. @default 4096 */
  cache?: number
  /** Hears every error. @default `reportError`, else `console.error`, unless something listens to `error` */
  onError?: (error: EarshotError) => void
}

/** What carries messages: from sessions to sessions of this page, to the transport and from it. */
export class Broker extends Reporting implements SessionHub {
  readonly clock: Clock
  readonly capacity: number
  readonly tag: string
  readonly random: () => number
  readonly dispatcher: Dispatcher = new Dispatcher((error, message, subscription) => this.failed(error, message, subscription))
  readonly presences: Presences = new Presences()
  readonly states: Map<string, Set<HubState>> = new Map()
  readonly sessions: Set<HubSession> = new Set()
  readonly routes: Routes
  /** Publishes and subscribes for the hub itself. */
  readonly root: HubSession
  readonly #transport: Transport | undefined
  readonly #namespace: string
  readonly #drops = new DropReports()
  #connection: TransportConnection | undefined
  #status: HubStatus = { state: 'initialised' }
  order = 0
  changes = 0
  isClosed = false
  published = 0
  lost = 0
  subscriptions = 0
  /** The Lamport counter: it numbers messages and member changes. */
  #clock = 0
  #time = 0
  /** Subscriptions to `$…`. */
  #meta = 0

  constructor(options: HubOptions & { topics?: SchemaMap } = {}) {
    checkOptions(options)
    const { clock = systemClock, random = systemRandom, capacity = 256, cache = 4096, topics, transport, namespace = '', onError } = options
    checkCount('capacity', capacity)
    checkCount('cache', cache)
    checkFunctions(options, 'random', 'onError')
    checkOption(typeof clock?.after === 'function', 'clock', clock, 'no-clock')
    checkOption(typeof namespace === 'string', 'namespace', namespace, 'no-string')
    checkOption(transport === undefined || typeof transport?.connect === 'function', 'transport', transport, 'no-transport')
    super(onError)
    this.clock = clock
    this.capacity = capacity
    this.random = random
    this.#transport = transport
    this.#namespace = namespace
    this.tag = randomId(random, 10)
    this.routes = new Routes(cache, topics && schemaFinder(topics))
    this.root = new HubSession(this)
    this.sessions.delete(this.root)
    this.root.identify('', 1)
  }

  get status(): HubStatus {
    return this.#status
  }

  get capabilities(): Capabilities {
    return this.#connection?.capabilities ?? { transport: this.#transport ? 'not in use yet' : 'none given' }
  }

  /** @throws `hub-closed` */
  check(): void {
    if (this.isClosed) throw new EarshotError('hub-closed', 'closed')
  }

  use(): TransportConnection | undefined {
    if (this.#connection || !this.#transport || this.isClosed) return this.#connection
    this.#connection = this.#transport.connect(this.#link())
    for (const session of this.sessions) this.#connection.openSession(session)
    if (this.#status.state !== 'initialised') this.#setStatus(this.#status)
    return this.#connection
  }

  /** Makes a session known to the transport, or at once where there is none. */
  introduce(session: HubSession): void {
    if (!this.#transport) session.identify(session.requestedId ?? randomId(this.random), 1)
    this.#connection?.openSession(session)
  }

  async disconnect(): Promise<void> {
    const connection = this.#connection
    this.#setStatus({ state: 'closed' })
    this.#connection = undefined
    await connection?.close()
  }

  emit(from: HubSession, topic: string, data: unknown, options?: PublishOptions): HubReceipt {
    from.check()
    const connection = this.#transport && this.use()
    const route = this.routes.of(topic)
    if (data === undefined) throw new EarshotError('invalid-data', 'undefined', { topic })
    const output = route.schema ? validate(route.schema, topic, data) : data
    const message = new HubMessage(topic, output, from, this.#now(), ++this.#clock)
    if (connection || options) return this.#emitFar(route, message, data, from, options ?? {}, connection)
    this.published++
    route.published++
    const count = countTargets(route, message)
    this.dispatcher.dispatch(route, message)
    return new HubReceipt(message, count)
  }

  /** What differs from the plain case: a transport, an audience, no echo. */
  #emitFar(route: Route, message: HubMessage, data: unknown, from: HubSession, options: PublishOptions, connection: TransportConnection | undefined): HubReceipt {
    const { echo, to, volatile = false, signal, timeout } = options
    checkOptions(options, signal)
    checkOption(timeout === undefined || (timeout >= 0 && timeout < 2 ** 31), 'timeout', timeout, 'no-timeout')
    const audience = to === undefined ? undefined : [to].flat()
    checkOption(!audience?.some(user => typeof user !== 'string'), 'to', to, 'no-users')
    if (signal?.aborted) return new HubReceipt(message, 0, Promise.reject(abortedBy(signal)), this.report)
    // Abroad first: data that cannot travel is refused before anyone has heard it.
    const accepted = connection?.publish(message, data, audience ? { ...options, to: audience } : options)
    this.published++
    route.published++
    const isLocal = !connection?.ordered || volatile
    const selection = echo === false || audience ? { except: echo === false ? from : undefined, to: audience } : undefined
    const count = isLocal ? countTargets(route, message, selection) : 0
    if (isLocal) this.dispatcher.dispatch(route, message, selection)
    return new HubReceipt(message, count, accepted && withDeadline(accepted, options, this.clock), this.report)
  }

  add(subscription: HubSubscription, pattern: string): void {
    this.#changed(subscription, pattern, this.routes.add(pattern, subscription), 1)
  }

  remove(subscription: HubSubscription, pattern: string): boolean {
    const count = this.routes.remove(pattern, subscription)
    if (count === undefined) return false
    if (subscription.ended) this.dispatcher.forget(subscription)
    this.#changed(subscription, pattern, count, -1)
    return true
  }

  revive(remote: RemoteMessage): HubMessage | undefined {
    const { topic, data, time, clock, offset, epoch, from, userId, key } = remote
    this.#seen(clock)
    const { schema } = this.routes.of(topic)
    try {
      return new HubMessage(topic, schema ? validate(schema, topic, data) : data, { id: from, userId, key }, time, clock, offset, epoch)
    } catch (error) {
      this.dropped(remote)
      this.report(error)
      return undefined
    }
  }

  dropped<M extends { readonly topic: string }>(message: M, onDrop?: (message: M) => void): void {
    const { topic } = message
    this.lost++
    this.routes.stats(topic).dropped++
    const drop = this.#drops.count(topic, this.clock.now())
    if (drop) this.tell('drop', drop)
    if (onDrop) attempt(() => onDrop(message), this.report)
  }

  /** The time of this turn. */
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

  /** A pattern gained or lost a subscription: the transport hears of it, and whoever wants to know. */
  #changed({ host }: HubSubscription, pattern: string, count: number, change: 1 | -1): void {
    this.subscriptions += change
    if (pattern[0] === '$') {
      this.#meta += change
      return
    }
    if (this.#transport) this.#interest(host, pattern, change)
    if (pattern === '') return
    const what = change > 0 ? 'subscribed' : 'unsubscribed'
    const fact = { pattern, count }
    this.tell(what, fact)
    this.#publishMeta(`${what}/${pattern.replace(/(^|\/)\*(?=\*?(\/|$))/g, '$1\\*')}`, fact, change < 0 ? host : undefined)
  }

  #interest({ id, interests }: SubscriptionHost, pattern: string, change: 1 | -1): void {
    const before = interests.get(pattern) ?? 0
    const now = before + change
    if (now === 0) interests.delete(pattern)
    else interests.set(pattern, now)
    if (before === 0 || now === 0) this.#connection?.interest(id, pattern, now > 0)
  }

  /** Says something on `$hub/…`. */
  #publishMeta(name: string, data: unknown, except?: SubscriptionHost): void {
    if (this.#meta === 0) return
    const topic = `$hub/${name}`
    this.dispatcher.send(this.routes.match(topic), new HubMessage(topic, data, this.root, this.#now(), ++this.#clock), { except })
  }

  #setStatus(status: HubStatus): void {
    if (this.#status.state === 'closed') return
    this.#status = status
    // Said while connecting: listeners hear of it once there is a connection that they can use.
    if (!this.#connection && status.state !== 'closed') return
    this.tell('status', status)
    this.#publishMeta('status', status)
  }

  #link(): TransportLink {
    const { clock, presences, random, report, states, tag } = this
    return {
      namespace: this.#namespace,
      clock,
      random,
      tag,
      deliver: (remote, to, only, isDue) => {
        const message = this.revive(remote)
        if (message) this.dispatcher.dispatch(this.routes.of(remote.topic), message, to || only || isDue ? { to, only, isDue } : undefined)
      },
      member: (topic, member) => presences.put(topic, member),
      gone: (topic, id, until) => presences.remove(topic, id, until),
      status: status => this.#setStatus(status),
      gap: gap => this.tell('gap', gap),
      states,
      report,
    }
  }
}

/** How many a message is for. */
function countTargets({ targets, picky }: Route, message: HubMessage, selection?: Selection): number {
  return picky || selection ? targets.filter(target => wants(target, message, selection)).length : targets.length
}
