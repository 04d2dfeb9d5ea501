import { EarshotError } from '@earshot/core'
import type { WireMessage } from '@earshot/core/protocol'
import type { Defer } from '../relay/outbound.ts'
import { toText } from './json-text.ts'

/** What is to be put into the log, or past it. */
export interface Publication {
  readonly topic: string
  /** Session id of the publisher, as the relay knows it; `''` for the server itself. */
  readonly from: string
  readonly tag: string
  readonly clock: number
  /** Wall-clock milliseconds at the publisher. */
  readonly time: number
  readonly userId: string | null
  readonly data: unknown
  /** Whose share of the log it uses up; of the server itself nobody's. */
  readonly publisher?: string | undefined
  /** Users that may hear it. */
  readonly to?: readonly string[] | undefined
  /** Who must not hear it: the session that published, by its id, when it wants no echo; outside any session, the document. */
  readonly except?: string | undefined
  /** The topic's value from now on, kept apart from its history; not together with `to`. */
  readonly retain?: boolean | undefined
}

/** A publication with its place in the log. */
export interface LogEntry {
  /** Place in the log; 0 for what went past it. */
  readonly offset: number
  readonly topic: string
  readonly to: readonly string[] | undefined
  readonly except: string | undefined
  /** The message as clients get it, encoded once for all of them. */
  readonly text: string
}

/** A part of the log: entries in order, and how far it reaches. Everything up to `offset` that was wanted and is kept is among them. */
export interface LogPage {
  readonly entries: readonly LogEntry[]
  readonly offset: number
}

/** What a page is asked for. */
export interface PageRequest {
  /** Only what is later. */
  readonly after: number
  /** Entries at most. */
  readonly limit: number
  /** Characters of encoded messages at most; one entry is always given. */
  readonly size: number
  /** Picks the entries. */
  readonly wants: (entry: LogEntry) => boolean
}

/** What a part of the past is asked for: the last `limit` entries before an offset. */
export interface PastRequest {
  readonly patterns: readonly string[]
  /** Entries at most. */
  readonly limit: number
  /** Only what is earlier. @default everything */
  readonly before?: number | undefined
  readonly wants: (entry: LogEntry) => boolean
}

/** What is asked for losses. */
export interface LossRequest {
  /** Topics and patterns, each with the offset after which a loss counts. */
  readonly since: ReadonlyMap<string, number>
  /** Topics that are named of one pattern, at most: of more the pattern is. */
  readonly limit: number
}

/** A topic or pattern, and the highest offset that it has lost. */
export type Loss = readonly [topic: string, offset: number]

/**
 * What keeps the log and joins relays. Offsets rise by one order over all topics, so that one number says how far a session has come.
 * An engine that cannot do what it is asked throws or rejects; the relay refuses the publish and goes on.
 */
export interface Engine {
  /** Names this life of the log: positions of another epoch are gaps. */
  readonly epoch: string
  /** Offset of the last entry; 0 before the first. */
  readonly head: number
  /**
   * Called once: `appended` hears every entry in the order of the log, `passed` what goes past it. `defer` runs a task when others have had their turn:
   * what takes long is done in parts, whoever asks, and those of several questions one after the other.
   */
  connect(appended: (entry: LogEntry) => void, passed: (entry: LogEntry) => void, defer?: Defer): void
  /** Puts a message into the log; resolves when it is as durable as the engine makes it. */
  append(publication: Publication): LogEntry | Promise<LogEntry>
  /** Sends a volatile message around the log. */
  pass(publication: Publication): void
  page(request: PageRequest): LogPage | Promise<LogPage>
  past(request: PastRequest): readonly LogEntry[] | Promise<readonly LogEntry[]>
  /**
   * Topics within patterns – or the patterns themselves – that may have lost something since, each once with the highest offset lost.
   * One too many, never one too few of what is lost when it is asked.
   */
  lost(request: LossRequest): readonly Loss[] | Promise<readonly Loss[]>
  close(): void | Promise<void>
}

/** Encodes a publication as clients get it. */
export function toEntry({ topic, from, tag, clock, time, userId, data, to, except }: Publication, offset: number): LogEntry {
  const message: WireMessage = [topic, from, tag, clock, time, userId, offset, data]
  return { offset, topic, to, except, text: toText(message) }
}

/**
 * A value that some may not hear would take the place of the one that all others have.
 * @throws `invalid-options`
 */
export function checkValue({ topic, retain, to }: Pick<Publication, 'topic' | 'retain' | 'to'>): void {
  if (retain && to) throw new EarshotError('invalid-options', `A value of "${topic}" is for everybody: it cannot be retained for some users`, { name: 'to', topic })
}

/** Characters that an entry holds: its message, and whom it is for, as a frame has them. */
export function sizeOf({ text, to = [], except = '' }: Pick<LogEntry, 'text' | 'to' | 'except'>): number {
  let size = text.length + except.length
  for (const user of to) size += user.length + 3
  return size
}
