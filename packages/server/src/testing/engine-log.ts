import { covers } from '@earshot/core'
import type { Engine, LogEntry, LogPage, Publication } from '../engine/engine.ts'

/** An engine under test: a log of its own, with nothing in it. */
export interface TestEngine {
  readonly engine: Engine
  /** Lets time pass. */
  advance(ms: number): Promise<void> | void
  /** Lets everything that is under way arrive. @default nothing is */
  settle?(): Promise<void>
}

/** An engine, and everything that was ever appended to it. */
export class Log {
  readonly engine: Engine
  readonly appended: LogEntry[] = []
  readonly passed: LogEntry[] = []
  readonly #under: TestEngine

  constructor(under: TestEngine) {
    this.#under = under
    this.engine = under.engine
    this.engine.connect(entry => this.appended.push(entry), entry => this.passed.push(entry))
  }

  async append(topic: string, more: Partial<Publication> = {}): Promise<LogEntry> {
    return this.engine.append(publication(topic, more))
  }

  /** So many messages over so many topics. */
  async fill(messages: number, topics: number, length = 1): Promise<void> {
    for (let index = 0; index < messages; index++) await this.append(`t/${index % topics}`, { data: 'x'.repeat(length) })
  }

  async advance(ms: number): Promise<void> {
    await this.#under.advance(ms)
  }

  async settle(): Promise<void> {
    await this.#under.settle?.()
  }

  async page({ after = 0, limit = 1000, size = 1e9, wants = () => true }: { after?: number; limit?: number; size?: number; wants?: (entry: LogEntry) => boolean }): Promise<LogPage> {
    return this.engine.page({ after, limit, size, wants })
  }

  /** All pages up to the head. */
  async all({ after = 0, ...request }: Parameters<Log['page']>[0] = {}): Promise<LogEntry[]> {
    const entries: LogEntry[] = []
    for (let at = after; at < this.engine.head; ) {
      const page = await this.page({ ...request, after: at })
      ok(page.offset > at, `a page after ${at} ends at ${page.offset}`)
      entries.push(...page.entries)
      at = page.offset
    }
    return entries
  }

  async past(patterns: string[], { limit, before }: { limit: number; before?: number | undefined }): Promise<unknown[]> {
    return dataOf(await this.engine.past({ patterns, limit, before, wants: () => true }))
  }

  async lost(pattern: string, after: number): Promise<readonly (readonly [string, number])[]> {
    return this.engine.lost({ since: new Map([[pattern, after]]), limit: 1000 })
  }

  /** For every place in the log: whatever a page does not give any more is told as lost, by topic and by wildcard. */
  async checkLosses(): Promise<void> {
    const { head } = this.engine
    const patterns = [...new Set(this.appended.map(entry => entry.topic)), '**', 't/*', '*']
    for (let after = 0; after <= head; after++) {
      const kept = new Set(this.offsets(await this.all({ after })))
      for (const pattern of patterns) {
        const missing = this.appended.filter(({ offset, topic }) => offset > after && !kept.has(offset) && (topic === pattern || covers(pattern, topic)))
        const lost = await this.lost(pattern, after)
        for (const { offset, topic } of missing) {
          const isTold = lost.some(([name, highest]) => (name === topic || name === pattern || covers(name, topic)) && highest >= offset)
          ok(isTold, `after ${after} the entry at ${offset} on ${topic} is gone, and ${pattern} has lost ${JSON.stringify(lost)}`)
        }
        for (const [name, highest] of lost) ok(highest > after && (name === pattern || covers(pattern, name)), `${pattern} has lost nothing of ${name} after ${after}`)
      }
    }
    for (const pattern of patterns) same(await this.lost(pattern, head), [], `what ${pattern} has lost after the head`)
  }

  offsets(entries: readonly LogEntry[]): number[] {
    return entries.map(entry => entry.offset)
  }
}

export function publication(topic: string, more: Partial<Publication>): Publication {
  return { topic, from: 'ada1', tag: 'doc', clock: 1, time: 0, userId: null, data: null, ...more }
}

/** What the messages of entries hold. */
export function dataOf(entries: readonly LogEntry[]): unknown[] {
  return entries.map(entry => (JSON.parse(entry.text) as unknown[])[7])
}

/** @throws Error unless it is so */
export function ok(is: boolean, otherwise: string): void {
  if (!is) throw new Error(otherwise)
}

/** @throws Error unless both are the same as JSON */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (found !== wanted) throw new Error(`${what}: ${found} instead of ${wanted}`)
}
