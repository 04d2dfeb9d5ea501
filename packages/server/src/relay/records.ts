import { type Cancel, type Clock, type ErrorCode, randomId } from '@earshot/core'
import type { AckFrame, RefusedFrame } from '@earshot/core/protocol'
import { Absent } from './absent.ts'
import { Lane } from './lane.ts'
import type { Leftovers } from './leftovers.ts'
import type { Patience } from './patience.ts'
import type { Limits } from './limits.ts'
import { Bucket } from './rate.ts'
import { Seal } from './seal.ts'

/** What became of a publish. */
export type Outcome = Pick<AckFrame, 'offset'> | Pick<RefusedFrame, 'code'>

/** Outcomes kept of a session's publishes, unless limits say otherwise. */
const MAX_OUTCOMES = 1000
/** Documents of a session whose numbers are remembered. */
const MAX_NUMBERINGS = 8

/** The kept publishes of one document: each number is settled once. */
export class Numbering {
  /** Names the document. */
  readonly tag: string
  /** The highest number settled. */
  last = 0
  /** Offsets, and codes of what was refused: many may be kept, and no texts. */
  #outcomes: Map<number, number | ErrorCode> | undefined
  readonly #settled: (() => void) | undefined

  /** @param settled is told of each outcome that is kept */
  constructor(tag: string, settled?: () => void) {
    this.tag = tag
    this.#settled = settled
  }

  /** Outcomes that are kept. */
  get size(): number {
    return this.#outcomes?.size ?? 0
  }

  settle(clock: number, outcome: Outcome): void {
    this.last = clock
    this.#outcomes ??= new Map()
    this.#outcomes.set(clock, 'code' in outcome ? outcome.code : outcome.offset)
    this.#settled?.()
  }

  /** What became of a number that was settled, unless the client has confirmed it. */
  outcomeOf(clock: number): Outcome | undefined {
    const outcome = this.#outcomes?.get(clock)
    return typeof outcome === 'number' ? { offset: outcome } : outcome && { code: outcome }
  }

  /** Forgets the oldest outcome: that number stays settled. */
  forget(): void {
    const [oldest] = this.#outcomes?.keys() ?? []
    if (oldest !== undefined) this.#outcomes?.delete(oldest)
  }

  /** The client knows all outcomes up to this one. */
  confirm(done: number): void {
    const outcomes = this.#outcomes
    for (const clock of outcomes?.keys() ?? []) {
      if (clock > done) return
      outcomes?.delete(clock)
    }
  }
}

/** What a session said last as a member of a topic. */
export interface Presented {
  readonly clock: number
  /** Characters of its data. */
  readonly size: number
}

/** What a session may hear of one pattern it asked for. */
export interface Grant {
  /** The patterns within it that it may read. */
  readonly patterns: readonly string[]
  /** Only what is later in the log. */
  readonly start: number
}

/** What sessions that have left a connection had not spent. */
export interface Rates {
  readonly publishes: Leftovers
  readonly frames: Leftovers
}

/** What a relay remembers of a session, attached or not. */
export class SessionRecord {
  /** Given by the relay: a tab that presents it has heard the relay say that it remembers. */
  readonly name: string
  readonly id: string
  /** Given by the tab: proves that the id is its own. */
  readonly secret: string
  readonly userId: string | null
  /** Since when it goes by its id, over lives of the relay, in wall-clock milliseconds. */
  readonly since: number
  /** Its frames, one after the other, over all its attachments: what is sent again waits for what is still being decided. */
  readonly lane: Lane = new Lane()
  /** The highest attach number; lower ones are ghosts. */
  attach = 0
  /** Of all its attachments: a new one does not begin anew. */
  readonly publishes: Bucket
  /** What it listens to, by pattern asked for, over all its attachments: it cannot claim to have listened for longer. Empty where everybody may do everything. */
  begun: Map<string, Grant> | undefined
  readonly frames: Bucket
  /** Since nobody could say what it may do. */
  patience: Patience | undefined
  /** By topic on which it is present. */
  present: Map<string, Presented> | undefined
  /** Those of them that it has not said again since it attached. */
  unsaid: Set<string> | undefined
  /** The page that attached last, among those that share its connection. */
  tab: string | undefined
  /** The document that attached last. */
  tag: string | undefined
  /** Ends its presence, and the record, when it does not come back. */
  leaving: Cancel | undefined
  expiring: Cancel | undefined
  /** The last to be opened is the last. */
  #numberings: Numbering[] = []
  readonly #outcomes: number

  /** @param outcomes of its publishes that are kept, at most: more than a client has under way */
  constructor(name: string, id: string, secret: string, userId: string | null, publishes: Bucket, frames: Bucket, { since = 0, present, begun, outcomes = MAX_OUTCOMES }: Partial<Pick<SessionRecord, 'since' | 'present' | 'begun'> & { outcomes: number }> = {}) {
    this.#outcomes = outcomes
    this.since = since
    this.name = name
    this.id = id
    this.secret = secret
    this.userId = userId
    this.publishes = publishes
    this.frames = frames
    this.present = present
    this.begun = begun
  }

  numbering(tag: string): Numbering | undefined {
    return this.#numberings.find(numbering => numbering.tag === tag)
  }

