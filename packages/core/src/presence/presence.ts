import type { Cancel, Clock } from '../base/clock.ts'
import { Handle } from '../base/handle.ts'
import { Listeners } from '../base/listeners.ts'
import { type Member, type PresenceEvent, Roster } from './roster.ts'

/** A handle on the presence of one topic. */
export interface Presence<Data = unknown> {
  readonly topic: string
  /** Everyone who is here; the same array until something changes. */
  readonly members: readonly Member<Data>[]
  /** This session's own entry. */
  readonly self: Member<Data> | undefined
  /** The member of this session id; the same object until it changes. */
  get(id: string): Member<Data> | undefined
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

/** What a handle needs of its session. */
export interface PresenceHost {
  readonly id: string
  readonly userId: string | undefined
  readonly parts: Set<Handle>
  readonly hub: {
    readonly clock: Clock
    readonly presences: Presences
    readonly report: (error: unknown) => void
    use(): PresenceCarrier | undefined
  }
  /** The next member clock. */
  tick(): number
}

/** What presence needs of a transport. */
interface PresenceCarrier {
  presence(topic: string, member: Member, here: boolean): void
  watch(topic: string, on: boolean): Promise<void>
}

/** The presence of one topic in one hub: shared by all handles, fed by sessions and the transport. */
interface PresenceTopic {
  readonly roster: Roster
  readonly handles: Set<HubPresence>
  ready: Promise<void>
}

/** The presences of a hub by topic: each is kept while somebody looks or is there. */
export class Presences {
  readonly #topics = new Map<string, PresenceTopic>()

  of(topic: string): PresenceTopic {
    let found = this.#topics.get(topic)
    if (!found) this.#topics.set(topic, (found = { roster: new Roster(), handles: new Set(), ready: Promise.resolve() }))
    return found
  }

  put(topic: string, member: Member): void {
    this.tell(topic, this.of(topic).roster.put(member))
  }

  remove(topic: string, id: string, clock: number): void {
    this.tell(topic, this.of(topic).roster.remove(id, clock))
  }

  /** Tells all handles what has changed, if anything has. */
  tell(topic: string, event?: PresenceEvent): void {
    const { handles, roster } = this.of(topic)
    if (event) for (const handle of [...handles]) handle.listeners.tell(event)
    if (handles.size === 0 && roster.members.length === 0) this.#topics.delete(topic)
  }
}

/** The one class of presence handles. */
export class HubPresence extends Handle implements Presence {
  readonly topic: string
  readonly listeners: Listeners<PresenceEvent>
  readonly #session: PresenceHost
  readonly #shared: PresenceTopic
  /** It entered through this handle, and has not left since. */
  entered = false

  constructor(topic: string, session: PresenceHost) {
    super(`presence of "${topic}"`, session.parts)
    const { hub } = session
    this.topic = topic
    this.listeners = new Listeners(hub.report)
    this.#session = session
    const connection = hub.use()
    this.#shared = hub.presences.of(topic)
    if (connection && this.#shared.handles.size === 0) this.#shared.ready = connection.watch(topic, true)
    this.#shared.handles.add(this)
  }

  get members(): readonly Member[] {
    return this.#shared.roster.members
  }

  get self(): Member | undefined {
    return this.get(this.#session.id)
  }

  get(id: string): Member | undefined {
    return this.#shared.roster.get(id)
  }

  get ready(): Promise<void> {
    return this.#shared.ready
  }

  byUser(): ReadonlyMap<string, readonly Member[]> {
    return this.#shared.roster.byUser()
  }

  enter(data?: unknown): void {
    this.check()
    const { topic } = this
    const { id, userId, hub } = this.#session
    const member: Member = { id, userId, data, since: this.self?.since ?? hub.clock.now(), clock: this.#session.tick() }
    // First abroad: data that cannot travel is refused before anything has changed here.
    hub.use()?.presence(topic, member, true)
    this.entered = true
    hub.presences.put(topic, member)
  }

  update(data: unknown): void {
    this.enter(typeof data === 'function' ? data(this.self?.data) : data)
  }

  leave(): void {
    if (!this.closed) this.#leave()
  }

  /** The session gives up its id: its entry goes without a trace, since another tab has the id. */
  evict(): void {
    this.#session.hub.presences.tell(this.topic, this.#shared.roster.evict(this.#session.id))
  }

  subscribe(listener: (event: PresenceEvent) => void): Cancel {
    return this.listeners.add(listener)
  }

  protected end(): void {
    const { hub } = this.#session
    const { handles } = this.#shared
    if (this.entered) this.#leave()
    handles.delete(this)
    if (handles.size === 0) void hub.use()?.watch(this.topic, false)
    hub.presences.tell(this.topic)
  }

  #leave(): void {
    const { self, topic } = this
    const { hub } = this.#session
    this.entered = false
    if (!self) return
    const clock = this.#session.tick()
    hub.use()?.presence(topic, { ...self, clock }, false)
    hub.presences.remove(topic, self.id, clock)
  }
}
