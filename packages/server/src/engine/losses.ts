import { isWildcard, PatternIndex } from '@earshot/core'
import type { Loss, LossRequest } from './engine.ts'
import { waysOf } from './topic-filter.ts'
import type { Turns, Work } from './turns.ts'

/** A topic that is remembered, as far as it has lost something. */
export interface Lossy {
  readonly topic: string
  /** The highest offset that it has lost. */
  evicted: number
}

/** What a wildcard has lost: topics by name, until they are too many. */
interface Finding {
  readonly after: number
  readonly topics: Map<string, number>
  highest: number
}

/** Offsets that share a bucket: as many topics can have lost their last there. */
const WIDTH = 512
/** First levels of forgotten topics that are told apart. */
const MAX_FLOORS = 1000
/** So many empty buckets cost as much as a look at a topic. */
const EMPTY = 50

/**
 * Remembers what topics have lost, ordered by offset: whoever asks what was lost since some place looks at those topics only that have lost something later.
 * Of topics that are forgotten only their first level is known, and how far they reached.
 */
export class Losses {
  readonly #buckets = new Map<number, Set<Lossy>>()
  readonly #floors = new Map<string, number>()
  /** Of all first levels that are not told apart. */
  #otherFloor = 0
  /** The highest offset lost by a topic that is remembered, and by any that is forgotten. */
  #highest = 0
  #floor = 0

  /** A topic has lost a message. */
  evict(log: Lossy, offset: number): void {
    if (offset <= log.evicted) return
    const [from, to] = [bucketOf(log.evicted), bucketOf(offset)]
    if (from !== to) this.#remove(log)
    const bucket = this.#buckets.get(to)
    if (bucket) bucket.add(log)
    else this.#buckets.set(to, new Set([log]))
    log.evicted = offset
    if (offset > this.#highest) this.#highest = offset
  }

  /** A topic is not remembered any more, which had messages up to an offset. */
  forget(log: Lossy, last: number): void {
    this.#remove(log)
    const level = firstLevel(log.topic)
    if (last > this.#floor) this.#floor = last
    if (this.#floors.size < MAX_FLOORS || this.#floors.has(level)) this.#floors.set(level, Math.max(last, this.#floors.get(level) ?? 0))
    else this.#otherFloor = Math.max(last, this.#otherFloor)
  }

  /** Up to which offset a topic may have lost messages that is not remembered; of a wildcard any topic within it. */
  floorOf(topic: string): number {
    const level = firstLevel(topic)
    return level === '*' || level === '**' ? this.#floor : Math.max(this.#otherFloor, this.#floors.get(level) ?? 0)
  }

  /** @param known what a topic has lost, if it is remembered */
  *find({ since, limit }: LossRequest, known: (topic: string) => number | undefined, turns: Turns): Work<readonly Loss[]> {
    let least = Infinity
    for (const after of since.values()) if (after < least) least = after
    if (Math.max(this.#highest, this.#floor) <= least) return []
    const wildcards = [...since].filter(([pattern]) => isWildcard(pattern))
    const findings = wildcards.length > 0 && this.#highest > least ? yield* this.#look(wildcards, least, limit, turns) : new Map<string, Finding>()
    // What was lost meanwhile is among it: a topic's highest offset only rises.
    const losses = new Map<string, number>()
    for (const [pattern, after] of since) {
      const finding = findings.get(pattern)
      if (finding && finding.topics.size <= limit) for (const [topic, offset] of finding.topics) losses.set(topic, offset)
      const own = isWildcard(pattern) ? Math.max(this.floorOf(pattern), finding && finding.topics.size > limit ? finding.highest : 0) : (known(pattern) ?? this.floorOf(pattern))
      if (own > after) losses.set(pattern, own)
    }
    turns.spend(since.size / 10)
    return [...losses]
  }

  /** Looks at every topic that has lost something since, once for all wildcards. */
  *#look(wildcards: readonly (readonly [pattern: string, after: number])[], least: number, limit: number, turns: Turns): Work<Map<string, Finding>> {
    const index = new PatternIndex<Finding>()
    for (const [pattern, after] of wildcards) index.set(pattern, { after, topics: new Map(), highest: 0 })
    const cost = waysOf(wildcards.map(([pattern]) => pattern))
    // Up to what is the highest by then: a topic that loses something meanwhile goes on there.
    for (let bucket = bucketOf(least), empty = 0; bucket <= bucketOf(this.#highest); bucket++) {
      const logs = this.#buckets.get(bucket)
      if (!logs && ++empty % (WIDTH * EMPTY) > 0) continue
      for (const { topic, evicted } of logs ?? []) if (evicted > least) index.match(topic, finding => note(finding, topic, evicted, limit))
      turns.spend(logs ? logs.size * cost : WIDTH)
      yield
    }
    return index.entries
  }

  #remove(log: Lossy): void {
    const bucket = bucketOf(log.evicted)
    const logs = this.#buckets.get(bucket)
    if (logs?.delete(log) && logs.size === 0) this.#buckets.delete(bucket)
  }
}

function note(finding: Finding, topic: string, offset: number, limit: number): void {
  if (offset <= finding.after) return
  // One more than are named says that there are too many.
  if (finding.topics.size <= limit || finding.topics.has(topic)) finding.topics.set(topic, offset)
  if (offset > finding.highest) finding.highest = offset
}

function bucketOf(offset: number): number {
  return Math.floor(offset / WIDTH)
}

function firstLevel(topic: string): string {
  const end = topic.indexOf('/')
  return end < 0 ? topic : topic.slice(0, end)
}