  /** Begins the numbering of a document that attaches, or goes on with it. */
  open(tag: string): Numbering {
    const numbering = this.numbering(tag) ?? new Numbering(tag, () => this.#tidy())
    const others = this.#numberings.filter(other => other !== numbering)
    // The last to be opened is the last to be forgotten.
    this.#numberings = others.slice(1 - MAX_NUMBERINGS).concat(numbering)
    return numbering
  }

  /** What a client has not heard of is among the last: it has no more under way than the relay lets it, over all documents. */
  #tidy(): void {
    let size = 0
    for (const numbering of this.#numberings) size += numbering.size
    if (size > this.#outcomes) this.#numberings.find(numbering => numbering.size > 0)?.forget()
  }
}

/** All records of a relay, by name and by session id. */
export class Records {
  readonly #byName = new Map<string, SessionRecord>()
  readonly #byId = new Map<string, SessionRecord>()
  /** Those that are cut off → what ends them. */
  readonly #away = new Map<SessionRecord, () => void>()
  readonly #absent = new Absent<SessionRecord>()
  /** The same by the page that they were of. */
  readonly #awayByTab = new Map<string, Set<SessionRecord>>()
  readonly #random: () => number
  readonly #clock: Clock
  readonly #limits: Limits
  readonly #seal: Seal

  constructor(clock: Clock, random: () => number, limits: Limits, seal: Seal = new Seal(undefined)) {
    this.#seal = seal
    this.#clock = clock
    this.#random = random
    this.#limits = limits
  }

  get size(): number {
    return this.#byName.size
  }

  all(): SessionRecord[] {
    return [...this.#byName.values()]
  }

  /** The record of this name, when it is this user's. */
  find(name: string | undefined, userId: string | null): SessionRecord | undefined {
    const record = name === undefined ? undefined : this.#byName.get(name)
    return record?.userId === userId ? record : undefined
  }

  /** Who goes by this id, if the secret and the user are the same. */
  owned(id: string, secret: string, userId: string | null): SessionRecord | undefined {
    const record = this.#byId.get(id)
    return record?.secret === secret && record.userId === userId ? record : undefined
  }

  /** Who goes by an id that somebody else had before, in a former life of the relay, as the name of that one's record proves. */
  usurper(id: string, name: string | undefined, userId: string | null): SessionRecord | undefined {
    const record = this.#byId.get(id)
    const since = name === undefined || !record ? undefined : this.#seal.since(name, id, userId)
    return since !== undefined && record && since < record.since ? record : undefined
  }

  /**
   * A new record, in place of a former one of the same session. An id that somebody else goes by is not given twice: then it is a new one.
   * @param name what the session's record was called, perhaps in a former life of the relay
   * @param left what others have left of their rates, where it comes from
   */
  create(id: string, secret: string, userId: string | null, former?: SessionRecord, name = '', left?: Rates): SessionRecord {
    if (former) this.remove(former)
    const now = this.#clock.now()
    const publishes = former?.publishes ?? left?.publishes.take(now) ?? new Bucket(this.#limits.publishes, now)
    const frames = former?.frames ?? left?.frames.take(now) ?? new Bucket(this.#limits.frames, now)
    const isFree = !this.#byId.has(id)
    const own = isFree ? id : randomId(this.#random)
    const since = former?.since ?? (isFree ? this.#seal.since(name, id, userId) : undefined) ?? now
    const record = new SessionRecord(this.#seal.name(randomId(this.#random), own, userId, since), own, secret, userId, publishes, frames, { ...(former && { present: former.present, begun: former.begun }), since, outcomes: this.#limits.waiting })
    this.#byName.set(record.name, record)
    if (record.id !== '') this.#byId.set(record.id, record)
    return record
  }

  /**
   * Calls `end` unless the session comes back in time – or sooner, when too many are away: then those of whoever has most end first.
   * @param connection the number of the one that it was on: tells apart those who are nobody in particular
   */
  expire(record: SessionRecord, connection: number, after: number, end: () => void): void {
    this.back(record)
    record.expiring = this.#clock.after(after, end)
    this.#away.set(record, end)
    this.#absent.add(record, record.userId ?? connection)
    const { tab } = record
    if (tab !== undefined) this.#awayByTab.set(tab, (this.#awayByTab.get(tab) ?? new Set()).add(record))
    const next = this.#away.size > this.#limits.remembered ? this.#absent.next() : undefined
    if (next) this.#away.get(next)?.()
  }

  /** The session is back. */
  back(record: SessionRecord): void {
    record.expiring?.()
    record.expiring = undefined
    this.#away.delete(record)
    this.#absent.delete(record)
    const others = this.#awayByTab.get(record.tab ?? '')
    if (others?.delete(record) && others.size === 0) this.#awayByTab.delete(record.tab ?? '')
  }

  /** Those of a user's page that are cut off. */
  away(tab: string, userId: string | null): SessionRecord[] {
    return [...(this.#awayByTab.get(tab) ?? [])].filter(record => record.userId === userId)
  }

  remove(record: SessionRecord): void {
    this.back(record)
    record.leaving?.()
    this.#byName.delete(record.name)
    if (this.#byId.get(record.id) === record) this.#byId.delete(record.id)
  }
}
