import {
  type Capabilities,
  covers,
  EarshotError,
  type ErrorCode,
  type History,
  type HistoryOptions,
  type HubStatus,
  type Member,
  type Message,
  type PublishOptions,
  randomId,
  type TransportConnection,
  type TransportLink,
  type TransportSession,
} from '@earshot/core'
import { type ClientFrame, CLOSE, formatPosition, RELAY_VERSION, type RelayFrame, relayFrames, type RefusedFrame, type WireMessage } from '@earshot/core/protocol'
import { toJson } from '../json/exact-json.ts'
import type { FullEnvironment } from '../page/environment.ts'
import type { OpenPipe, Pipe } from '../pipe/pipe.ts'
import type { Accepted, OutboxLimits } from './outbox.ts'
import { Reconnect } from './reconnect.ts'
import { RelaySession } from './relay-session.ts'
import { Requests } from './requests.ts'
import type { TokenSource } from './token.ts'
import { Watched } from './watched.ts'

/** How long opening, the token and the welcome may take together, in milliseconds. */
const WELCOME_LIMIT = 15_000
/** Volatile messages are skipped while so many bytes wait to be sent. */
const VOLATILE_BUFFER = 65_536
/** What a relay takes at most, until it has said so itself. */
const FRAME_LIMIT = 262_144

/** Closings that no further attempt would mend. */
const FINAL = new Map<number, ErrorCode>([
  [CLOSE.protocolViolation, 'protocol-violation'],
  [CLOSE.forbidden, 'forbidden'],
  [CLOSE.protocolVersion, 'protocol-version'],
  [CLOSE.payloadTooLarge, 'payload-too-large'],
])

/** Closings on purpose: all clients lose their connection at once, and spread their return. */
const ON_PURPOSE = new Set<number>([1001, CLOSE.restart, CLOSE.overload])

/** A hub's end of the connection to a relay. */
export class RelayClient implements TransportConnection {
  readonly ordered = true
  readonly #link: TransportLink
  readonly #env: FullEnvironment
  readonly #open: OpenPipe
  readonly #token: TokenSource
  readonly #limits: OutboxLimits
  readonly #reconnect: Reconnect
  readonly #watched: Watched
  readonly #requests = new Requests()
  /** By index. */
  readonly #sessions = new Map<number, RelaySession>()
  /** Those that wait for the relay to know all interest. */
  readonly #syncing = new Set<() => void>()
  #sessionCount = 0
  #pipe: Pipe | undefined
  #state: 'waiting' | 'opening' | 'open' | 'closed' = 'waiting'
  #epoch = ''
  #frameLimit = FRAME_LIMIT
  #heard = 0
  /** Ends the wait for a welcome, or looks after the relay's signs of life. */
  #watchdog: (() => void) | undefined
  /** What the relay said before it closed. */
  #bye: { code: ErrorCode; reason: string; spread: number } | undefined
  #lines: string[] | undefined

  constructor(link: TransportLink, env: FullEnvironment, open: OpenPipe, token: TokenSource, limits: OutboxLimits) {
    this.#link = link
    this.#env = env
    this.#open = open
    this.#token = token
    this.#limits = limits
    this.#watched = new Watched(link, id => [...this.#sessions.values()].some(session => session.id === id))
    this.#reconnect = new Reconnect(env, { connect: () => this.#connect(), release: () => this.#release() })
    // Sessions are opened in the same turn: they are attached with the first connection.
    this.#connect()
  }

  get capabilities(): Capabilities {
    return { WebSocket: true, shared: 'each tab has a socket of its own' }
  }

  // What the hub tells.

  openSession(handle: TransportSession): void {
    const session = this.#newSession(handle, handle.requestedId ?? randomId(this.#env.random))
    handle.identify(session.id, 1)
    this.#bind(session)
  }

  closeSession(id: string): void {
    const session = this.#find(id)
    if (!session) return
    session.ending = true
    this.#endIfDone(session)
  }

