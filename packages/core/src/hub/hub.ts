import type { Cancel } from '../base/clock.ts'
import { checkName, checkOptions } from '../base/errors.ts'
import { type Listener, patternsOf, type Subscription } from '../delivery/subscription.ts'
import { covers, overlaps } from '../topic/match.ts'
import { checkPattern, checkTopic, isWildcard } from '../topic/topic.ts'
import { Broker } from './broker.ts'
import type { SubscribeOptions } from './listening.ts'
import type { Receipt } from './receipt.ts'
import type { TopicStats } from './routes.ts'
import { HubSession, needsTabs } from './session.ts'
import type { PublishOptions } from './transport.ts'

/** Counts since the hub was made. */
export interface HubStats {
  /** Publishes, heard or not. */
  readonly published: number
  /** Calls of listeners. */
  readonly delivered: number
  /** Deliveries lost to full queues and refused data. Skips by audience or echo are none. */
  readonly dropped: number
  readonly subscriptions: number
  readonly sessions: number
}

/** What it takes to open a session. */
export interface SessionOptions {
  /** @default random; with a transport, kept by the tab over reloads */
  id?: string
  /** Whom the session belongs to: audiences and presence know people by it. */
  userId?: string | undefined
  /** Anything the app wants to find at the session. */
  data?: unknown
}

/** The one class of hubs; users see `Hub`. */
export class EarshotHub extends Broker {
  #closing: Promise<void> | undefined

  openSession(options: SessionOptions = {}): HubSession {
    this.check()
    checkOptions(options)
    const { id, userId, data } = options
    if (id !== undefined) checkName('id', id)
    if (userId !== undefined) checkName('userId', userId)
    const known = id !== undefined && [...this.sessions].find(session => session.requestedId === id)
    if (known) return known
    const session = new HubSession(this, id, userId, data)
    this.introduce(session)
    return session
  }

  publish(topic: string, data: unknown, options?: PublishOptions): Receipt {
    return this.root.publish(topic, data, options)
  }

  broadcast(data: unknown, options?: PublishOptions): Receipt {
    return this.root.broadcast(data, options)
  }

  subscribe(pattern: string | readonly string[], listener: Listener, options?: SubscribeOptions): Subscription {
    return this.root.subscribe(pattern, listener, options)
  }

  onBroadcast(listener: Listener, options?: SubscribeOptions): Subscription {
    return this.root.onBroadcast(listener, options)
  }

  count(...patterns: string[]): Record<string, number> {
    for (const pattern of patterns) checkPattern(pattern)
    return Object.fromEntries(patterns.map(pattern => [pattern, this.routes.count(pattern)]))
  }

  topics(within = '**'): string[] {
    checkPattern(within)
    return this.routes.patterns().filter(pattern => covers(within, pattern))
  }

  hasSubscribers(topic?: string): boolean {
    const patterns = this.routes.patterns()
    if (topic === undefined) return patterns.length > 0
    checkPattern(topic)
    return isWildcard(topic) ? patterns.some(pattern => overlaps(topic, pattern)) : this.routes.match(topic).length > 0
  }

  listeners(topic: string): { id: string; userId: string | undefined }[] {
    checkTopic(topic)
    const hosts = new Set(this.routes.match(topic).map(target => target.host))
    return [...hosts].filter(host => host.id !== '').map(({ id, userId }) => ({ id, userId }))
  }

  async occupancy(topic: string): Promise<number> {
    this.check()
    const here = this.listeners(topic).length
    return here + ((await this.use()?.occupancy(topic)) ?? 0)
  }

  stats(): HubStats
  stats(topic: string): TopicStats
  stats(topic?: string): HubStats | TopicStats {
    if (topic !== undefined) {
      if (topic) checkTopic(topic)
      const { published, dropped } = this.routes.stats(topic)
      return { published, dropped }
    }
    const { published, lost, subscriptions, dispatcher, sessions } = this
    return { published, delivered: dispatcher.delivered, dropped: lost, subscriptions, sessions: sessions.size }
  }

  closeTopic(pattern: string): number {
    checkPattern(pattern)
    let ended = 0
    for (const subscription of [...this.sessions, this.root].flatMap(session => session.listenings())) {
      const patterns = [...patternsOf(subscription)]
      const inside = patterns.filter(each => covers(pattern, each))
      if (inside.length > 0) ended++
      if (inside.length === patterns.length) subscription.close('closed')
      else for (const each of inside) subscription.remove(each)
    }
    return ended
  }

  closeUser(userId: string): number {
    checkName('userId', userId)
    return [...this.sessions].filter(session => session.userId === userId).reduce((count, session) => count + session.kick(), 0)
  }

  onLeader(task: () => void | (() => void)): Cancel {
    this.check()
    const connection = this.use()
    if (!connection?.lead) throw needsTabs('onLeader')
    return connection.lead(task)
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #close(): Promise<void> {
    // What is called meanwhile finds the hub closed.
    this.isClosed = true
    this.#closing = Promise.resolve()
    for (const session of [...this.sessions, this.root]) session.close()
    return this.disconnect()
  }
}
