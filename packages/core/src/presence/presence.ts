import { checkFunction, EarshotError } from '../base/errors.ts'
import { type Member, type PresenceEvent, Roster } from './roster.ts'

/** A handle on the presence of one topic. */
export interface Presence<Data = unknown> {
  readonly topic: string
  /** Everyone who is here; the same array until something changes. */
  readonly members: readonly Member<Data>[]
  /** This session's own entry. */
  readonly self: Member<Data> | undefined
  /** Resolves when the members that were here before are known. */
  readonly ready: Promise<void>
  /** Members by user id, else session id; the same map until something changes. */
  byUser(): ReadonlyMap<string, readonly Member<Data>[]>
  /** Is here from now on, with this data; again, it replaces the data. */
  enter(data?: Data): void
  /** Replaces the data; a function gets what it was. Enters when it was not here. */
  update(next: (old: Data | undefined) => Data): void
  update(data: Data | ((old: Data | undefined) => Data)): void
  leave(): void
  /** Calls `listener` with each change. The result ends it. */
  subscribe(listener: (event: PresenceEvent<Data>) => void): () => void
  /** Ends what this handle started: its listeners, and its session's entry if this handle made it. */
  close(): void
  [Symbol.dispose](): void
}

/** The presence of one topic in one hub: shared by all handles, fed by sessions and the transport. */
export class PresenceTopic {
  readonly roster: Roster = new Roster()
  readonly listeners: Set<(event: PresenceEvent) => void> = new Set()
  /** Open handles. */
  handles = 0
  ready: Promise<void> = Promise.resolve()
  readonly #report: (error: unknown) => void

  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  emit(event: PresenceEvent | undefined): void {
    if (!event) return
    for (const listener of [...this.listeners]) {
      try {
        if (this.listeners.has(listener)) listener(event)
      } catch (error) {
        this.#report(error)
      }
    }
  }
}

/** What a handle needs of its session. */
export interface PresenceHost {
  readonly id: string
  readonly userId: string | undefined
  /** The next member clock. */
  tick(): number
  now(): number
  /** Tells the transport of a change to this session's own entry. */
  announce(topic: string, member: Member, here: boolean): void
  /** Throws when the session is closed. */
  check(): void
  /** The handle is closed. */
  released(handle: HubPresence): void
}

/** The one class of presence handles. */
export class HubPresence implements Presence {
  readonly topic: string
  readonly #shared: PresenceTopic
  readonly #host: PresenceHost
  readonly #own = new Set<(event: PresenceEvent) => void>()
  #entered = false
  #open = true

  constructor(topic: string, shared: PresenceTopic, host: PresenceHost) {
    this.topic = topic
    this.#shared = shared
    this.#host = host
  }

  get members(): readonly Member[] {
    return this.#shared.roster.members
  }

  get self(): Member | undefined {
    return this.#shared.roster.get(this.#host.id)
  }

  get ready(): Promise<void> {
    return this.#shared.ready
  }

  byUser(): ReadonlyMap<string, readonly Member[]> {
    return this.#shared.roster.byUser()
  }

  enter(data?: unknown): void {
    if (!this.#open) throw new EarshotError('session-closed', `The presence handle of "${this.topic}" is closed: ask the session for a new one`)
    this.#host.check()
    const { id, userId } = this.#host
    const member: Member = { id, userId, data, since: this.self?.since ?? this.#host.now(), clock: this.#host.tick() }
    // First abroad: data that cannot travel is refused before anything has changed here.
    this.#host.announce(this.topic, member, true)
    this.#entered = true
    this.#shared.emit(this.#shared.roster.put(member))
  }

  update(data: unknown): void {
    this.enter(typeof data === 'function' ? data(this.self?.data) : data)
  }

  leave(): void {
    this.#entered = false
    const { self } = this
    if (!self || !this.#open) return
    const clock = this.#host.tick()
    this.#host.announce(this.topic, { ...self, clock }, false)
    this.#shared.emit(this.#shared.roster.remove(self.id, clock))
  }

  /** The session gives up its id: its entry goes without a trace, since another tab has the id. */
  evict(): void {
    this.#shared.emit(this.#shared.roster.evict(this.#host.id))
  }

  subscribe(listener: (event: PresenceEvent) => void): () => void {
    checkFunction('listener', listener)
    if (!this.#open) return () => {}
    // A wrapper each, so that the same function twice is two subscriptions with an end of their own.
    const own = (event: PresenceEvent): void => listener(event)
    this.#own.add(own)
    this.#shared.listeners.add(own)
    return () => {
      this.#own.delete(own)
      this.#shared.listeners.delete(own)
    }
  }

  close(): void {
    if (!this.#open) return
    if (this.#entered) this.leave()
    this.#open = false
    for (const own of this.#own) this.#shared.listeners.delete(own)
    this.#host.released(this)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
