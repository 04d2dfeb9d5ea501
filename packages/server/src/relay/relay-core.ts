import { EarshotError, type ErrorCode, randomId } from '@earshot/core'
import { type AttachFrame, type ClientFrame, CLOSE, clientFrames, type DetachFrame, Silence } from '@earshot/core/protocol'
import { timely } from '../engine/timely.ts'
import { Access } from './access.ts'
import { Admission } from './admission.ts'
import { Attachment } from './attachment.ts'
import { beat } from './beat.ts'
import { type Desk, type RelayCounts, resume, SPREAD } from './desk.ts'
import { Connection, type Socket } from './connection.ts'
import type { CoreOptions } from './core-options.ts'
import { FanOut } from './fan-out.ts'
import { restore } from './granting.ts'
import { type Guest, sumsOf } from './guest.ts'
import { headOf } from './head-of.ts'
import { mismatch } from './identity.ts'
import { DISCONNECTED, ELSEWHERE, NONSENSE, type Notice, OVERLOAD_SPREAD, TOO_MANY, UNDECIDED, UNSUPPORTED_DATA, VOLATILE_VALUE } from './notices.ts'
import { Leftovers } from './leftovers.ts'
import { Outbound } from './outbound.ts'
import { Packer } from './packer.ts'
import { beginning } from './past.ts'
import { Patience } from './patience.ts'
import { Presences } from './presences.ts'
import { Records, type SessionRecord } from './records.ts'
import { regrant } from './regrant.ts'
import { Seal } from './seal.ts'
import { takeFrame } from './session-frames.ts'
import { SmallMap } from './small-map.ts'
import { isTooLong } from './units.ts'

/** A relay without its sockets: takes frames, keeps sessions, brings messages. */
export class RelayCore {
  readonly #options: CoreOptions
  readonly #desk: Desk
  readonly #records: Records
  readonly #connections = new Map<Connection, Guest>()
  /** What each session is bound to. */
  readonly #bound = new Map<SessionRecord, Attachment>()
  readonly #admission: Admission
  readonly #fanOut: FanOut
  readonly #outbound: Outbound
  readonly #presences: Presences
  readonly #packer = new Packer()
  readonly #cancels: (() => void)[] = []
  readonly counts: RelayCounts = { published: 0, refused: 0, turnedAway: 0, postponed: 0, recovered: 0, gaps: 0 }
  #clock = 0
  /** Connections so far. */
  #count = 0
  readonly #tag: string

  constructor(options: CoreOptions) {
    const { limits, clock, random, failed } = options
    const engine = timely(options.engine, limits.engine, clock)
    this.#options = { ...options, engine }
    this.#tag = randomId(random, 8)
    this.#records = new Records(clock, random, limits, new Seal(options.secret))
    this.#fanOut = new FanOut(limits)
    this.#outbound = new Outbound(options.defer)
    this.#presences = new Presences(clock)
    const rest = (): Promise<void> => new Promise(resolve => options.defer(resolve))
    this.#desk = { engine, limits, fanOut: this.#fanOut, presences: this.#presences, counts: this.counts, now: () => clock.now(), rest, expel: (attachment, reason) => this.#expel(attachment, reason), postpone: (...refused) => this.#postpone(...refused), publishing: options.publishing, failed }
    this.#admission = new Admission({
      options: this.#options,
      packer: this.#packer,
      requestOf: connection => this.#connections.get(connection)?.request,
      renewed: connection => {
        for (const attachment of this.#attachments(connection).values()) regrant(this.#desk, attachment)
      },
      turnAway: (connection, reason) => this.#turnAway(connection, reason),
      close: (...how) => this.#close(...how),
    })
    engine.connect(entry => this.#fanOut.appended(entry), entry => this.#fanOut.passed(entry), options.defer)
    this.#cancels.push(clock.after(limits.grace, () => this.#presences.grown()))
    this.#cancels.push(beat(clock, limits.ping, () => this.#connections.keys(), connection => this.#close(connection, CLOSE.timeout, 'timeout', 'no answer to pings')))
  }

