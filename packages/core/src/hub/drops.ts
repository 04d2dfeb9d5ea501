/** One report of dropped messages. */
export interface Drop {
  readonly topic: string
  /** Messages dropped on this topic since the last report. */
  readonly count: number
}

/** At most one report per topic in this many milliseconds. */
export const DROP_REPORT_INTERVAL = 10_000
/** Topics whose last report is remembered. */
const MAX_TOPICS = 1000

/** Decides when drops are worth a report: the first at once, then one per topic per ten seconds with the count since the last. */
export class DropReports {
  readonly #topics = new Map<string, { since: number; count: number }>()

  /** Counts one drop; gives the report that is due, if any. */
  count(topic: string, now: number): Drop | undefined {
    const known = this.#topics.get(topic)
    if (known && now >= known.since && now - known.since < DROP_REPORT_INTERVAL) {
      known.count++
      return undefined
    }
    if (this.#topics.size >= MAX_TOPICS) this.#topics.delete(this.#topics.keys().next().value as string)
    this.#topics.set(topic, { since: now, count: 0 })
    return { topic, count: (known?.count ?? 0) + 1 }
  }
}
