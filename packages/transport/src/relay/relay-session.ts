import { type Cancel, EarshotError, type Member, type Message, type PublishOptions, type TransportSession } from '@earshot/core'
import type { AttachedFrame, AttachFrame, Position, PresenceFrame, RefusedFrame, SubscriptionEntry } from '@earshot/core/protocol'
import { formatPosition, writeJson } from '@earshot/core/protocol'
import type { FullEnvironment } from '../page/environment.ts'
import type { KeptSession } from './kept-session.ts'
import { type Accepted, Outbox, type OutboxLimits } from './outbox.ts'
import { tooLarge } from './sizes.ts'
import type { SessionFrame } from './wire.ts'

/** A session says how far it has read after so many messages, or characters of them. */
const REPORT_MESSAGES = 128
const REPORT_SIZE = 65_536
/** Characters that a pattern has beside its own in an attach. */
const ENTRY = 20

/** What a session needs of its connection. */
export interface RelaySessionHost {
  /** Kept publishes that may be under way, and characters of a frame at most, as the relay says. */
  limits(): { readonly window: number; readonly frameLimit: number }
  say(frame: SessionFrame): void
  /** Sends an encoded frame. */
  write(text: string): void
  report(error: EarshotError): void
}

/** One session of this tab at the relay: what it listens to, where it has come to in the log, and what waits to be accepted. */
export class RelaySession {
  readonly handle: TransportSession
  readonly s: number
  readonly outbox: Outbox
  readonly kept: KeptSession
  readonly #tag: string
  readonly #host: RelaySessionHost
  /** Pattern → the offset it began at; `null` until the relay says. */
  readonly #starts = new Map<string, number | null>()
  /** Pattern → how often this connection was asked for it without an answer yet. */
  readonly #asked = new Map<string, number>()
  /** Own presence entries, and those whose end the relay has not heard of. */
  readonly #entries = new Map<string, PresenceFrame>()
  /** The relay has bound it to this connection. */
  attached = false
  /** It waits to attach again. */
  #returning: Cancel | undefined
  /** The relay was asked to; what is said after that is said to the bound session. */
  attaching = false
  /** Why the relay will not have it on this connection. */
  rejection: EarshotError | undefined
  /** It ends as soon as everything that it published is accepted. */
  ending = false
  #position: Position | undefined
  #unreported = 0
  #unreportedSize = 0

  constructor(handle: TransportSession, s: number, kept: KeptSession, tag: string, limits: OutboxLimits, host: RelaySessionHost) {
    this.handle = handle
    this.s = s
    this.kept = kept
    this.#tag = tag
    this.#host = host
    this.outbox = new Outbox(limits, kept, tag, s, error => host.report(error))
    const { outbox } = this
    kept.hearer = {
      renamed: () => {
        outbox.disown()
        outbox.doubtLeft()
        this.#identify()
      },
      resumed: isSame => {
        if (!isSame) outbox.doubtLeft(sent => kept.stored.some(({ n }) => n === sent))
        outbox.adopt()
        this.#identify()
      },
    }
    this.#identify()
  }

  get id(): string {
    return this.kept.id
  }

