import type { IncomingMessage } from 'node:http'
import { type Cancel, checkPattern, checkTopic, type Clock, EarshotError, type Member, systemClock, systemRandom } from '@earshot/core'
import { checkValue, type Engine } from '../engine/engine.ts'
import { memoryEngine } from '../engine/memory-engine.ts'
import { timely } from '../engine/timely.ts'
import { createHandler, type HandlerOptions, type RelayHandler } from '../http/handler.ts'
import type { Authorize } from '../relay/access.ts'
import { coreOf } from '../relay/core-of.ts'
import { type Limits, limitsOf } from '../relay/limits.ts'
import type { Identity } from '../relay/identity.ts'
import type { RelayCore } from '../relay/relay-core.ts'
import { Acceptor, type UpgradingServer, type Visitor } from './acceptor.ts'
import { describeError, type Logger } from './log.ts'
import { Metrics } from './metrics.ts'
import { originCheck, type Origins } from './origins.ts'
import { checkPath } from './paths.ts'
import { readHistory, type ServerHistory, type ServerHistoryOptions } from './server-history.ts'
import { checkData, type ServerPublishOptions } from './server-publish.ts'
import type { RelayStats } from './stats.ts'

/** How a relay is made. */
export interface RelayOptions {
  /** What keeps the log. @default memoryEngine() */
  engine?: Engine
  /**
   * Looks at what a connection came with, and says whose it is. An `EarshotError` with the code `unauthorized` or `forbidden` refuses it by name;
   * `not-connected` or `timeout` say that it cannot be told now, and the client comes back later; anything else that it throws is reported and refuses it,
   * too. @default everybody is nobody in particular
   */
  authenticate?: (request: IncomingMessage, token: string | undefined) => Identity | Promise<Identity>
  /** What a user may do. @default everything */
  authorize?: Authorize
  /**
   * Signs what clients keep of their sessions' ids, 16 characters or more: a relay that is started with the same one gives an id back to who had it first.
   * @default nothing is signed: after a restart an id is whose who asks for it first
   */
  secret?: string
  /** Which pages may connect. @default 'same' */
  origins?: Origins
  /** Bounds; what is left out has its default. */
  limits?: Partial<Limits>
  /** Is told who connects and leaves, what is refused and what fails; never payloads or tokens. @default nothing is logged */
  logger?: Logger
  /** Hears what failed and no client is to blame for. @default the logger, else console.error */
  onError?: (error: unknown) => void
  /** @default the platform's timers */
  clock?: Clock
  /** Numbers in [0, 1). @default random bits of `crypto` */
  random?: () => number
}

/** How a relay is bound to a server. */
export interface AttachOptions {
  /** Where clients connect. @default '/earshot' */
  path?: string
}

/** Joins browsers. */
export interface Relay {
  /** Takes the WebSocket connections that come to `path`; the result stops that. Others are left to whoever else listens. @throws `invalid-options` */
  attach(server: UpgradingServer, options?: AttachOptions): Cancel
  /**
   * Answers HTTP requests: back ends publish and ask, probes and Prometheus look. Everything that is not the relay's goes to `next`, or is not found.
   * @throws `invalid-options`
   * @example createServer(relay.handler({ key }))
   * @example app.use(relay.handler({ key })) // Express, Connect, Vite
   */
  handler(options?: HandlerOptions): RelayHandler
  /**
   * Publishes as nobody in particular; resolves when it is in the log, with its place there.
   * @throws `invalid-topic`, `invalid-data`, `not-serializable`, `invalid-options` for a value that is volatile or for some users, `not-connected` when the relay is closed
   */
  publish(topic: string, data: unknown, options?: ServerPublishOptions): Promise<{ offset?: number }>
  /** Publishes to all that listen to broadcasts. @throws as `publish` does */
  broadcast(data: unknown, options?: ServerPublishOptions): Promise<{ offset?: number }>
  /** Messages that are kept of a topic or pattern. @throws `invalid-pattern`, `invalid-options` with both `before` and `since` */
  history(pattern: string, options?: ServerHistoryOptions): Promise<ServerHistory>
  /** Who is on a topic. */
  presence(topic: string): readonly Member[]
  /** How many sessions listen to a topic. */
  occupancy(topic: string): number
  /** Closes every connection of a user, also those whose token is still being looked at, and ends its sessions; gives how many open connections that were. */
  disconnectUser(userId: string): number
  readonly stats: RelayStats
  /** What Prometheus reads. Latencies are counted from the first call, or from the first `handler()` on. */
  metrics(): Promise<string>
  /** Stops: nobody is let in any more, clients are told to come back within `spread` milliseconds (default 5000). Resolves when all sockets are closed. */
  close(options?: { spread?: number }): Promise<void>
}

