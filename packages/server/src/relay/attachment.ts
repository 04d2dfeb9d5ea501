import { covers, isWildcard, PatternIndex } from '@earshot/core'
import type { LogEntry } from '../engine/engine.ts'
import type { Connection } from './connection.ts'
import type { Limits } from './limits.ts'
import type { Grant, SessionRecord } from './records.ts'
import { SmallMap } from './small-map.ts'

/** Marks are so far apart at least: a report frees up to the last mark before it. */
const MARK_MESSAGES = 32
const MARK_SIZE = 8192
/** So many grants, and patterns of one, are looked through; of more there is an index. */
const FEW = 8

interface Mark {
  offset: number
  count: number
  size: number
}

/**
 * A session on a connection. It is *live* – hears each message as it is appended – or *behind*, and then it is caught up from the log, page by page.
 * Nothing is buffered for it but what the socket holds.
 */
export class Attachment {
  readonly connection: Connection
  readonly s: number
  readonly record: SessionRecord
  readonly tag: string
  /** By pattern asked for. */
  readonly grants: SmallMap<string, Grant> = new SmallMap()
  /** Characters of these patterns, as an attach has them. */
  grantedSize = 0
  /** Topics whose members it watches. */
  watched: Set<string> | undefined
  /** Everything up to this offset that it may hear was put on the connection. */
  sent: number
  /**
   * `restoring`: what it listens to is not known yet. `behind`: it will be caught up from the log, when there is room; `paging`: it is. `live`: it hears what is
   * appended.
   */
  state: 'restoring' | 'behind' | 'paging' | 'live' = 'restoring'
  /** A renewed token waits for its turn: what it may do is asked for anew then. */
  isRenewed = false
  /** It was detached, and has something to do yet. */
  isLeaving = false
  /** Its session is bound elsewhere, or gone. */
  ended = false
  /** Topics whose members have changed while there was no room to say so. */
  stale: Set<string> | undefined
  /** Gaps that it was told, by topic: the offset up to which the topic had lost messages by then. */
  told: Map<string, number> | undefined
  /** What was put on the connection and is not known to be read. */
  #unread = 0
  #unreadSize = 0
  /** Part of it: up to an offset, so many messages and characters since the mark before. */
  #marks: Mark[] | undefined
  /** Granted pattern → by pattern asked for, the offset that it began at. Most have few, and no index. */
  #starts: PatternIndex<Map<string, number>> | undefined

  constructor(connection: Connection, s: number, record: SessionRecord, tag: string, sent: number) {
    this.connection = connection
    this.s = s
    this.record = record
    this.tag = tag
    this.sent = sent
  }

  /** Whether it is still what its session is bound to. */
  get isBound(): boolean {
    return !this.ended && this.connection.state === 'open'
  }

  /** Tells whose messages are its own: by its session, or – outside any session – by its document. */
  get voice(): string {
    return this.record.id || this.tag
  }

  /** Takes a grant in, in place of what was granted for this pattern before. */
  grant(pattern: string, grant: Grant): void {
    this.revoke(pattern)
    this.grants.set(pattern, grant)
    this.grantedSize += sizeInAttach(pattern)
    if (isWildcard(pattern)) this.connection.shapes.count(shapeOf(pattern), 1)
    if (this.#starts) index(this.#starts, pattern, grant)
    else if (this.grants.size > FEW || grant.patterns.length > FEW) {
      this.#starts = new PatternIndex()
      for (const [each, given] of this.grants.entries()) index(this.#starts, each, given)
    }
  }

  revoke(pattern: string): Grant | undefined {
    const grant = this.grants.get(pattern)
    if (this.grants.delete(pattern)) {
      this.grantedSize -= sizeInAttach(pattern)
      if (isWildcard(pattern)) this.connection.shapes.count(shapeOf(pattern), -1)
    }
    for (const each of (this.#starts && grant?.patterns) ?? []) {
      const starts = this.#starts?.get(each)
      if (starts?.delete(pattern) && starts.size === 0) this.#starts?.delete(each)
    }
    return grant
  }

  /** Whether some grant has this very pattern. */
  isGranted(pattern: string): boolean {
    if (this.#starts) return this.#starts.get(pattern) !== undefined
    for (const { patterns } of this.grants.values()) if (patterns.includes(pattern)) return true
    return false
  }

  /** Whether it may hear an entry, of those on its patterns. */
  mayHear({ to, except }: LogEntry): boolean {
    return except !== this.voice && (!to || (this.record.userId !== null && to.includes(this.record.userId)))
  }

  /** Whether an entry of the log is one that it subscribed to before, and may hear. */
  wants(entry: LogEntry): boolean {
    if (!this.mayHear(entry)) return false
    if (!this.#starts) return this.#isAfterOne(entry)
    let isLater = false
    this.#starts.match(entry.topic, starts => {
      for (const start of starts.values()) isLater ||= entry.offset > start
    })
    return isLater
  }

  #isAfterOne({ topic, offset }: LogEntry): boolean {
    for (const { patterns, start } of this.grants.values()) {
      if (offset > start && patterns.some(pattern => pattern === topic || (isWildcard(pattern) && covers(pattern, topic)))) return true
    }
    return false
  }

  /** Whether an entry is later than the beginning of one of these subscriptions. */
  awaits({ topic, offset }: LogEntry, patterns: readonly string[]): boolean {
    return patterns.some(pattern => {
      const grant = this.grants.get(pattern)
      return grant !== undefined && offset > grant.start && grant.patterns.some(granted => covers(granted, topic))
    })
  }

  /** Counts what was put on the connection. */
  put(offset: number, size: number, count = 1): void {
    this.sent = offset
    this.#unread += count
    this.#unreadSize += size
    const last = this.#marks?.at(-1)
    if (last && last.count < MARK_MESSAGES && last.size < MARK_SIZE) {
      last.offset = offset
      last.count += count
      last.size += size
    } else (this.#marks ??= []).push({ offset, count, size })
  }

  /** The tab has read everything up to here. */
  read(offset: number): void {
    const marks = this.#marks ?? []
    for (let [mark] = marks; mark && mark.offset <= offset; [mark] = marks) {
      this.#unread -= mark.count
      this.#unreadSize -= mark.size
      marks.shift()
    }
  }

  /** Whether more may be put on the connection. */
  hasRoom({ unread, unreadSize }: Limits): boolean {
    return this.#unread < unread && this.#unreadSize < unreadSize && this.connection.hasRoom
  }
}

function index(starts: PatternIndex<Map<string, number>>, pattern: string, grant: Grant): void {
  for (const each of grant.patterns) {
    const known = starts.get(each)
    if (known) known.set(pattern, grant.start)
    else starts.set(each, new Map([[pattern, grant.start]]))
  }
}

/** Characters of a pattern in an attach, with the offset at which its subscription began. */
export function sizeInAttach(pattern: string): number {
  return JSON.stringify(pattern).length + 20
}

/** Where wildcards stand in a pattern: patterns of one shape are found together. */
export function shapeOf(pattern: string): string {
  return pattern.split('/').map(level => (level === '*' || level === '**' ? level : '')).join('/')
}
