import {
  type Capabilities,
  covers,
  EarshotError,
  type History,
  type HistoryOptions,
  type Member,
  type Message,
  type PublishOptions,
  type TransportConnection,
  type TransportLink,
  type TransportSession,
} from '@earshot/core'
import { type AttachedFrame, type DetachedFrame, type RefusedFrame, type WireMessage } from '@earshot/core/protocol'
import { toJson } from '../json/exact-json.ts'
import type { FullEnvironment } from '../page/environment.ts'
import { Slots } from '../page/slots.ts'
import { KeptSession } from './kept-session.ts'
import type { Accepted, OutboxLimits } from './outbox.ts'
import { RelaySession, type RelaySessionHost } from './relay-session.ts'
import { Requests } from './requests.ts'
import { historyQuestion, revive } from './past.ts'
import { checkSize, checkTexts } from './sizes.ts'
import { Watched } from './watched.ts'
import type { OpenWire, SessionFrame, SessionNews, Wire } from './wire.ts'

/** Characters that a frame has beside its data, at most. */
const ENVELOPE = 2048

/** A hub's end of the connection to a relay. */
export class RelayClient implements TransportConnection {
  readonly ordered = true
  readonly #link: TransportLink
  readonly #env: FullEnvironment
  readonly #limits: OutboxLimits
  readonly #wire: Wire
  readonly #watched: Watched
  readonly #requests = new Requests()
  /** By index. */
  readonly #sessions = new Map<number, RelaySession>()
  readonly #slots: Slots
  readonly #base: string
  /** Those that wait for the relay to know all interest. */
  readonly #syncing = new Set<() => void>()
  /** What each session needs of the connection. */
  readonly #host: RelaySessionHost
  #sessionCount = 0
  #epoch = ''

  /** Whether tabs share the socket, or why not. */
  readonly #shared: () => true | string

