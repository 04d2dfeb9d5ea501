import type { IncomingMessage } from 'node:http'
import type { ErrorCode } from '@earshot/core'
import { Bucket } from '../relay/rate.ts'

/** Where a relay writes what happens: the part of a logger of pino, or of one like it, that a relay uses. */
export interface Logger {
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}

/** Lines about refused frames of one connection: a client that floods must not fill the disk. */
const REFUSALS = { perSecond: 1, burst: 10 }

/** Writes about one connection. What clients publish and the tokens they present are never written. */
export class ConnectionLog {
  readonly #logger: Logger
  readonly #connection: number
  readonly #start = performance.now()
  readonly #bucket = new Bucket(REFUSALS, performance.now())
  #user: string | null | undefined
  #refused = 0
  #said: { readonly code: number; readonly reason: string } | undefined

  constructor(logger: Logger, connection: number, { socket, headers }: IncomingMessage) {
    this.#logger = logger
    this.#connection = connection
    logger.info({ connection, address: socket.remoteAddress, origin: headers.origin }, 'connected')
  }

  /** The relay knows whose it is: said once. */
  identified(user: string | null): void {
    if (this.#user !== undefined) return
    this.#user = user
    this.#logger.info({ connection: this.#connection, user }, 'identified')
  }

  refused(what: string, code: ErrorCode, topic: string | undefined): void {
    this.#refused++
    if (!this.#bucket.take(performance.now())) return
    this.#logger.warn({ connection: this.#connection, user: this.#user, what, code, topic }, 'refused')
  }

  /** The relay closes it. */
  closing(code: number, reason: string): void {
    this.#said ??= { code, reason }
  }

  /** It is closed; what the client gave as a reason is its own affair. */
  closed(code: number): void {
    const { code: own = code, reason } = this.#said ?? {}
    const seconds = Math.round((performance.now() - this.#start) / 100) / 10
    const fields = { connection: this.#connection, user: this.#user, code: own, reason, seconds, refused: this.#refused }
    if (own >= 4400 || own === 1003 || own === 1009) this.#logger.warn(fields, 'closed')
    else this.#logger.info(fields, 'closed')
  }
}

/** What a log holds of an error: never the fields that others have put on it. */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, message, stack, cause } = error
  const code = 'code' in error ? error.code : undefined
  return { name, code, message, stack, ...(cause instanceof Error && { cause: `${cause.name}: ${cause.message}` }) }
}
