import {
  type Capabilities,
  capture,
  EarshotError,
  type History,
  type Member,
  type Message,
  type PublishOptions,
  type RemoteMessage,
  type Transport,
  type TransportConnection,
  type TransportLink,
  type TransportSession,
} from '@earshot/core'

/** How a carrier in memory behaves. */
export interface MemoryTransportOptions {
  /** Messages that wait while there is no connection; more are refused. @default 0: offline publishes are refused with `not-connected` */
  outbox?: number
  /** Kept messages come back to the publisher's page, too, as from a relay's log. @default false */
  ordered?: boolean
}

/** Joins the hubs that use it. It comes up, fails and breaks by hand, and writes down what it was told and what crossed it. */
export class MemoryTransport implements Transport {
  /** Everything the hubs said, in order, connected or not. */
  readonly told: string[] = []
  /** What went out over a connection. */
  readonly sent: string[] = []
  readonly lines: Set<MemoryLine> = new Set()
  readonly members: Map<string, Map<string, Member>> = new Map()
  readonly options: Required<MemoryTransportOptions>
  up = false
  /** How often hubs asked for a line. */
  connects = 0
  /** Numbers the sessions that came without an id, and the messages of an ordered carrier. */
  #number = 0

  constructor({ outbox = 0, ordered = false }: MemoryTransportOptions = {}) {
    this.options = { outbox, ordered }
  }

  connect(link: TransportLink): TransportConnection {
    this.connects++
    const line = new MemoryLine(this, link)
    this.lines.add(line)
    return line
  }

  next(): number {
    return ++this.#number
  }

  /** An attempt to connect is under way. */
  dial(): void {
    for (const line of this.lines) line.dial()
  }

  /** The attempt was successful: interest goes out again, then what waited. */
  open(): void {
    this.up = true
    for (const line of this.lines) line.opened()
  }

  /** The attempt failed; the next one is `wait` milliseconds away. */
  refuse(wait: number): void {
    this.#fall('not-connected', wait)
  }

  /** An open connection broke; the next attempt is `wait` milliseconds away. */
  lose(wait = 0): void {
    this.#fall('connection-lost', wait)
  }

  /** Something came from outside, for every hub that listens to it. */
  arrive(topic: string, data: unknown, more: Partial<RemoteMessage> = {}): void {
    const number = this.next()
    for (const line of this.lines) line.take({ topic, data, from: 'far', time: 0, clock: number, key: 'far.1', ...more })
  }

  #fall(code: 'not-connected' | 'connection-lost', wait: number): void {
    this.up = false
    for (const line of this.lines) line.fell(new EarshotError(code, 'the test said so'), wait)
  }
}

/** One hub's end. */
class MemoryLine implements TransportConnection {
  readonly link: TransportLink
  readonly ordered: boolean
  readonly capabilities: Capabilities = { memory: true }
  readonly #carrier: MemoryTransport
  /** Pattern → ids of the sessions that listen. */
  readonly #interests = new Map<string, Set<string>>()
  #waiting: (() => void)[] = []
  #attempt = 0
  #cancelRetry = (): void => {}

  constructor(carrier: MemoryTransport, link: TransportLink) {
    this.#carrier = carrier
    this.link = link
    this.ordered = carrier.options.ordered
  }

  openSession(session: TransportSession): void {
    const id = session.requestedId ?? `session-${this.#carrier.next()}`
    this.#carrier.told.push(`open ${id}`)
    session.identify(id, 1)
  }

  closeSession(id: string): void {
    this.#carrier.told.push(`close ${id}`)
  }

