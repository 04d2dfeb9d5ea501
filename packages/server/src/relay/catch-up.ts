import { isWildcard } from '@earshot/core'
import type { Engine, LogEntry, Loss } from '../engine/engine.ts'
import type { Attachment } from './attachment.ts'
import type { Limits } from './limits.ts'

/** What catching up says. */
export interface CatchUpCounts {
  recovered: number
  gaps: number
}

/** What catching up needs of the relay. */
export interface CatchUpDesk {
  readonly engine: Engine
  readonly limits: Limits
  readonly counts: CatchUpCounts
  /** Lets others have their turn. */
  rest(): Promise<void>
}

/** Topics of a pattern that a gap names; of more it names the pattern. */
const MAX_NAMED = 100

/**
 * Brings a session that is behind to the head of the log, in pages, as far as there is room; then it is live.
 * Whether something is missing is decided for every page, after it was taken and before it is sent: what is kept at one page may be evicted before the next.
 */
export async function catchUp(attachment: Attachment, desk: CatchUpDesk): Promise<void> {
  const { engine, limits, counts } = desk
  if (attachment.state !== 'behind') return
  attachment.state = 'paging'
  try {
    while (attachment.isBound && attachment.hasRoom(limits)) {
      // What an engine gives at once is not awaited: the less comes between, the sooner the head is met.
      const asked = engine.page({ after: attachment.sent, limit: limits.page, size: limits.pageSize, wants: entry => attachment.wants(entry) })
      const { entries: page, offset } = asked instanceof Promise ? await asked : asked
      const told = lossesOf(attachment, engine)
      const losses = told instanceof Promise ? await told : told
      const values = losses.length > 0 ? await valuesOf(losses, attachment, offset, page, engine) : []
      const entries = values.length > 0 ? [...page, ...values].sort((one, other) => one.offset - other.offset) : page
      const topics = newlyLost(losses, attachment)
      if (!attachment.isBound) return
      const { connection, s } = attachment
      if (topics.length > 0) connection.say({ t: 'gap', s, topics })
      counts.gaps += topics.length
      if (entries.length > 0) {
        const text = entries.map(entry => entry.text).join()
        connection.write(`{"t":"page","s":${s},"m":[${text}],"offset":${offset}}`)
        counts.recovered += entries.length
        attachment.put(offset, text.length, entries.length)
      } else {
        connection.say({ t: 'position', s, offset })
        attachment.sent = offset
      }
      // From the head on it hears what is appended: nothing has come between, since nothing was awaited since the page reached it.
      if (offset === engine.head) {
        attachment.state = 'live'
        return
      }
      if (entries.length === 0) await desk.rest()
    }
  } finally {
    if (attachment.state === 'paging') attachment.state = 'behind'
  }
}

/** Topics and patterns that have lost something since the cursor: asked for once for all of them. */
function lossesOf({ grants, sent }: Attachment, engine: Engine): readonly Loss[] | Promise<readonly Loss[]> {
  const since = new Map<string, number>()
  for (const { patterns, start } of grants.values()) {
    for (const pattern of patterns) since.set(pattern, Math.min(since.get(pattern) ?? Infinity, Math.max(sent, start)))
  }
  return engine.lost({ since, limit: MAX_NAMED })
}

/** Topics of losses that the session was not told of before. */
function newlyLost(losses: readonly Loss[], attachment: Attachment): string[] {
  if (losses.length === 0) return []
  const told = (attachment.told ??= new Map())
  const topics: string[] = []
  for (const [topic, offset] of losses) {
    if (offset <= (told.get(topic) ?? 0)) continue
    told.set(topic, offset)
    topics.push(topic)
  }
  return topics
}

/** Values that lie within a page and have outlived the history around them: of a shared value nobody may miss the last. */
async function valuesOf(losses: readonly Loss[], attachment: Attachment, end: number, page: readonly LogEntry[], engine: Engine): Promise<LogEntry[]> {
  const known = new Set(page.map(({ offset }) => offset))
  const wants = (entry: LogEntry): boolean => entry.offset > attachment.sent && !known.has(entry.offset) && attachment.wants(entry)
  const values: LogEntry[] = []
  for (const topic of new Set(losses.map(([name]) => name))) {
    if (!isWildcard(topic)) values.push(...(await engine.past({ patterns: [topic], limit: 1, before: end + 1, wants })))
  }
  return values
}
