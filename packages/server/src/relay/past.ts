import { EarshotError } from '@earshot/core'
import { parsePosition } from '@earshot/core/protocol'
import type { Engine, LogEntry } from '../engine/engine.ts'
import { TopicFilter } from '../engine/topic-filter.ts'
import type { Limits } from './limits.ts'

/** A part of the past that somebody asks for. */
export interface PastQuery {
  readonly patterns: readonly string[]
  /** Entries at most; a page of the relay's limits bounds it. */
  readonly limit: number
  /** The last ones before this offset. */
  readonly before?: number | undefined
  /** The first ones after this position. */
  readonly since?: string | undefined
  readonly wants: (entry: LogEntry) => boolean
}

/** What is kept of it, in order. */
export interface Past {
  readonly entries: readonly LogEntry[]
  /** Whether what was asked for with `since` goes on after these. */
  readonly more: boolean
  /** Whether something between is not kept any more. */
  readonly gap: boolean
  /** Everything up to here that was asked for and is kept is among the entries, or before them. */
  readonly offset: number
}

/** Where a session that knows everything up to `position` goes on. A position of another life of the log is a gap: nobody knows what was missed. */
export function beginning(position: string | undefined, { epoch, head }: Engine): { readonly from: number; readonly isLost: boolean } {
  if (position === undefined) return { from: head, isLost: false }
  const known = parsePosition(position)
  return known?.epoch === epoch ? { from: Math.min(known.offset, head), isLost: false } : { from: 0, isLost: true }
}

/** Pages that one answer has room for. */
const PAGES = 4

/**
 * Reads the past: the last messages, or the first ones after a position. Of another life of the log everything that is kept is later, after a gap.
 * @throws `invalid-options` with both `before` and `since`
 */
export async function readPast(engine: Engine, { since, before, ...query }: PastQuery, { page, pageSize }: Limits): Promise<Past> {
  if (before !== undefined && since !== undefined) throw new EarshotError('invalid-options', 'The past is asked for before an offset or since a position, not both', { name: 'before' })
  const limit = Math.min(query.limit, page)
  const size = pageSize * PAGES
  return since === undefined ? earlier(engine, { ...query, limit }, before, size) : later(engine, { ...query, limit }, since, size)
}

async function earlier(engine: Engine, { patterns, limit, wants }: PastQuery, before: number | undefined, size: number): Promise<Past> {
  const offset = engine.head
  const found = await engine.past({ patterns, limit, before, wants })
  let first = found.length
  for (let room = size; first > 0; first--) {
    room -= sizeOf(found[first - 1])
    if (room < 0 && first < found.length) break
  }
  return { entries: found.slice(first), more: false, gap: false, offset }
}

async function later(engine: Engine, { patterns, limit, wants }: PastQuery, since: string, size: number): Promise<Past> {
  const position = parsePosition(since)
  const start = position?.epoch === engine.epoch ? position.offset : undefined
  const filter = new TopicFilter(patterns)
  let entries: readonly LogEntry[] = []
  let offset = start ?? 0
  while (limit > 0 && entries.length === 0 && offset < engine.head) {
    const found = await engine.page({ after: offset, limit, size, wants: entry => filter.has(entry.topic) && wants(entry) })
    entries = found.entries
    offset = found.offset
  }
  const more = offset < engine.head
  // Asked for after the page was read: what is lost meanwhile is a gap too many, not one too few.
  const gap = start === undefined || (await engine.lost({ since: new Map(patterns.map(pattern => [pattern, start])), limit: 1 })).length > 0
  return { entries, more, gap, offset }
}

function sizeOf(entry: LogEntry | undefined): number {
  return entry?.text.length ?? 0
}
