import { type Cancel, checkTopic, type Clock, type Member } from '@earshot/core'
import { IncomingMessage } from 'node:http'
import { Socket as NetSocket } from 'node:net'
import type { Engine } from '../engine/engine.ts'
import type { Authorize } from '../relay/access.ts'
import type { Socket } from '../relay/connection.ts'
import { coreOf } from '../relay/core-of.ts'
import type { Limits } from '../relay/limits.ts'
import type { Identity } from '../relay/identity.ts'
import type { RelayCore } from '../relay/relay-core.ts'
import type { Line, RelayEnd } from './line.ts'

/** What a relay in a test network takes of the options of `createRelay`. */
export interface TestRelayOptions {
  authenticate?: (request: IncomingMessage, token: string | undefined) => Identity | Promise<Identity>
  authorize?: Authorize
  limits?: Partial<Limits>
  secret?: string
  /** The relay's time of day, which may be set; its timers go by the network's clock. @default the network's */
  now?: () => number
  /** Hears what failed and no client is to blame for. @default it is thrown at the next `settle` or `advance` */
  onError?: (error: unknown) => void
}

/** What a test may ask of a relay. */
export type RelayReadings = RelayCore['readings'] & RelayCore['counts']

/** One life of a relay: from its start until it stops or is killed. */
export class RelayLife {
  readonly engine: Engine
  readonly #core: RelayCore
  readonly #lines = new Set<Line>()
  #isAlive = true

  constructor(engine: Engine, { now = () => clock.now(), ...options }: TestRelayOptions, clock: Clock, random: () => number) {
    this.engine = engine
    const onError =
      options.onError ??
      ((error: unknown): void => {
        clock.after(0, () => {
          throw error
        })
      })
    const own: Clock = { now, after: (delay, task): Cancel => clock.after(delay, () => this.#isAlive && task()) }
    this.#core = coreOf<IncomingMessage>({ ...options, engine: this.#fenced(engine), clock: own, random, onError, defer: task => own.after(0, task) })
  }

  /** A process that is gone asks its log for nothing more, whatever it was about to do. */
  #fenced(engine: Engine): Engine {
    const never = new Promise<never>(() => {})
    const whileAlive = <T>(ask: () => T): T | Promise<never> => (this.#isAlive ? ask() : never)
    return {
      get epoch() {
        return engine.epoch
      },
      get head() {
        return engine.head
      },
      connect: (appended, passed, defer) => engine.connect(appended, passed, defer),
      append: publication => whileAlive(() => engine.append(publication)),
      pass: publication => void whileAlive(() => engine.pass(publication)),
      page: request => whileAlive(() => engine.page(request)),
      past: request => whileAlive(() => engine.past(request)),
      lost: request => whileAlive(() => engine.lost(request)),
      close: () => engine.close(),
    }
  }

  get readings(): RelayReadings {
    return { ...this.#core.readings, ...this.#core.counts }
  }

  accept(line: Line, socket: Socket, url: string): RelayEnd {
    this.#lines.add(line)
    const connection = this.#core.open(socket, requestFor(url))
    return {
      take: unit => {
        if (this.#isAlive) this.#core.take(connection, unit)
      },
      drained: () => {
        if (this.#isAlive) this.#core.drained(connection)
      },
      closed: () => {
        this.#lines.delete(line)
        if (this.#isAlive) this.#core.closed(connection)
      },
    }
  }

  publish(topic: string, data: unknown, options: { to?: readonly string[]; volatile?: boolean; retain?: boolean }): Promise<{ offset?: number }> {
    if (topic !== '') checkTopic(topic)
    return this.#core.publish(topic, data, options)
  }

  members(topic: string): readonly Member[] {
    return this.#core.members(topic)
  }

  occupancy(topic: string): number {
    return this.#core.occupancy(topic)
  }

  disconnectUser(userId: string): number {
    return this.#core.disconnectUser(userId)
  }

  /** Says good-bye to everybody, and ends. */
  close(spread: number): void {
    this.#core.close(spread)
    this.#isAlive = false
  }

  /** Ends in the middle of whatever it does. */
  kill(isTold: boolean): void {
    this.#isAlive = false
    for (const line of this.#lines) line.orphan(isTold)
  }
}

/** The request that a client of `url` would have come with. */
function requestFor(url: string): IncomingMessage {
  const { host, pathname, search } = new URL(url)
  const request = new IncomingMessage(new NetSocket())
  request.url = pathname + search
  request.headers = { host }
  return request
}