  /** @param base tells the relays, applications and users of one origin apart, in storage and locks */
  constructor(link: TransportLink, env: FullEnvironment, base: string, open: OpenWire, limits: OutboxLimits, shared: () => true | string) {
    this.#link = link
    this.#base = base
    this.#shared = shared
    this.#slots = new Slots(env.sessionStorage, this.#base)
    this.#env = env
    this.#limits = limits
    this.#watched = new Watched(link, id => [...this.#sessions.values()].some(session => session.id === id))
    this.#wire = open({
      welcomed: ({ epoch }) => this.#welcomed(epoch),
      take: (frame, size) => this.#take(frame, size),
      taken: () => this.#checkSynced(),
      leaving: () => this.#leave(),
      cut: () => this.#cut(),
      gaveUp: cause => this.#gaveUp(cause),
      status: status => link.status(status),
      report: error => link.report(error),
    })
    const wire = this.#wire
    this.#host = {
      limits: () => wire,
      say: frame => wire.say(frame),
      write: text => wire.write(text),
      report: error => link.report(error),
    }
    wire.connect()
  }

  get capabilities(): Capabilities {
    return { WebSocket: true, shared: this.#shared() }
  }

  // What the hub tells.

  openSession(handle: TransportSession): void {
    this.#bind(this.#newSession(handle, handle.requestedId))
    // What a former page's sessions had to say when they were closed is said now.
    const { userId } = handle
    for (let slot = this.#slots.takeEnding(userId ?? null); slot !== undefined; slot = this.#slots.takeEnding(userId ?? null)) {
      const session = this.#newSession({ requestedId: undefined, userId, identify: () => {} }, undefined, slot)
      session.ending = true
      session.kept.end()
      this.#bind(session)
      this.#endIfDone(session)
    }
  }

  closeSession(id: string): void {
    const session = this.#find(id)
    if (!session) return
    session.ending = true
    session.kept.end()
    this.#endIfDone(session)
  }

  publish(message: Message & { readonly key: string }, data: unknown, options: PublishOptions): Promise<Accepted> | undefined {
    const { topic, from } = message
    if (this.#wire.isClosed) return options.volatile ? undefined : Promise.reject(new EarshotError('not-connected', 'There is no connection to the relay, and none will be made', { topic }))
    checkTexts([options.to ?? []].flat())
    const session = this.#find(from) ?? this.#root()
    const text = session.encode(message, toJson(data, topic), options)
    checkSize('message', text.length, this.#wire, topic)
    if (!options.volatile) return session.publish(message, text)
    if (session.attached) this.#wire.write(text, true)
    return undefined
  }

  interest(id: string, pattern: string, on: boolean): void {
    ;(this.#find(id) ?? this.#root()).interest(pattern, on)
    this.#checkSynced()
  }

  presence(topic: string, member: Member, here: boolean): void {
    if (here) checkSize('entry', toJson(member.data ?? null, topic).length + ENVELOPE, this.#wire, topic)
    this.#find(member.id)?.presence(topic, member, here)
  }

  watch(topic: string, on: boolean): Promise<void> {
    if (this.#wire.isClosed) return Promise.resolve()
    const ready = on ? this.#watched.add(topic) : Promise.resolve(this.#watched.delete(topic))
    const { s, attached, rejection } = this.#primary()
    if (attached) this.#wire.say({ t: 'watch', s, topic, on })
    if (rejection) this.#watched.arrive()
    return ready
  }

  sync(): Promise<void> {
    if (this.#isSynced) return Promise.resolve()
    return new Promise(resolve => this.#syncing.add(resolve))
  }

  async history(pattern: string | readonly string[], options: HistoryOptions, id: string): Promise<History> {
    const question = historyQuestion([pattern].flat(), options, this.#epoch)
    checkSize('question', JSON.stringify(question.patterns).length + 3 * ENVELOPE, this.#wire, question.patterns[0] ?? '')
    const answer = await this.#ask(this.#find(id) ?? this.#primary(), question)
    if (answer.t !== 'past') throw new EarshotError('protocol-violation', 'The relay gave the answer to another question')
    return { messages: answer.m.map(message => revive(message, this.#epoch)), gap: answer.gap, more: answer.more }
  }

  async occupancy(topic: string): Promise<number> {
    const answer = await this.#ask(this.#primary(), { t: 'occupancy', topic })
    if (answer.t !== 'count') throw new EarshotError('protocol-violation', 'The relay gave the answer to another question')
    const own = [...this.#sessions.values()].filter(session => session.attached && session.listensTo(pattern => pattern === topic || covers(pattern, topic)))
    return Math.max(0, answer.n - own.length)
  }

  close(): Promise<void> {
    this.#detach(false)
    for (const { kept } of this.#sessions.values()) kept.release()
    this.#wire.close()
    this.#gaveUp(new EarshotError('hub-closed', 'The hub was closed before the relay answered'))
    return Promise.resolve()
  }

  // What becomes of the connection.

  #welcomed(epoch: string): void {
    if (epoch !== this.#epoch) for (const session of this.#sessions.values()) session.restarted(epoch)
    this.#epoch = epoch
    for (const session of this.#sessions.values()) this.#bind(session)
  }

  #detach(reload: boolean): void {
    for (const { s, attaching } of this.#sessions.values()) if (attaching) this.#wire.say({ t: 'detach', s, reload })
  }

  /** The page leaves, or is cached or frozen: it may be back, and until then its ids are not claimed. */
  #leave(): void {
    this.#detach(true)
    for (const session of this.#sessions.values()) session.leave()
  }

  #cut(): void {
    for (const session of this.#sessions.values()) session.cut()
  }

  /** There will be no connection any more: whatever waits for one ends. */
  #gaveUp(cause: EarshotError): void {
    for (const session of [...this.#sessions.values()]) {
      session.outbox.end(cause)
      this.#endIfDone(session)
    }
    this.#requests.end(cause)
    this.#watched.close()
    this.#checkSynced()
    if (cause.code !== 'hub-closed') this.#link.report(cause)
  }

  // What the relay tells.

  #take(frame: SessionNews, size: number): void {
    if (frame.t === 'message') return this.#message(frame.s, frame.m, size)
    if (frame.t === 'member') return this.#watched.member(frame.topic, frame.m)
    if (frame.t === 'gone') return this.#watched.gone(frame.topic, frame.id)
    const session = this.#sessions.get(frame.s)
    if (!session) return
    if (frame.t === 'attached') this.#attached(session, frame)
    else if (frame.t === 'detached') this.#detached(session, frame)
    else if (frame.t === 'subscribed') session.subscribed(frame.pattern, frame.offset, this.#epoch)
    else if (frame.t === 'ack') this.#settled(session, frame.tag, frame.clock, { offset: frame.offset })
    else if (frame.t === 'refused') this.#refused(session, frame)
    else if (frame.t === 'page') this.#page(session, frame.m, frame.offset, size)
    else if (frame.t === 'position') session.moved(this.#epoch, frame.offset, 0, 0)
    else if (frame.t === 'gap') this.#link.gap({ topics: frame.topics })
    else if (frame.t === 'roster') this.#watched.roster(frame.topic, frame.members, frame.young)
    else this.#requests.answer(frame.q, frame)
  }

  #attached(session: RelaySession, frame: AttachedFrame): void {
    session.bound(frame)
    if (session === this.#primary()) for (const each of this.#watched.frames(session.s)) this.#wire.say(each)
    this.#requests.repeat(each => this.#wire.say(each), session.s)
    this.#endIfDone(session)
  }

  #detached(session: RelaySession, { code, reason, spread }: DetachedFrame): void {
    if (code === 'connection-lost') {
      session.displaced()
      return this.#bind(session)
    }
    const error = new EarshotError(code, `The relay refused the session: ${reason}`)
    if (spread === undefined) {
      session.rejected(error)
      this.#pass(session.s)
    } else session.expelled(this.#env, spread, () => this.#bind(session))
    this.#link.report(error)
  }

  /** A live message. The hub has brought this page's own volatile ones itself. */
  #message(indexes: readonly number[], message: WireMessage, size: number): void {
    const offset = message[6]
    const hearers = indexes.flatMap(s => this.#sessions.get(s) ?? []).filter(session => (offset === 0 ? message[2] !== this.#link.tag : session.isNew(offset)))
    if (hearers.length === 0) return
    this.#deliver(hearers, message)
    if (offset > 0) for (const session of hearers) session.moved(this.#epoch, offset, 1, size)
  }

  #page(session: RelaySession, messages: readonly WireMessage[], offset: number, size: number): void {
    // What one pattern recovers may be older than another that it matches as well.
    for (const message of messages) if (session.isNew(message[6])) this.#deliver([session], message, pattern => session.isAfterStart(pattern, message[6]))
    session.moved(this.#epoch, offset, messages.length, size)
  }

  #deliver(hearers: readonly RelaySession[], message: WireMessage, isDue?: (pattern: string) => boolean): void {
    // When all sessions of the page hear it, nobody has to be picked.
    const only = hearers.length < this.#sessions.size ? hearers.map(session => session.id) : undefined
    this.#link.deliver(revive(message, this.#epoch), undefined, only, isDue)
  }

  #settled(session: RelaySession, tag: string, clock: number, outcome: Accepted | EarshotError): void {
    session.outbox.settle(tag, clock, outcome)
    session.sendMore()
    this.#endIfDone(session)
  }

  #refused(session: RelaySession, frame: RefusedFrame): void {
    const { what, code, reason, topic, q } = frame
    const error = new EarshotError(code, `The relay refused ${what}${topic === undefined ? '' : ` on "${topic}"`}: ${reason}`, topic === undefined ? {} : { topic })
    if (what === 'publish') {
      session.refusedPublish(frame)
      session.sendMore()
      return this.#endIfDone(session)
    }
    if (q !== undefined) return this.#requests.answer(q, error)
    if (what === 'subscribe') session.refused(topic ?? '')
    else if (what === 'watch') this.#watched.delete(topic ?? '')
    this.#link.report(error)
  }

  // Sessions.

  #newSession(handle: TransportSession, id: string | undefined, slot?: string): RelaySession {
    const kept = new KeptSession(this.#env, this.#slots, this.#base, id, handle.userId ?? null, slot)
    const session = new RelaySession(handle, this.#sessionCount++, kept, this.#link.tag, this.#limits, this.#host)
    this.#sessions.set(session.s, session)
    return session
  }

  /** What the hub itself publishes and listens through: a session without an id, made when it is needed. */
  #root(): RelaySession {
    const known = this.#find('')
    if (known) return known
    const root = this.#newSession({ requestedId: undefined, userId: undefined, identify: () => {} }, '')
    this.#bind(root)
    return root
  }

  /** Asks and watches for the whole page. */
  #primary(): RelaySession {
    const open = [...this.#sessions.values()].filter(session => !session.ending)
    return open.find(session => !session.rejection) ?? open[0] ?? this.#root()
  }

  #find(id: string): RelaySession | undefined {
    for (const session of this.#sessions.values()) if (session.id === id) return session
    return undefined
  }

  /** Attaches a session once its id is sure; meanwhile the connection may be another one, or none. */
  #bind(session: RelaySession): void {
    if (!this.#wire.isOpen) return
    const { life } = this.#wire
    void session.claim().then(() => {
      if (this.#wire.life === life && this.#sessions.has(session.s)) session.attach()
    })
  }

  /** A session that was closed goes when everything that it published is accepted. */
  #endIfDone(session: RelaySession): void {
    if (!session.ending || (!session.outbox.isEmpty && !this.#wire.isClosed)) return
    const { s, attached, attaching } = session
    this.#sessions.delete(s)
    session.kept.forget()
    if (attaching) this.#wire.say({ t: 'detach', s, reload: false })
    session.cut()
    this.#pass(s, attached)
  }

  /** What a session watched and asked for, another one does. */
  #pass(s: number, attached = true): void {
    if (this.#wire.isClosed || !(this.#requests.has(s) || this.#watched.frames(s).length > 0)) return
    const next = this.#primary()
    if (next.rejection) {
      // There is none that may.
      this.#requests.end(next.rejection)
      return this.#watched.arrive()
    }
    const say = next.attached ? (frame: SessionFrame) => this.#wire.say(frame) : undefined
    this.#requests.move(s, next.s, say)
    if (attached && say) for (const frame of this.#watched.frames(next.s)) say(frame)
  }

  #ask({ s, attached, rejection }: RelaySession, asked: Parameters<Requests['ask']>[0]): ReturnType<Requests['ask']> {
    if (this.#wire.isClosed) return Promise.reject(new EarshotError('not-connected', 'There is no connection to the relay, and none will be made'))
    if (rejection) return Promise.reject(rejection)
    return this.#requests.ask(asked, attached ? frame => this.#wire.say(frame) : undefined, s)
  }

  get #isSynced(): boolean {
    return this.#wire.isClosed || (this.#wire.isOpen && [...this.#sessions.values()].every(session => session.isKnown))
  }

  #checkSynced(): void {
    if (this.#syncing.size === 0 || !this.#isSynced) return
    const waiting = [...this.#syncing]
    this.#syncing.clear()
    for (const resolve of waiting) resolve()
  }
}