  /** Readings for metrics. */
  get readings(): { connections: number; sessions: number; subscriptions: number; buffered: number; delivered: number; skipped: number } {
    return { connections: this.#connections.size, sessions: this.#records.size, ...sumsOf(this.#connections), delivered: this.#fanOut.delivered, skipped: this.#fanOut.skipped }
  }

  /** A socket was opened; `request` is what it came with. */
  open(socket: Socket, request: unknown): Connection {
    const { clock, limits, authorize } = this.#options
    const access = new Access(authorize, clock, limits.decision)
    const connection = new Connection(socket, access, limits.frames, new Silence(clock, limits.ping), clock, this.#outbound, limits.buffer)
    connection.number = ++this.#count
    if (this.#connections.size >= limits.connections) {
      this.#turnAway(connection, `the relay takes ${limits.connections} connections: come back later`)
      return connection
    }
    this.#connections.set(connection, { request, attachments: new SmallMap() })
    connection.deadline = clock.after(limits.hello, () => this.#close(connection, CLOSE.timeout, 'timeout', 'no hello'))
    return connection
  }

  /** Something came: text, one frame a line, or frames as MessagePack. */
  take(connection: Connection, unit: string | Uint8Array): void {
    const { limits, clock } = this.#options
    // A client that was sent away may go on talking until it hears of it.
    if (!this.#connections.has(connection)) return
    if (typeof unit !== 'string' && !connection.packer) return this.#close(connection, UNSUPPORTED_DATA, 'protocol-violation', 'frames are text')
    const frames = typeof unit === 'string' ? unit.split('\n') : this.#packer.unpack(unit)
    if (isTooLong(unit, frames, limits.frame)) return this.#close(connection, CLOSE.payloadTooLarge, 'payload-too-large', `a frame may have ${limits.frame} characters`)
    connection.silence.heard()
    for (const each of frames) {
      if (connection.state === 'closed') return
      const [frame, size] = typeof each === 'string' ? [clientFrames.readLine(each), each.length] : [clientFrames.read(each.value), each.size]
      const { t, s } = frame ? { s: undefined, ...frame } : headOf(each)
      // Tabs may share a connection: what one of them overdoes, or says wrong, is no fault of the others.
      const speaker = s === undefined || t === 'attach' ? undefined : this.#attachments(connection).get(s)
      const bucket = speaker?.record.frames ?? (s === undefined || t === 'attach' ? connection.bucket : connection.ghosts)
      const isWithin = bucket.take(clock.now())
      if (isWithin && frame) this.#takeFrame(connection, frame, size)
      else if (isWithin) this.#blame(connection, t, s)
      else if (speaker) this.#expel(speaker, TOO_MANY)
      else return this.#close(connection, CLOSE.rateLimited, 'rate-limited', TOO_MANY, SPREAD)
    }
  }

  /** A frame makes no sense: its session ends, if it says whose it is. */
  #blame(connection: Connection, t: string | undefined, s: number | undefined): void {
    const speaker = s === undefined ? undefined : this.#attachments(connection).get(s)
    if (speaker) this.#away(speaker, this.#options.limits.grace, NONSENSE)
    else if (s !== undefined && t === 'attach' && connection.state === 'open') connection.say({ t: 'detached', s, ...NONSENSE })
    // It may not know yet that its session was detached.
    else if (s === undefined || s >= connection.indexes) this.#close(connection, CLOSE.protocolViolation, NONSENSE.code, NONSENSE.reason)
  }

  /** What could not be sent has been sent: those that are behind go on. */
  drained(connection: Connection): void {
    connection.drained()
    for (const attachment of this.#attachments(connection).values()) {
      this.#presences.refresh(attachment)
      resume(this.#desk, attachment)
    }
  }

  /** The socket is gone. That says nothing about its sessions but that they are away. */
  closed(connection: Connection): void {
    connection.ended()
    const attachments = this.#attachments(connection)
    if (this.#connections.delete(connection)) this.#admission.left(connection)
    for (const attachment of attachments.values()) this.#away(attachment, this.#options.limits.grace)
  }

  async publish(topic: string, data: unknown, { to, volatile = false, retain }: { to?: readonly string[] | undefined; volatile?: boolean; retain?: boolean | undefined }): Promise<{ offset?: number }> {
    const { engine, clock } = this.#options
    if (volatile && retain) throw new EarshotError('invalid-options', VOLATILE_VALUE, { name: 'retain' })
    const publication = { topic, from: '', tag: this.#tag, clock: ++this.#clock, time: clock.now(), userId: null, data, to, retain }
    this.counts.published++
    if (!volatile) return { offset: (await engine.append(publication)).offset }
    engine.pass(publication)
    return {}
  }

  members(topic: string): ReturnType<Presences['members']> {
    return this.#presences.members(topic)
  }

  occupancy(topic: string): number {
    return this.#fanOut.count(topic)
  }

  /** Closes every connection of a user, also those whose token is still being looked at, and ends its sessions; gives how many open connections that were. */
  disconnectUser(userId: string): number {
    const connections = [...this.#connections.keys()].filter(({ access, state }) => state === 'open' && access.user === userId)
    for (const connection of connections) this.#close(connection, CLOSE.forbidden, 'forbidden', DISCONNECTED)
    for (const connection of this.#connections.keys()) if (connection.state === 'checking') (connection.barred ??= new Set()).add(userId)
    for (const record of this.#records.all()) if (record.userId === userId) this.#end(record)
    return connections.length
  }

  /** Says good-bye to everybody: they come back spread over `spread` milliseconds. */
  close(spread: number): void {
    for (const cancel of this.#cancels) cancel()
    for (const connection of this.#connections.keys()) this.#close(connection, CLOSE.restart, 'connection-lost', 'the relay stops', spread)
    for (const record of this.#records.all()) this.#records.remove(record)
  }

  #takeFrame(connection: Connection, frame: ClientFrame, size: number): void {
    if (frame.t === 'hello') return this.#admission.hello(connection, frame)
    if (connection.state !== 'open') {
      // While the token is being looked at nothing else is due.
      return this.#close(connection, CLOSE.protocolViolation, 'protocol-violation', 'say hello, and wait for the welcome')
    }
    if (frame.t === 'pong') return
    if (frame.t === 'token') return void this.#admission.renew(connection, frame.token)
    if (frame.t === 'attach') return this.#attach(connection, frame)
    if (frame.t === 'lost') return this.#lost(connection, frame.tab)
    const attachment = this.#attachments(connection).get(frame.s)
    // A ghost: its session is attached elsewhere by now.
    if (!attachment?.isBound) return
    if (frame.t === 'detach') this.#detach(attachment, frame)
    else takeFrame(this.#desk, attachment, frame, size)
  }

  #attach(connection: Connection, frame: AttachFrame): void {
    const { limits, engine } = this.#options
    const { s, attach } = frame
    const refuse = (code: ErrorCode, reason: string): void => connection.say({ t: 'detached', s, code, reason })
    const attachments = this.#attachments(connection)
    if (attachments.size + connection.leaving >= limits.sessions && !attachments.has(s)) return refuse('rate-limited', `a connection may have ${limits.sessions} sessions`)
    if (frame.subs.length > limits.subscriptions) return refuse('rate-limited', `a session may have ${limits.subscriptions} patterns`)
    const userId = connection.access.user
    if (frame.user !== undefined && frame.user !== userId) return refuse('forbidden', mismatch(frame.user, userId))
    const known = this.#records.find(frame.record, userId)
    const former = known ?? this.#records.owned(frame.session, frame.secret, userId)
    // A lower number than one that was obeyed is a ghost of it: a frozen leader, a frame that was long under way.
    if (former && attach <= former.attach) return refuse(ELSEWHERE.code, ELSEWHERE.reason)
    if (former) {
      this.#unbind(former)
      // What it said before, and nobody has looked at, it says again.
      former.lane.clear()
      former.leaving?.()
      this.#records.back(former)
    }
    const usurper = former ? undefined : this.#records.usurper(frame.session, frame.record, userId)
    if (usurper) this.#end(usurper)
    const replaced = attachments.get(s)
    if (replaced) this.#away(replaced, limits.grace)
    // A tab that never heard the name of its record does not know what it was promised under it: it gets another one.
    const record = known ?? this.#records.create(frame.session, frame.secret, userId, former, frame.record, connection.left)
    record.attach = attach
    this.#awaitPresence(record, former?.tag === frame.tag ? limits.grace : limits.reload)
    record.tag = frame.tag
    record.tab = frame.tab
    for (const tag of frame.tags) record.open(tag)
    const numbering = record.open(frame.tag)
    numbering.confirm(frame.done)
    const { from, isLost } = beginning(frame.position, engine)
    const attachment = new Attachment(connection, s, record, frame.tag, from)
    attachments.set(s, attachment)
    connection.sessions = attachments.size
    connection.indexes = Math.max(connection.indexes, s + 1)
    this.#bound.set(record, attachment)
    connection.say({ t: 'attached', s, attach, session: record.id, record: record.name, resumed: known !== undefined, settled: numbering.last })
    attachment.record.lane.run(() => restore(this.#desk, attachment, frame.subs, isLost))
  }

  #detach(attachment: Attachment, { reload }: DetachFrame): void {
    this.#leave(attachment, () => {
      if (reload) this.#away(attachment, this.#options.limits.reload)
      else if (!attachment.ended) this.#end(attachment.record)
    })
  }

  /** A page crashed, on this connection or on a former one of its user: its sessions are away, and members no more. */
  #lost(connection: Connection, tab: string): void {
    for (const attachment of this.#attachments(connection).values()) if (attachment.record.tab === tab) this.#leave(attachment, () => this.#away(attachment, 0))
    for (const record of this.#records.away(tab, connection.access.user)) {
      record.leaving?.()
      this.#presences.leaveAll(record)
    }
  }

  /** What a session published before it goes still counts: its good-bye waits for that. */
  #leave(attachment: Attachment, goodbye: () => void): void {
    this.#attachments(attachment.connection).delete(attachment.s)
    attachment.isLeaving = true
    attachment.connection.leaving++
    attachment.record.lane.run(goodbye)
  }

  /** A session said too much: it may come back later. The others on its connection go on. */
  #expel(attachment: Attachment, reason: string): void {
    attachment.record.lane.clear()
    this.#away(attachment, this.#options.limits.grace, { code: 'rate-limited', reason, spread: SPREAD })
  }

  /** Nobody could say what a session may do, which is no refusal: it may be told when it comes back, with its position and all that it listens to. */
  #postpone(attachment: Attachment, what: string, topic: string, error: unknown): void {
    const { limits, clock, failed } = this.#options
    const { record, connection } = attachment
    failed(error)
    if (!attachment.isBound) return
    this.counts.postponed++
    connection.socket.refused?.(what, UNDECIDED.code, topic)
    record.lane.clear()
    this.#away(attachment, limits.grace, { ...UNDECIDED, spread: (record.patience ??= new Patience()).next(clock.now()) })
  }

  /** A session is cut off: it stays a member for a while, and may come back as the same for longer. */
  #away(attachment: Attachment, grace: number, notice?: Notice): void {
    const { record } = attachment
    if (attachment.ended) return
    this.#unbind(record, notice)
    record.leaving?.()
    record.leaving = this.#options.clock.after(grace, () => this.#presences.leaveAll(record))
    this.#records.expire(record, attachment.connection.number, this.#options.limits.resume, () => this.#end(record))
  }

  /** A session is back. Where it was present it says so again: where it does not, it has left meanwhile, and nobody heard of it. */
  #awaitPresence(record: SessionRecord, time: number): void {
    record.unsaid = record.present?.size ? new Set(record.present.keys()) : undefined
    if (record.unsaid) record.leaving = this.#options.clock.after(time, () => this.#presences.leaveAll(record, record.unsaid ?? []))
  }

  #unbind(record: SessionRecord, notice: Notice = ELSEWHERE): void {
    const attachment = this.#bound.get(record)
    if (!attachment) return
    this.#bound.delete(record)
    attachment.ended = true
    this.#keepLeft(attachment)
    for (const pattern of [...attachment.grants.keys()]) this.#fanOut.remove(attachment, attachment.revoke(pattern)?.patterns ?? [])
    this.#presences.unwatchAll(attachment)
    // Whoever holds it on another connection learns that it speaks for nobody now.
    const { connection, s } = attachment
    const attachments = this.#attachments(connection)
    if (attachments.get(s) === attachment && connection.state === 'open') {
      attachments.delete(s)
      connection.sessions = attachments.size
      connection.say({ t: 'detached', s, ...notice })
    }
  }

  /** What a session has not spent is what the next new one on its connection may spend: another name is no other client. */
  #keepLeft({ connection, record, isLeaving }: Attachment): void {
    if (isLeaving) connection.leaving--
    if (connection.state !== 'open') return
    const { limits, clock } = this.#options
    const left = (connection.left ??= { publishes: new Leftovers(), frames: new Leftovers() })
    left.publishes.put(record.publishes, limits.sessions, clock.now())
    left.frames.put(record.frames, limits.sessions, clock.now())
  }

  #attachments(connection: Connection): SmallMap<number, Attachment> {
    return this.#connections.get(connection)?.attachments ?? new SmallMap<number, Attachment>()
  }

  #end(record: SessionRecord): void {
    this.#unbind(record)
    this.#presences.leaveAll(record)
    this.#records.remove(record)
  }

  /** There are too many: it may find room later. */
  #turnAway(connection: Connection, reason: string): void {
    this.counts.turnedAway++
    this.#close(connection, CLOSE.overload, 'rate-limited', reason, OVERLOAD_SPREAD)
  }

  #close(connection: Connection, code: number, error: ErrorCode, reason: string, spread = 0): void {
    connection.close(code, { code: error, reason, spread })
    this.closed(connection)
  }
}
