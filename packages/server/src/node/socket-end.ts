import type { Duplex } from 'node:stream'
import type { ErrorCode } from '@earshot/core'
import type { WebSocket } from 'ws'
import type { Connection, Socket } from '../relay/connection.ts'
import type { ConnectionLog } from './log.ts'
import type { Metrics } from './metrics.ts'

/** What all sockets of a relay have in common. */
export interface Sending {
  /** The frame of a text: many are told the same. */
  frameOf(text: string): Buffer
  /** The system has taken what a connection was told. */
  sent(connection: Connection): void
  /** There are none until somebody asks for them. */
  metrics(): Metrics | undefined
}

const BINARY = { binary: true }
/** What a WebSocket says of itself while frames may be sent. */
const OPEN = 1

/** The relay's end of one WebSocket. There are many, and most are idle: it holds no function of its own. */
export class SocketEnd implements Socket {
  readonly log: ConnectionLog | undefined
  /** As soon as the core has taken it. */
  connection: Connection | undefined
  readonly #socket: WebSocket
  readonly #stream: Duplex
  readonly #sending: Sending

  constructor(socket: WebSocket, stream: Duplex, sending: Sending, log: ConnectionLog | undefined) {
    this.#socket = socket
    this.#stream = stream
    this.#sending = sending
    this.log = log
  }

  send(unit: string | Uint8Array, reports: boolean): void {
    const timed = this.#sending.metrics()?.sending()
    const sent = reports || timed ? this.#report(timed) : undefined
    if (typeof unit !== 'string') this.#socket.send(unit, BINARY, sent)
    // Nothing is compressed, so `ws` writes each of its own frames in one piece, too: theirs and ours follow one another.
    else if (this.#socket.readyState === OPEN) this.#stream.write(this.#sending.frameOf(unit), sent)
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
    return this.#stream.writableLength
  }

  refused(what: string, code: ErrorCode, topic: string | undefined): void {
    this.log?.refused(what, code, topic)
  }

  #report(timed: (() => void) | undefined): () => void {
    return () => {
      timed?.()
      if (this.connection) this.#sending.sent(this.connection)
    }
  }
}