  publish(message: Message & { readonly key: string }, data: unknown, options: PublishOptions): Promise<Accepted> | undefined {
    const { topic, from } = message
    const session = this.#find(from) ?? this.#root()
    const text = session.encode(message, toJson(data, topic), options)
    if (text.length > this.#frameLimit) {
      throw new EarshotError('payload-too-large', `The message to "${topic}" has ${text.length} characters: the relay takes ${this.#frameLimit}; send a link to what is large`, { topic })
    }
    if (!options.volatile) return session.publish(message, text, line => this.#write(line))
    if (session.attached && (this.#pipe?.buffered ?? 0) < VOLATILE_BUFFER) this.#write(text)
    return undefined
  }

  interest(id: string, pattern: string, on: boolean): void {
    const session = this.#find(id) ?? this.#root()
    session.interest(pattern, on)
    this.#checkSynced()
  }

  presence(topic: string, member: Member, here: boolean): void {
    toJson(member.data ?? null, topic)
    this.#find(member.id)?.presence(topic, member, here)
  }

  watch(topic: string, on: boolean): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve()
    const ready = on ? this.#watched.add(topic) : Promise.resolve(this.#watched.delete(topic))
    const { s, attached } = this.#primary()
    if (attached) this.#say({ t: 'watch', s, topic, on })
    return ready
  }

  sync(): Promise<void> {
    if (this.#isSynced) return Promise.resolve()
    return new Promise(resolve => this.#syncing.add(resolve))
  }

  async history(pattern: string | readonly string[], { limit = 100, before, since }: HistoryOptions): Promise<History> {
    const answer = await this.#ask({
      t: 'history',
      patterns: [pattern].flat(),
      limit,
      ...(before?.offset !== undefined && { before: before.offset }),
      ...(since !== undefined && { since: typeof since === 'string' ? since : formatPosition({ epoch: this.#epoch, offset: since.offset ?? 0 }) }),
    })
    if (answer.t !== 'past') throw new EarshotError('protocol-violation', 'The relay gave the answer to another question')
    return { messages: answer.m.map(revive), gap: answer.gap }
  }

  async occupancy(topic: string): Promise<number> {
    const answer = await this.#ask({ t: 'occupancy', topic })
    if (answer.t !== 'count') throw new EarshotError('protocol-violation', 'The relay gave the answer to another question')
    const own = [...this.#sessions.values()].filter(session => session.attached && session.listensTo(pattern => pattern === topic || covers(pattern, topic)))
    return Math.max(0, answer.n - own.length)
  }

  close(): Promise<void> {
    for (const { s, attached } of this.#sessions.values()) if (attached) this.#say({ t: 'detach', s, reload: false })
    this.#drop()
    this.#state = 'closed'
    this.#reconnect.close()
    const error = new EarshotError('hub-closed', 'The hub was closed before the relay answered')
    for (const { outbox } of this.#sessions.values()) outbox.end(error)
    this.#requests.end(error)
    this.#watched.close()
    this.#checkSynced()
    return Promise.resolve()
  }

  // The connection.

  #connect(): void {
    if (this.#state !== 'waiting') return
    this.#state = 'opening'
    this.#bye = undefined
    this.#status({ state: 'connecting', via: 'own', attempt: this.#reconnect.attempt })
    this.#watchdog = this.#env.clock.after(WELCOME_LIMIT, () => this.#lost(CLOSE.timeout))
    let isOver = false
    const pipe = this.#open({
      opened: () => this.#hello(() => !isOver && this.#pipe === pipe),
      received: text => !isOver && this.#received(text),
      ended: code => {
        isOver = true
        if (this.#pipe === pipe) this.#lost(code)
      },
    })
    this.#pipe = pipe
  }

  #hello(isCurrent: () => boolean): void {
    this.#token.read().then(
      token => {
        if (isCurrent()) this.#say({ t: 'hello', v: RELAY_VERSION, ...(token !== undefined && { token }) })
      },
      (cause: unknown) => {
        if (isCurrent()) this.#failed(new EarshotError('unauthorized', 'token() failed: the relay cannot be told who this is', {}, cause))
      },
    )
  }

  #received(text: string): void {
    this.#heard = this.#env.clock.now()
    for (const line of text.split('\n')) {
      const frame = relayFrames.readLine(line)
      if (frame) this.#take(frame, line.length)
      // What a newer relay says beyond this version's frames is not for us; what is no frame at all is reported once.
      else this.#link.report(new EarshotError('protocol-violation', 'The relay sent something that is no frame of this version'))
    }
    this.#checkSynced()
  }

  /** The connection is over, for a reason that the code names. */
  #lost(code: number): void {
    const bye = this.#bye
    const refused = code === CLOSE.unauthorized
    const isFinal = FINAL.has(code) || (refused && !this.#token.mayRetry())
    const kind = FINAL.get(code) ?? (refused ? 'unauthorized' : 'connection-lost')
    const reason = bye?.reason ?? (this.#epoch ? `it was closed with code ${code}` : 'nothing answers there: is the relay running, and are url and path right?')
    const cause = new EarshotError(kind, `No connection to the relay: ${reason}`)
    if (isFinal) this.#giveUp(cause)
    else this.#failed(cause, bye?.spread || (ON_PURPOSE.has(code) ? 0 : undefined))
  }

  /** Tries again later. */
  #failed(cause: EarshotError, spread?: number): void {
    this.#drop()
    this.#state = 'waiting'
    const { attempt } = this.#reconnect
    const retryAt = this.#reconnect.later(spread)
    this.#status({ state: 'disconnected', cause, attempt, ...(retryAt !== undefined && { retryAt }) })
  }

  #giveUp(cause: EarshotError): void {
    this.#drop()
    this.#state = 'closed'
    this.#reconnect.close()
    this.#status({ state: 'disconnected', cause })
    for (const { outbox } of this.#sessions.values()) outbox.end(cause)
    this.#requests.end(cause)
    this.#link.report(cause)
  }

  /** The page leaves or freezes: it may be back. */
  #release(): void {
    for (const { s, attached } of this.#sessions.values()) if (attached) this.#say({ t: 'detach', s, reload: true })
    this.#drop()
    if (this.#state !== 'closed') this.#state = 'waiting'
  }

  #drop(): void {
    this.#flush()
    this.#watchdog?.()
    this.#reconnect.stop()
    this.#pipe?.close()
    this.#pipe = undefined
    for (const session of this.#sessions.values()) session.cut()
  }

  /** Nothing heard for two and a half periods is a lost connection, whatever the socket says. */
  #watch(period: number): void {
    this.#watchdog?.()
    this.#watchdog = this.#env.clock.after(period, () => {
      if (this.#env.clock.now() - this.#heard > period * 2.5) this.#lost(CLOSE.timeout)
      else this.#watch(period)
    })
  }

  // What the relay tells.

  #take(frame: RelayFrame, size: number): void {
    if (frame.t === 'message') return this.#message(frame.s, frame.m, size)
    if (frame.t === 'ping') return this.#say({ t: 'pong' })
    if (frame.t === 'welcome') return this.#welcomed(frame.epoch, frame.ping, frame.frame)
    if (frame.t === 'renew') return this.#renew()
    if (frame.t === 'bye') return void (this.#bye = frame)
    if (frame.t === 'member') return this.#watched.member(frame.topic, frame.m)
    if (frame.t === 'gone') return this.#watched.gone(frame.topic, frame.id, frame.clock)
    const session = this.#sessions.get(frame.s)
    if (!session) return
    if (frame.t === 'attached') this.#attached(session, frame)
    else if (frame.t === 'detached') session.cut()
    else if (frame.t === 'subscribed') session.subscribed(frame.pattern, frame.offset, this.#epoch)
    else if (frame.t === 'ack') this.#settled(session, frame.tag, frame.clock, { offset: frame.offset })
    else if (frame.t === 'refused') this.#refused(session, frame)
    else if (frame.t === 'page') this.#page(session, frame.m, frame.offset, size)
    else if (frame.t === 'position') session.moved(this.#epoch, frame.offset, 0, 0)
    else if (frame.t === 'gap') this.#link.gap({ topics: frame.topics })
    else if (frame.t === 'roster') this.#watched.roster(frame.topic, frame.members, frame.young)
    else this.#requests.answer(frame.q, frame)
  }

  #welcomed(epoch: string, ping: number, frameLimit: number): void {
    this.#state = 'open'
    this.#frameLimit = frameLimit
    if (epoch !== this.#epoch) for (const session of this.#sessions.values()) session.restarted(epoch)
    this.#epoch = epoch
    this.#token.accepted()
    this.#reconnect.connected()
    this.#watch(ping)
    for (const session of this.#sessions.values()) this.#bind(session)
    this.#status({ state: 'connected', via: 'own' })
  }

  #attached(session: RelaySession, frame: Extract<RelayFrame, { t: 'attached' }>): void {
    session.bound(frame, line => this.#write(line))
    if (session === this.#primary()) {
      for (const each of this.#watched.frames(session.s)) this.#say(each)
      this.#requests.repeat(each => this.#say(each), session.s)
    }
    this.#endIfDone(session)
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
    for (const message of messages) if (session.isNew(message[6])) this.#deliver([session], message)
    session.moved(this.#epoch, offset, messages.length, size)
  }

  #deliver(hearers: readonly RelaySession[], message: WireMessage): void {
    // When all sessions of the page hear it, nobody has to be picked.
    const only = hearers.length < this.#sessions.size ? hearers.map(session => session.id) : undefined
    this.#link.deliver(revive(message), undefined, only)
  }

  #settled(session: RelaySession, tag: string, clock: number, outcome: Accepted | EarshotError): void {
    session.outbox.settle(tag, clock, outcome)
    this.#endIfDone(session)
  }

  #refused(session: RelaySession, frame: RefusedFrame): void {
    const { what, code, reason, topic, q } = frame
    const error = new EarshotError(code, `The relay refused ${what}${topic === undefined ? '' : ` on "${topic}"`}: ${reason}`, topic === undefined ? {} : { topic })
    if (what === 'publish') {
      session.refusedPublish(frame)
      return this.#endIfDone(session)
    }
    if (q !== undefined) return this.#requests.answer(q, error)
    if (what === 'subscribe') session.refused(topic ?? '')
    else if (what === 'watch') this.#watched.delete(topic ?? '')
    this.#link.report(error)
  }

  #renew(): void {
    this.#token.read().then(
      token => token !== undefined && this.#say({ t: 'token', token }),
      (cause: unknown) => this.#link.report(new EarshotError('unauthorized', 'token() failed: the connection will end with its token', {}, cause)),
    )
  }

  // Sessions.

  #newSession(handle: TransportSession, id: string): RelaySession {
    const { random } = this.#env
    const session = new RelaySession(handle, this.#sessionCount++, id, randomId(random), this.#link.tag, this.#limits, frame => this.#say(frame))
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
    return [...this.#sessions.values()].find(session => !session.ending) ?? this.#root()
  }

  #find(id: string): RelaySession | undefined {
    for (const session of this.#sessions.values()) if (session.id === id) return session
    return undefined
  }

  #bind(session: RelaySession): void {
    if (this.#state === 'open') this.#say(session.attach())
  }

  /** A session that was closed goes when everything that it published is accepted. */
  #endIfDone(session: RelaySession): void {
    if (!session.ending || (!session.outbox.isEmpty && this.#state !== 'closed')) return
    const wasPrimary = session.attached && this.#watched.frames(0).length > 0
    this.#sessions.delete(session.s)
    if (session.attached) this.#say({ t: 'detach', s: session.s, reload: false })
    if (!wasPrimary || this.#state !== 'open') return
    const next = this.#primary()
    if (next.attached) for (const frame of this.#watched.frames(next.s)) this.#say(frame)
  }

  #ask(asked: Parameters<Requests['ask']>[0]): ReturnType<Requests['ask']> {
    if (this.#state === 'closed') return Promise.reject(new EarshotError('not-connected', 'There is no connection to the relay, and none will be made'))
    const { s, attached } = this.#primary()
    return this.#requests.ask(asked, attached ? frame => this.#say(frame) : undefined, s)
  }

  get #isSynced(): boolean {
    return this.#state === 'closed' || (this.#state === 'open' && [...this.#sessions.values()].every(session => session.isKnown))
  }

  #checkSynced(): void {
    if (this.#syncing.size === 0 || !this.#isSynced) return
    const waiting = [...this.#syncing]
    this.#syncing.clear()
    for (const resolve of waiting) resolve()
  }

  #say(frame: ClientFrame): void {
    this.#write(JSON.stringify(frame))
  }

  /** Sends a frame together with what else is said in this turn. */
  #write(line: string): void {
    if (this.#lines) return void this.#lines.push(line)
    this.#lines = [line]
    queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    const lines = this.#lines
    this.#lines = undefined
    if (!lines || !this.#pipe) return
    // Frames that fit into one text go in one.
    let text = ''
    for (const line of lines) {
      if (text && text.length + line.length >= this.#frameLimit) {
        this.#pipe.send(text)
        text = ''
      }
      text += text ? `\n${line}` : line
    }
    this.#pipe.send(text)
  }

  #status(status: HubStatus): void {
    this.#link.status(status)
  }
}

function revive([topic, from, tag, clock, time, userId, offset, data]: WireMessage): Parameters<TransportLink['deliver']>[0] {
  return { topic, from, clock, time, data, userId: userId ?? undefined, key: `${from}.${tag}`, offset: offset || undefined }
}