  #identify(): void {
    this.handle.identify(this.id, this.kept.life)
  }

  /** Makes sure that the id is this tab's alone. */
  claim(): Promise<void> {
    return this.kept.claim()
  }

  /** The page leaves, or is cached or frozen: until it is back its id is not claimed. */
  leave(): void {
    this.outbox.leave()
    this.kept.leave()
  }

  /** Says everything that the relay has to know of the session, to bind it to this connection. */
  attach(): void {
    const subs: SubscriptionEntry[] = []
    const later: SessionFrame[] = []
    // What begins now may be said after it: those that go on, which a relay bounds, and a part of the others fit into its frame.
    let room = this.#host.limits().frameLimit / 4
    this.attaching = true
    this.rejection = undefined
    this.#asked.clear()
    for (const [pattern, start] of this.#starts) {
      if (start === null) {
        this.#asked.set(pattern, 1)
        room -= JSON.stringify(pattern).length + ENTRY
      }
      if (start === null && room < 0) later.push({ t: 'subscribe', s: this.s, pattern })
      else subs.push([pattern, start])
    }
    const attach: AttachFrame = {
      t: 'attach',
      s: this.s,
      session: this.id,
      attach: this.kept.nextAttach(),
      tag: this.#tag,
      tags: this.outbox.tags,
      secret: this.kept.secret,
      subs,
      done: this.outbox.done,
      ...(this.kept.record !== undefined && { record: this.kept.record }),
      ...(this.#position && { position: formatPosition(this.#position) }),
    }
    for (const frame of [attach, ...later]) this.#host.say(frame)
  }

  /** The relay has bound it: what it does not know yet is said, what it may not have got is sent again. */
  bound({ attach, session, record, resumed }: AttachedFrame): void {
    if (attach !== this.kept.attach) return
    // What was published under a record that is gone can be neither found nor sent again.
    if (!resumed) this.outbox.forgotten()
    this.kept.recordedAs(record)
    this.attached = true
    if (session !== this.id) {
      this.kept.id = session
      this.#identify()
    }
    // Before what may be much: others would take it for gone.
    for (const [topic, entry] of this.#entries) {
      const text = writeJson(entry)
      const error = tooLarge('entry', text.length, this.#host.limits(), topic)
      if (error) this.#host.report(error)
      else this.#host.write(text)
      if (error || !entry.here) this.#entries.delete(topic)
    }
    this.outbox.reconnected()
    this.sendMore()
  }

  /** The connection is gone, and with it what was bound to it. */
  cut(): void {
    this.attached = this.attaching = false
    this.#returning?.()
    this.#returning = undefined
  }

  /** The relay has bound its id to somebody else – to a later life of it, which this one does not know of: this is another session from now on. */
  displaced(): void {
    this.cut()
    this.outbox.forgotten()
    this.kept.rename()
    this.#identify()
  }

  /** It has said too much for the relay: it will be back within so many milliseconds. */
  expelled({ clock, random }: Pick<FullEnvironment, 'clock' | 'random'>, spread: number, back: () => void): void {
    this.cut()
    this.#returning = clock.after(Math.round(random() * spread), back)
  }

  /** Nothing that waits for this connection will come. */
  rejected(error: EarshotError): void {
    this.cut()
    this.rejection = error
    this.outbox.end(error)
  }

  /** Whether the relay knows of all its patterns, as far as it ever will. */
  get isKnown(): boolean {
    if (this.rejection) return true
    return this.attached && ![...this.#starts.values()].includes(null)
  }

  listensTo(isMatch: (pattern: string) => boolean): boolean {
    return [...this.#starts.keys()].some(isMatch)
  }

  interest(pattern: string, on: boolean): void {
    if (on) this.#starts.set(pattern, null)
    else this.#starts.delete(pattern)
    if (!this.attaching) return
    if (on) this.#asked.set(pattern, (this.#asked.get(pattern) ?? 0) + 1)
    this.#host.say({ t: on ? 'subscribe' : 'unsubscribe', s: this.s, pattern })
  }

  /** The relay says where a subscription begins. That is no position – but the first of all is one, since nothing before it was wanted. */
  subscribed(pattern: string, offset: number, epoch: string): void {
    if (this.#isLast(pattern) && this.#starts.has(pattern)) this.#starts.set(pattern, offset)
    this.#position ??= { epoch, offset }
  }

  /** The relay will not let it listen to a pattern: it is not asked for again. */
  refused(pattern: string): void {
    if (this.#isLast(pattern)) this.#starts.delete(pattern)
  }

  /** Whether an answer is the one to what was asked last: a pattern may have been given up and asked for again meanwhile. */
  #isLast(pattern: string): boolean {
    const asked = this.#asked.get(pattern) ?? 0
    this.#asked.set(pattern, asked - 1)
    if (asked < 2) this.#asked.delete(pattern)
    return asked < 2
  }

  /** Encodes a publish: what it says from now on is what `data` is at this moment. */
  encode({ topic, clock, time }: Message, data: string, { to, echo, retain, volatile }: PublishOptions): string {
    const frame = {
      t: 'publish',
      s: this.s,
      topic,
      tag: this.#tag,
      clock,
      time,
      done: this.outbox.done,
      ...(to && { to }),
      // The hub has brought a volatile one to its own sessions itself.
      ...((echo === false || volatile) && { echo: false }),
      ...(retain && { retain }),
      ...(volatile && { volatile }),
    }
    return `${JSON.stringify(frame).slice(0, -1)},"data":${data}}`
  }

  /** Sends a kept message as soon as the session is attached; resolves when it is in the log. */
  publish({ topic, clock }: Message, text: string): Promise<Accepted> {
    if (this.rejection) return Promise.reject(this.rejection)
    const accepted = this.outbox.add(clock, text, topic)
    this.sendMore()
    return accepted
  }

  /** Sends what may be sent of that which waits. */
  sendMore(): void {
    if (this.attached) this.outbox.send(this.#host.limits(), text => this.#host.write(text))
  }

  refusedPublish({ tag, clock, code, reason, topic }: RefusedFrame): void {
    if (tag !== undefined && clock !== undefined) this.outbox.settle(tag, clock, new EarshotError(code, `The relay refused the message: ${reason}`, topic === undefined ? {} : { topic }))
  }

  presence(topic: string, { data, since, clock }: Member, here: boolean): void {
    const entry: PresenceFrame = { t: 'presence', s: this.s, topic, here, data: here ? data ?? null : null, since, clock }
    if (this.attached) this.#host.say(entry)
    if (this.attached && !here) this.#entries.delete(topic)
    else this.#entries.set(topic, entry)
  }

  /** Whether a message of the log is new to the session. Its cursor moves by *message*, *page* and *position* only. */
  isNew(offset: number): boolean {
    return offset > (this.#position?.offset ?? 0)
  }

  /** Whether a message of the log is later than the beginning of a subscription. */
  isAfterStart(pattern: string, offset: number): boolean {
    return offset > (this.#starts.get(pattern) ?? Infinity)
  }

  /** Everything up to here was heard. Says so to the relay now and then. */
  moved(epoch: string, offset: number, messages: number, size: number): void {
    this.#position = { epoch, offset }
    this.#unreported += messages
    this.#unreportedSize += size
    if (this.#unreported < REPORT_MESSAGES && this.#unreportedSize < REPORT_SIZE) return
    this.#unreported = this.#unreportedSize = 0
    this.#host.say({ t: 'cursor', s: this.s, offset })
  }

  /** A new life of the log: the offsets of the former one mean nothing in it. */
  restarted(epoch: string): void {
    if (this.#position && this.#position.epoch !== epoch) {
      // The position is still presented, so that the relay tells the gap; what comes next counts from zero, and everything in it is later than what was.
      this.#position = { epoch: this.#position.epoch, offset: 0 }
      for (const [pattern, start] of this.#starts) if (start !== null) this.#starts.set(pattern, 0)
    }
  }
}
