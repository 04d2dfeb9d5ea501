import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Cancel, Clock } from '@earshot/core'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Socket } from '../relay/connection.ts'
import type { RelayCore } from '../relay/relay-core.ts'
import { ConnectionLog, type Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import { pathOf } from './paths.ts'

/** What a relay is attached to: a server of `node:http` or `node:https`. */
export interface UpgradingServer {
  on(event: 'upgrade', listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): unknown
  off(event: 'upgrade', listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): unknown
  listenerCount(event: 'upgrade'): number
}

/** Where a connection came from. */
export interface Visitor {
  readonly request: IncomingMessage
  readonly log: ConnectionLog | undefined
}

/** What taking connections needs of the relay. */
export interface AcceptorOptions {
  readonly core: RelayCore
  readonly clock: Clock
  /** Characters of a frame at most. */
  readonly frame: number
  /** Connections at most; the core tells those beyond why. */
  readonly connections: number
  readonly isAllowed: (request: IncomingMessage) => boolean
  readonly logger: Logger | undefined
  /** There are none until somebody asks for them. */
  readonly metrics: () => Metrics | undefined
}

/** How long a client has to close its end of the socket when the relay stops, in milliseconds. */
const FAREWELL = 1000
/** Sockets that are told why there is no room, while they close; beyond them nobody is. */
const MAX_TOLD = 1000
/** Bytes that one UTF-16 unit has in UTF-8 at most: no frame within the limit is refused for its size in bytes. */
const BYTES_PER_UNIT = 3

/** Takes WebSocket connections, and hands them to the core. */
export class Acceptor {
  readonly #options: AcceptorOptions
  readonly #server: WebSocketServer
  readonly #sockets = new Set<WebSocket>()
  readonly #detaching = new Set<Cancel>()
  #count = 0
  #isClosing = false
  /** What was said last, and its bytes: many are told the same. */
  #text = ''
  #bytes: Buffer = Buffer.alloc(0)

  constructor(options: AcceptorOptions) {
    this.#options = options
    this.#server = new WebSocketServer({ noServer: true, maxPayload: options.frame * BYTES_PER_UNIT, perMessageDeflate: false, clientTracking: false })
  }

  /** Takes what comes to `path`; the result stops that. */
  attach(server: UpgradingServer, path: string): Cancel {
    const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (pathOf(request) === path) this.#upgrade(request, socket, head)
      // With nobody else listening, the client would wait for ever.
      else if (server.listenerCount('upgrade') === 1) refuse(socket, '404 Not Found')
    }
    server.on('upgrade', upgrade)
    const detach = (): void => {
      server.off('upgrade', upgrade)
      this.#detaching.delete(detach)
    }
    this.#detaching.add(detach)
    return detach
  }

  /** From now on nobody is let in. */
  stop(): void {
    this.#isClosing = true
  }

  /** Resolves when all sockets are closed: those that do not hang up in time are cut off. */
  async close(): Promise<void> {
    const gone = [...this.#sockets].map(socket => new Promise<void>(resolve => socket.once('close', () => resolve())))
    const cancel = this.#options.clock.after(FAREWELL, () => {
      for (const socket of this.#sockets) socket.terminate()
    })
    await Promise.all(gone)
    cancel()
    for (const detach of this.#detaching) detach()
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { isAllowed, logger, connections } = this.#options
    const turnAway = (status: string, why: string): void => {
      logger?.warn({ address: request.socket.remoteAddress, origin: request.headers.origin, why }, 'turned away')
      refuse(socket, status)
    }
    if (this.#isClosing) return turnAway('503 Service Unavailable', 'the relay stops')
    if (this.#sockets.size >= connections + MAX_TOLD) return turnAway('503 Service Unavailable', 'there are too many connections')
    if (!isAllowed(request)) return turnAway('403 Forbidden', 'its origin is not allowed')
    this.#server.handleUpgrade(request, socket, head, accepted => this.#accept(accepted, request))
  }

  #accept(socket: WebSocket, request: IncomingMessage): void {
    const { core, logger, metrics } = this.#options
    const log = logger && new ConnectionLog(logger, ++this.#count, request)
    this.#sockets.add(socket)
    const end: Socket = {
      send: unit => {
        const sent = metrics()?.sending()
        const isText = typeof unit === 'string'
        socket.send(isText ? this.#bytesOf(unit) : unit, { binary: !isText }, () => {
          sent?.()
          core.drained(connection)
        })
      },
      close: (code, reason) => {
        log?.closing(code, reason)
        socket.close(code, reason)
      },
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      terminate: () => socket.terminate(),
      get buffered() {
        return socket.bufferedAmount
      },
      refused: (what, code, topic) => log?.refused(what, code, topic),
    }
    const visitor: Visitor = { request, log }
    const connection = core.open(end, visitor)
    socket.on('message', (data, isBinary) => core.take(connection, isBinary ? bytesOf(data) : String(bytesOf(data))))
    // A broken frame or a reset: `close` follows, and tells all there is to do.
    socket.on('error', error => log?.closing(isTooLarge(error) ? 1009 : 1006, error.message))
    socket.on('close', code => {
      this.#sockets.delete(socket)
      core.closed(connection)
      log?.closed(code)
    })
  }

  #bytesOf(text: string): Buffer {
    if (text !== this.#text) this.#bytes = Buffer.from((this.#text = text))
    return this.#bytes
  }
}

function refuse(socket: Duplex, status: string): void {
  // It may be gone already; nobody else listens for that any more.
  socket.on('error', () => {})
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function isTooLarge(error: Error): boolean {
  return 'code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
}

/** What `ws` gives for a message: a buffer, unless it is told otherwise. */
function bytesOf(data: RawData): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.concat([data].flat().map(part => Buffer.from(part as ArrayBuffer)))
}