  publish(message: Message & { readonly key: string }, data: unknown, { to, volatile }: PublishOptions): Promise<{ offset?: number }> | undefined {
    const { topic, from, userId, time, clock, key } = message
    const copy = cloned(data, topic)
    this.#carrier.told.push(`publish ${topic}`)
    const send = (): number => {
      const offset = this.#carrier.next()
      this.#carrier.sent.push(`publish ${topic}`)
      for (const line of this.#carrier.lines) {
        if (line.link.namespace !== this.link.namespace || (line === this && !(this.ordered && !volatile))) continue
        line.take({ topic, data: copy, from, userId, time, clock, key }, to === undefined ? undefined : [to].flat())
      }
      return offset
    }
    if (this.#carrier.up) {
      const offset = send()
      return volatile ? undefined : Promise.resolve({ offset })
    }
    if (volatile) return undefined
    const { outbox } = this.#carrier.options
    if (this.#waiting.length < outbox) return new Promise(resolve => this.#waiting.push(() => resolve({ offset: send() })))
    return Promise.reject(new EarshotError(outbox ? 'outbox-full' : 'not-connected', `"${topic}" was refused`, { topic }))
  }

  interest(session: string, pattern: string, on: boolean): void {
    this.#carrier.told.push(`${on ? '+' : '-'} ${session} ${pattern}`)
    const sessions = this.#interests.get(pattern) ?? new Set()
    const before = sessions.size
    if (on) sessions.add(session)
    else sessions.delete(session)
    if (sessions.size > 0) this.#interests.set(pattern, sessions)
    else this.#interests.delete(pattern)
    if (this.#carrier.up && (before === 0 || sessions.size === 0)) this.#carrier.sent.push(`${on ? '+' : '-'} ${pattern}`)
  }

  presence(topic: string, member: Member, here: boolean): void {
    const members = this.#carrier.members.get(topic) ?? new Map<string, Member>()
    this.#carrier.members.set(topic, members)
    if (here) members.set(member.id, member)
    else members.delete(member.id)
    for (const { link } of this.#others()) {
      if (here) link.member(topic, member)
      else link.gone(topic, member.id, member.clock)
    }
  }

  watch(topic: string, on: boolean): Promise<void> {
    if (on) for (const member of this.#carrier.members.get(topic)?.values() ?? []) this.link.member(topic, member)
    return Promise.resolve()
  }

  sync(): Promise<void> {
    return Promise.resolve()
  }

  history(): Promise<History> {
    return Promise.resolve({ messages: [], gap: false })
  }

  occupancy(topic: string): Promise<number> {
    return Promise.resolve(this.#others().reduce((count, line) => count + line.listeners(topic).size, 0))
  }

  close(): Promise<void> {
    this.#cancelRetry()
    this.#waiting = []
    this.#carrier.lines.delete(this)
    this.#carrier.told.push('leave')
    return Promise.resolve()
  }

  dial(): void {
    this.link.status({ state: 'connecting', attempt: ++this.#attempt })
  }

  fell(cause: EarshotError, wait: number): void {
    this.#cancelRetry()
    this.#cancelRetry = this.link.clock.after(wait, () => this.dial())
    this.link.status({ state: 'disconnected', cause, attempt: this.#attempt, retryAt: this.link.clock.now() + wait })
  }

  opened(): void {
    this.#attempt = 0
    this.link.status({ state: 'connected' })
    for (const pattern of this.#interests.keys()) this.#carrier.sent.push(`+ ${pattern}`)
    for (const send of this.#waiting.splice(0)) send()
  }

  take(message: RemoteMessage, to?: readonly string[]): void {
    if (this.#carrier.up && this.listeners(message.topic).size > 0) this.link.deliver(message, to)
  }

  /** The sessions here that listen to a topic, by what this line was told. */
  listeners(topic: string): Set<string> {
    const found = [...this.#interests].filter(([pattern]) => (topic === '' ? pattern === '' : capture(pattern, topic) !== null))
    return new Set(found.flatMap(([, sessions]) => [...sessions]))
  }

  #others(): MemoryLine[] {
    return [...this.#carrier.lines].filter(line => line !== this && line.link.namespace === this.link.namespace)
  }
}

/** A copy, as whatever crosses a real carrier is one. */
function cloned(data: unknown, topic: string): unknown {
  try {
    return structuredClone(data)
  } catch (cause) {
    throw new EarshotError('not-serializable', `Data for "${topic}" cannot travel`, { topic }, cause)
  }
}