/**
 * Makes a relay; attach it to an HTTP server.
 * @throws `invalid-options`
 * @example createRelay().attach(http.createServer().listen(8080))
 */
export function createRelay(options: RelayOptions = {}): Relay {
  return new NodeRelay(options)
}

class NodeRelay implements Relay {
  readonly #engine: Engine
  readonly #limits: Limits
  readonly #core: RelayCore
  readonly #acceptor: Acceptor
  readonly #logger: Logger | undefined
  readonly #failed: (error: unknown) => void
  #metrics: Metrics | undefined
  #closing: Promise<void> | undefined

  constructor({ engine = memoryEngine(), authenticate, authorize, origins = 'same', clock = systemClock, random = systemRandom, ...options }: RelayOptions) {
    const { logger } = options
    const failed = options.onError ?? (logger ? (error: unknown) => logger.error({ error: describeError(error) }, 'failed') : console.error)
    this.#failed = failed
    this.#limits = limitsOf(options.limits)
    this.#engine = timely(engine, this.#limits.engine, clock)
    this.#logger = logger
    const identify = async (visitor: unknown, token: string | undefined): Promise<Identity> => {
      const { request, log } = visitor as Visitor
      const identity = authenticate && request ? await authenticate(request, token) : { userId: null }
      log?.identified(identity.userId)
      return identity
    }
    const isAllowed = originCheck(origins)
    const publishing = (): (() => void) | undefined => this.#metrics?.publishing()
    const { secret } = options
    this.#core = coreOf({ engine, limits: this.#limits, clock, random, secret, authorize, defer: task => setImmediate(task), authenticate: identify, publishing, onError: failed })
    this.#acceptor = new Acceptor({ core: this.#core, clock, frame: this.#limits.frame, connections: this.#limits.connections, isAllowed, keepsRequests: authenticate !== undefined, logger, metrics: () => this.#metrics })
  }

  attach(server: UpgradingServer, { path = '/earshot' }: AttachOptions = {}): Cancel {
    checkPath('path', path)
    return this.#acceptor.attach(server, path)
  }

  handler(options: HandlerOptions = {}): RelayHandler {
    this.#measure()
    const isOpen = (): boolean => this.#closing === undefined
    return createHandler({ relay: this, logger: this.#logger, isOpen, metrics: () => this.metrics(), failed: this.#failed }, options)
  }

  async publish(topic: string, data: unknown, options: ServerPublishOptions = {}): Promise<{ offset?: number }> {
    checkTopic(topic)
    return this.#publish(topic, data, options)
  }

  async broadcast(data: unknown, { to, volatile }: ServerPublishOptions = {}): Promise<{ offset?: number }> {
    return this.#publish('', data, { ...(to !== undefined && { to }), ...(volatile !== undefined && { volatile }) })
  }

  async history(pattern: string, options: ServerHistoryOptions = {}): Promise<ServerHistory> {
    checkPattern(pattern)
    return readHistory(this.#engine, pattern, this.#limits, options)
  }

  presence(topic: string): readonly Member[] {
    return this.#core.members(topic)
  }

  occupancy(topic: string): number {
    return this.#core.occupancy(topic)
  }

  disconnectUser(userId: string): number {
    return this.#core.disconnectUser(userId)
  }

  get stats(): RelayStats {
    return { ...this.#core.counts, ...this.#core.readings }
  }

  metrics(): Promise<string> {
    return this.#measure().text()
  }

  close({ spread = 5000 }: { spread?: number } = {}): Promise<void> {
    return (this.#closing ??= this.#close(spread))
  }

  async #publish(topic: string, data: unknown, { to, volatile = false, retain }: ServerPublishOptions): Promise<{ offset?: number }> {
    if (this.#closing) throw new EarshotError('not-connected', 'The relay is closed')
    checkData(topic, data)
    const publication = { topic, to: to === undefined ? undefined : [to].flat(), retain }
    checkValue(publication)
    return this.#core.publish(topic, data, { ...publication, volatile })
  }

  async #close(spread: number): Promise<void> {
    const { connections } = this.#core.readings
    this.#logger?.info({ connections, spread }, 'closing')
    this.#acceptor.stop()
    const gone = this.#acceptor.close()
    this.#core.close(spread)
    await gone
    await this.#engine.close()
  }

  #measure(): Metrics {
    return (this.#metrics ??= new Metrics(() => this.stats))
  }
}
