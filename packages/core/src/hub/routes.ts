import { EarshotError } from '../base/errors.ts'
import type { HubSubscription, Listener } from '../delivery/subscription.ts'
import { PatternIndex } from '../topic/pattern-index.ts'
import { checkTopic, isWildcard } from '../topic/topic.ts'
import type { StandardSchema } from './schema.ts'

/** Counts of one topic. */
export interface TopicStats {
  published: number
  dropped: number
}

/** Who hears a topic: made once, never changed but for a listener that ends while a message is under way. */
export interface Route {
  readonly targets: readonly HubSubscription[]
  /** The targets' listeners, beside them: calling them needs no look into the target. */
  readonly listeners: Listener[]
  /** Some target has a wish of its own (echo), so that each must be asked. */
  readonly picky: boolean
  readonly stats: TopicStats
  readonly schema: StandardSchema | undefined
}

/** The routes of a hub: which subscriptions a topic has, found once and kept until they change. */
export class Routes {
  readonly #index = new PatternIndex<HubSubscription | Set<HubSubscription>>()
  #routes = new Map<string, Route>()
  /** Two generations of counts bound them without an order of use to keep: deleting a map's first key again and again would make it slow. */
  #stats = new Map<string, TopicStats>()
  #older = new Map<string, TopicStats>()
  readonly #limit: number
  readonly #schemaOf: ((topic: string) => StandardSchema | undefined) | undefined
  #misses = 0
  #broadcast: Route | undefined

  constructor(limit: number, schemaOf: ((topic: string) => StandardSchema | undefined) | undefined) {
    this.#limit = limit
    this.#schemaOf = schemaOf
  }

  /** The route of a topic; `''` is broadcasts. @throws `invalid-topic` */
  of(topic: string): Route {
    return this.#routes.get(topic) ?? this.#miss(topic)
  }

  /** Gives how many subscriptions the pattern has now. */
  add(pattern: string, subscription: HubSubscription): number {
    const known = this.#index.get(pattern)
    if (known instanceof Set) known.add(subscription)
    else this.#index.set(pattern, known ? new Set([known, subscription]) : subscription)
    this.#forget(pattern)
    return this.count(pattern)
  }

  /** Gives how many subscriptions the pattern has left; `undefined` when this was none of them. */
  remove(pattern: string, subscription: HubSubscription): number | undefined {
    const known = this.#index.get(pattern)
    if (known instanceof Set ? !known.delete(subscription) : known !== subscription) return undefined
    if (!(known instanceof Set) || known.size === 0) this.#index.delete(pattern)
    this.#forget(pattern)
    return this.count(pattern)
  }

  count(pattern: string): number {
    const known = this.#index.get(pattern)
    return known instanceof Set ? known.size : known ? 1 : 0
  }

  patterns(): string[] {
    return [...this.#index.entries.keys()].filter(pattern => pattern !== '')
  }

  /** Whose pattern matches the topic, in the order in which they subscribed. */
  match(topic: string): HubSubscription[] {
    let targets: HubSubscription[] = []
    let parts = 0
    this.#index.match(topic, found => {
      parts++
      if (found instanceof Set) targets = parts === 1 ? [...found] : [...targets, ...found]
      else targets.push(found)
    })
    // A subscription to several patterns may be found more than once, and is one target.
    return parts < 2 ? targets : [...new Set(targets)].sort((one, other) => one.order - other.order)
  }

  stats(topic: string): TopicStats {
    let stats = this.#stats.get(topic)
    if (!stats) {
      stats = this.#older.get(topic) ?? { published: 0, dropped: 0 }
      if (this.#stats.size >= this.#limit) {
        this.#older = this.#stats
        this.#stats = new Map()
      }
      this.#stats.set(topic, stats)
    }
    return stats
  }

  #miss(topic: string): Route {
    if (topic === '') return (this.#broadcast ??= this.#build(''))
    checkTopic(topic)
    if (topic[0] === '$') throw new EarshotError('invalid-topic', 'reserved', { topic })
    const route = this.#build(topic)
    // A full cache that gave way to each miss would cost more than none: it starts afresh once misses say that it is out of date.
    if (this.#routes.size < this.#limit) this.#routes.set(topic, route)
    else if (this.#limit > 0 && ++this.#misses > this.#limit * 4) {
      this.#routes = new Map()
      this.#misses = 0
    }
    return route
  }

  #build(topic: string): Route {
    const targets = this.match(topic)
    return {
      targets,
      listeners: targets.map(target => target.listener),
      picky: targets.some(target => target.extras?.echo === false),
      stats: this.stats(topic),
      schema: topic === '' ? undefined : this.#schemaOf?.(topic),
    }
  }

  #forget(pattern: string): void {
    if (isWildcard(pattern)) this.#routes = new Map()
    else if (pattern === '') this.#broadcast = undefined
    else this.#routes.delete(pattern)
  }
}
