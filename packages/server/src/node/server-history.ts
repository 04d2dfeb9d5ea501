import { formatPosition, readJson, type WireMessage } from '@earshot/core/protocol'
import type { Engine, LogEntry } from '../engine/engine.ts'
import type { Limits } from '../relay/limits.ts'
import { readPast } from '../relay/past.ts'

/** Which part of the past the server wants. */
export interface ServerHistoryOptions {
  /** Messages at most; `limits.page` bounds it. @default 100 */
  limit?: number
  /** The last messages before this offset; not together with `since`. @default the last ones of all */
  before?: number
  /** The first messages after this position, as an earlier answer gave it. */
  since?: string
}

/** A message as the server sees it: all of them, whoever they are for. */
export interface ServerMessage {
  readonly topic: string
  readonly data: unknown
  readonly id: string
  /** Place in the log. */
  readonly offset: number
  /** Session id of the publisher; `''` for a server. */
  readonly from: string
  readonly userId: string | null
  /** Wall-clock milliseconds at the publisher. */
  readonly time: number
  /** Users that may hear it; left out when everybody may. */
  readonly to?: readonly string[]
}

/** A part of the past, oldest first. */
export interface ServerHistory {
  readonly messages: readonly ServerMessage[]
  /** Where this part ends: as `since`, it gives what comes after. */
  readonly position: string
  /** Whether messages between `since` and the first of these may be lost. */
  readonly gap: boolean
}

/**
 * Reads what the log keeps on a pattern: the last messages, or the first ones after a position.
 * @throws `invalid-options` with both `before` and `since`
 */
export async function readHistory(engine: Engine, pattern: string, limits: Limits, options: ServerHistoryOptions): Promise<ServerHistory> {
  const { limit = 100, before, since } = options
  const { entries, gap, offset } = await readPast(engine, { patterns: [pattern], limit, before, since, wants: () => true }, limits)
  return { messages: entries.map(toServerMessage), position: formatPosition({ epoch: engine.epoch, offset }), gap }
}

/** A message of the log, as the server sees it. */
function toServerMessage({ text, to }: LogEntry): ServerMessage {
  // The relay wrote it.
  const [topic, from, tag, clock, time, userId, offset, data] = readJson(text) as WireMessage
  return { topic, data, id: `${from}.${tag}:${clock}`, offset, from, userId, time, ...(to && { to }) }
}
