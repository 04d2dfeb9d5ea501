import { capture, type History } from '@earshot/core'
import { readSaid } from './items.ts'
import type { EncodedItem } from './wire.ts'

/** A message as it is kept: its item, and what is asked of it without decoding. */
export interface Kept {
  readonly topic: string
  readonly id: string
  readonly clock: number
  readonly from: string
  readonly userId: string | undefined
  /** What its id begins with. */
  readonly key: string
  /** The tab that published it. */
  readonly node: string
  readonly item: EncodedItem
  /** Others may have said more since, unkept: nobody can go on from here. */
  readonly isLoose?: boolean
}

/** The last messages of each topic: bounded by messages a topic and by topics; the topic unused for longest goes first. */
export class HistoryRings {
  readonly #perTopic: number
  readonly #topics: number
  readonly #rings = new Map<string, Kept[]>()

  constructor(perTopic: number, topics: number) {
    this.#perTopic = perTopic
    this.#topics = topics
  }

  add(kept: Kept): void {
    const ring = this.#rings.get(kept.topic) ?? []
    if (this.#perTopic === 0) return
    ring.push(kept)
    if (ring.length > this.#perTopic * 2) ring.splice(0, ring.length - this.#perTopic)
    this.#rings.delete(kept.topic)
    this.#rings.set(kept.topic, ring)
    if (this.#rings.size > this.#topics) this.#rings.delete(this.#rings.keys().next().value as string)
  }

  /** Forgets topics that nobody wants any more; of those that hold a shared value, all but the last message. */
  tidy(wanted: (topic: string) => boolean, states: { has(topic: string): boolean }): void {
    for (const [topic, ring] of this.#rings) {
      if (wanted(topic)) continue
      if (states.has(topic)) this.#rings.set(topic, lastOf(ring, 1).map(last => ({ ...last, isLoose: true })))
      else this.#rings.delete(topic)
    }
  }

  /** The last `limit` messages of these patterns in shown order, between two places of it. */
  find(patterns: readonly string[], limit: number, since: Place | undefined, before: Place | undefined): Kept[] {
    const found: Kept[] = []
    for (const [topic, ring] of this.#rings) {
      if (patterns.some(pattern => capture(pattern, topic))) found.push(...ring.slice(-this.#perTopic))
    }
    return lastOf(found, limit, since, before)
  }

  has(id: string, topic: string): boolean {
    return this.#rings.get(topic)?.slice(-this.#perTopic).some(kept => kept.id === id && !kept.isLoose) ?? false
  }
}

/** A place in the shown order. */
export type Place = Pick<Kept, 'clock' | 'from'>

/** Each message once, in shown order, within bounds: the last `limit` of them. */
export function lastOf<T extends Kept>(messages: readonly T[], limit: number, since?: Place, before?: Place): T[] {
  const byId = new Map(messages.map(message => [message.id, message]))
  const inside = [...byId.values()].filter(message => (!since || order(message, since) > 0) && (!before || order(message, before) < 0))
  return limit ? inside.sort(order).slice(-limit) : []
}

function order(one: Place, other: Place): number {
  return one.clock - other.clock || (one.from < other.from ? -1 : one.from > other.from ? 1 : 0)
}

/** A kept message as the hub takes it; a fresh copy of its data, so that no listener shares it with the ring. */
export function revive({ item, from, userId, key }: Kept): History['messages'] {
  const said = readSaid(typeof item === 'string' ? item : structuredClone(item))
  if (said?.kind !== 'publication') return []
  const { topic, data, clock, time } = said
  return [{ topic, data, clock, time, from, userId, key }]
}
