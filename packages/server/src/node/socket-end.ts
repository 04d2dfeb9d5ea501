import type { ErrorCode } from '@earshot/core'
import type { WebSocket } from 'ws'
import type { Connection, Socket } from '../relay/connection.ts'
import type { ConnectionLog } from './log.ts'
import type { Metrics } from './metrics.ts'

/** What all sockets of a relay have in common. */
export interface Sending {
  /** The bytes of a text: many are told the same. */
  bytesOf(text: string): Buffer
  /** The system has taken what a connection was told. */
  sent(connection: Connection): void
  /** There are none until somebody asks for them. */
  metrics(): Metrics | undefined
}

const TEXT = { binary: false }
const BINARY = { binary: true }

/** The relay's end of one WebSocket. There are many, and most are idle: it holds no function of its own. */
export class SocketEnd implements Socket {
  readonly log: ConnectionLog | undefined
  /** As soon as the core has taken it. */
  connection: Connection | undefined
  readonly #socket: WebSocket
  readonly #sending: Sending

  constructor(socket: WebSocket, sending: Sending, log: ConnectionLog | undefined) {
    this.#socket = socket
    this.#sending = sending
    this.log = log
  }

  send(unit: string | Uint8Array, reports: boolean): void {
    const timed = this.#sending.metrics()?.sending()
    const isText = typeof unit === 'string'
    const bytes = isText ? this.#sending.bytesOf(unit) : unit
    if (!reports && !timed) return this.#socket.send(bytes, isText ? TEXT : BINARY)
    this.#socket.send(bytes, isText ? TEXT : BINARY, () => {
      timed?.()
      if (this.connection) this.#sending.sent(this.connection)
    })
  }

  close(code: number, reason: string): void {
    this.log?.closing(code, reason)
    this.#socket.close(code, reason)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  terminate(): void {
    this.#socket.terminate()
  }

  get buffered(): number {
    return this.#socket.bufferedAmount
  }

  refused(what: string, code: ErrorCode, topic: string | undefined): void {
    this.log?.refused(what, code, topic)
  }
}
