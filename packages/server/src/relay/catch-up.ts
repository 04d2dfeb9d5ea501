import type { Engine } from '../engine/engine.ts'
import type { Attachment } from './attachment.ts'
import type { Limits } from './limits.ts'

/** What catching up says. */
export interface CatchUpCounts {
  recovered: number
  gaps: number
}

/**
 * Brings a session that is behind to the head of the log, in pages, as far as there is room; then it is live.
 * Whether something is missing is decided before every page: what is kept at one page may be evicted before the next.
 */
export async function catchUp(attachment: Attachment, engine: Engine, limits: Limits, counts: CatchUpCounts): Promise<void> {
  if (attachment.paging || attachment.state !== 'behind') return
  attachment.paging = true
  try {
    while (attachment.isBound && attachment.hasRoom(limits)) {
      const after = attachment.sent
      const { entries, offset } = await engine.page({ after, limit: limits.page, size: limits.pageSize, wants: entry => attachment.wants(entry) })
      // Asked for last, and told first: what was evicted while the page was made is told, too.
      await tellGaps(attachment, engine, counts)
      if (!attachment.isBound) return
      const { connection, s } = attachment
      if (entries.length > 0) {
        const text = entries.map(entry => entry.text).join()
        connection.write(`{"t":"page","s":${s},"m":[${text}],"offset":${offset}}`)
        counts.recovered += entries.length
        attachment.put(offset, text.length, entries.length)
      } else {
        connection.say({ t: 'position', s, offset })
        attachment.sent = offset
      }
      // From the head on it hears what is appended: nothing has come between, since nothing was awaited.
      if (offset === engine.head) {
        attachment.state = 'live'
        return
      }
    }
  } finally {
    attachment.paging = false
  }
}

async function tellGaps(attachment: Attachment, engine: Engine, counts: CatchUpCounts): Promise<void> {
  const { told } = attachment
  const topics: string[] = []
  for (const { patterns, start } of [...attachment.grants.values()]) {
    for (const pattern of patterns) {
      for (const [topic, offset] of await engine.lost(pattern, Math.max(attachment.sent, start))) {
        if (offset <= (told.get(topic) ?? 0)) continue
        told.set(topic, offset)
        topics.push(topic)
      }
    }
  }
  if (topics.length === 0 || !attachment.isBound) return
  counts.gaps += topics.length
  attachment.connection.say({ t: 'gap', s: attachment.s, topics })
}
