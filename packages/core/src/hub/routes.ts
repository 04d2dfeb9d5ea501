import { EarshotError } from '../base/errors.ts'
import type { HubSubscription, Listener } from '../delivery/subscription.ts'
import { PatternIndex } from '../topic/pattern-index.ts'
import { checkTopic, isWildcard } from '../topic/topic.ts'
import type { StandardSchema } from './schema.ts'

const NONE: never[] = []

/** Counts of one topic. */
export interface TopicStats {
  published: number
  dropped: number
}

/** A topic in use: its counts, and who hears it. Its arrays are never changed, but for a listener that ends while a message is under way. */
export class Route implements TopicStats {
  published = 0
  dropped = 0
  /** The subscriptions are as they were at this version of the patterns. */
  version = 0
  targets: readonly HubSubscription[] = NONE
  /** The targets' listeners, beside them: calling them needs no look into the target. */
  listeners: Listener[] = NONE
  /** Some target has a wish of its own (echo), so that each must be asked. */
  picky = false
  readonly schema: StandardSchema | undefined

  constructor(schema: StandardSchema | undefined) {
    this.schema = schema
  }
}

/** The routes of a hub: which subscriptions a topic has, found once and kept until they change. */
export class Routes {
  readonly #index = new PatternIndex<HubSubscription | Set<HubSubscription>>()
  readonly #routes = new Map<string, Route>()
  /** Counts the changes of wildcard patterns, each of which may matter to any topic. */
  #version = 1
  #misses = 0
  readonly #limit: number
  readonly #schemaOf: ((topic: string) => StandardSchema | undefined) | undefined

  constructor(limit: number, schemaOf: ((topic: string) => StandardSchema | undefined) | undefined) {
    this.#limit = limit
    this.#schemaOf = schemaOf
  }

  /** The route of a topic; `''` is broadcasts. @throws `invalid-topic` */
  of(topic: string): Route {
    const route = this.#routes.get(topic)
    return route !== undefined && route.version === this.#version ? route : this.#find(topic, route)
  }

  /** Gives how many subscriptions the pattern has now. */
  add(pattern: string, subscription: HubSubscription): number {
    const known = this.#index.get(pattern)
    if (known instanceof Set) known.add(subscription)
    else this.#index.set(pattern, known ? new Set([known, subscription]) : subscription)
    return this.#changed(pattern)
  }

  /** Gives how many subscriptions the pattern has left; `undefined` when this was none of them. */
  remove(pattern: string, subscription: HubSubscription): number | undefined {
    const known = this.#index.get(pattern)
    if (known instanceof Set ? !known.delete(subscription) : known !== subscription) return undefined
    if (!(known instanceof Set) || known.size === 0) this.#index.delete(pattern)
    return this.#changed(pattern)
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
    let targets: HubSubscription[] = NONE
    let parts = 0
    this.#index.match(topic, found => {
      parts++
      // No literal: an engine that has seen its arrays last would give all of them a long life, and a full cache pays for that.
      targets = targets.concat(found instanceof Set ? [...found] : found)
    })
    // A subscription to several patterns may be found more than once, and is one target.
    return parts < 2 ? targets : [...new Set(targets)].sort((one, other) => one.order - other.order)
  }

  /** What is known of a topic, be it one to publish to or not. */
  stats(topic: string): Route {
    return this.#routes.get(topic) ?? this.#create(topic)
  }

  #create(topic: string): Route {
    const route = new Route(this.#schemaOf?.(topic))
    // Giving way to each new topic would cost more than no cache at all: full, it starts afresh once misses say that it is out of date.
    if (this.#routes.size < this.#limit) this.#routes.set(topic, route)
    else if (this.#limit > 0 && ++this.#misses > this.#limit * 16) {
      this.#routes.clear()
      this.#misses = 0
    }
    return route
  }

  #find(topic: string, known: Route | undefined): Route {
    if (topic !== '') checkTopic(topic)
    if (topic[0] === '$') throw new EarshotError('invalid-topic', 'reserved', { topic })
    const route = known ?? this.#create(topic)
    const targets = this.match(topic)
    route.version = this.#version
    route.targets = targets
    route.listeners = targets.map(target => target.listener)
    route.picky = targets.some(target => target.extras?.echo === false)
    return route
  }

  #changed(pattern: string): number {
    const route = this.#routes.get(pattern)
    if (isWildcard(pattern)) this.#version++
    else if (route) route.version = 0
    return this.count(pattern)
  }
}
