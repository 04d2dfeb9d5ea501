import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Cancel, Clock } from '@earshot/core'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { RelayCore } from '../relay/relay-core.ts'
import { ConnectionLog, type Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import { pathOf } from './paths.ts'
import { type Sending, SocketEnd } from './socket-end.ts'
import { textFrame } from './text-frame.ts'

/** What a relay is attached to: a server of `node:http` or `node:https`. */
export interface UpgradingServer {
  on(event: 'upgrade', listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): unknown
  off(event: 'upgrade', listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): unknown
  listenerCount(event: 'upgrade'): number
}

/** Where a connection came from. */
export interface Visitor {
  /** Only where somebody looks at it. */
  readonly request: IncomingMessage | undefined
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
  /** Whether anybody looks at requests later: one is as large as all else that is kept of a connection. */
  readonly keepsRequests: boolean
  readonly logger: Logger | undefined
  /** There are none until somebody asks for them. */
  readonly metrics: () => Metrics | undefined
}

/** Of whom nobody looks at anything. */
const ANYBODY: Visitor = { request: undefined, log: undefined }
/** How long a client has to close its end of the socket when the relay stops, in milliseconds. */
const FAREWELL = 1000
/** Sockets that are told why there is no room, while they close; beyond them nobody is. */
const MAX_TOLD = 1000
/** Bytes that one UTF-16 unit has in UTF-8 at most: no frame within the limit is refused for its size in bytes. */
const BYTES_PER_UNIT = 3

/** Where relays listen on each server, by what attached them. */
const attached = new WeakMap<UpgradingServer, Map<object, string>>()

function pathsOf(server: UpgradingServer): Map<object, string> {
  const paths = attached.get(server) ?? new Map<object, string>()
  attached.set(server, paths)
  return paths
}

/** Takes WebSocket connections, and hands them to the core. */
export class Acceptor {
  readonly #options: AcceptorOptions
  readonly #server: WebSocketServer
  readonly #ends = new Map<WebSocket, SocketEnd>()
  readonly #listeners: Listeners
  readonly #sending: Sending
  readonly #detaching = new Set<Cancel>()
  #count = 0
  #isClosing = false
  /** What was said last, and its frame: many are told the same. */
  #text = ''
  #frame: Buffer = Buffer.alloc(0)

  constructor(options: AcceptorOptions) {
    this.#options = options
    this.#server = new WebSocketServer({ noServer: true, maxPayload: options.frame * BYTES_PER_UNIT, perMessageDeflate: false, clientTracking: false })
    const { core, metrics } = options
    this.#listeners = listenersOf(core, this.#ends)
    this.#sending = { frameOf: text => this.#frameOf(text), sent: connection => core.drained(connection), metrics }
  }

  /** Takes what comes to `path`; the result stops that. */
  attach(server: UpgradingServer, path: string): Cancel {
    const paths = pathsOf(server)
    const own = {}
    const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      const asked = pathOf(request)
      if (asked === path) return this.#upgrade(request, socket, head)
      // With nobody else listening, the client would wait for ever. One answers for all relays of the server.
      const [first] = paths.keys()
      const isNobodys = server.listenerCount('upgrade') === paths.size && ![...paths.values()].includes(asked)
      if (isNobodys && first === own) refuse(socket, '404 Not Found')
    }
    server.on('upgrade', upgrade)
    paths.set(own, path)
    const detach = (): void => {
      server.off('upgrade', upgrade)
      paths.delete(own)
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
    const gone = [...this.#ends.keys()].map(socket => new Promise<void>(resolve => socket.once('close', () => resolve())))
    const cancel = this.#options.clock.after(FAREWELL, () => {
      for (const socket of this.#ends.keys()) socket.terminate()
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
    if (this.#ends.size >= connections + MAX_TOLD) return turnAway('503 Service Unavailable', 'there are too many connections')
    if (!isAllowed(request)) return turnAway('403 Forbidden', 'its origin is not allowed')
    this.#server.handleUpgrade(request, socket, head, accepted => this.#accept(accepted, socket, request))
  }

  #accept(socket: WebSocket, stream: Duplex, request: IncomingMessage): void {
    const { core, logger, keepsRequests } = this.#options
    const log = logger && new ConnectionLog(logger, ++this.#count, request)
    const end = new SocketEnd(socket, stream, this.#sending, log)
    this.#ends.set(socket, end)
    end.connection = core.open(end, keepsRequests || log ? { request: keepsRequests ? request : undefined, log } : ANYBODY)
    socket.on('message', this.#listeners.message)
    socket.on('error', this.#listeners.error)
    socket.on('close', this.#listeners.close)
  }

  #frameOf(text: string): Buffer {
    if (text !== this.#text) this.#frame = textFrame((this.#text = text))
    return this.#frame
  }
}

/** What is listened to on every socket: one function each for all of them, which finds the connection by the socket that calls it. */
interface Listeners {
  readonly message: (this: WebSocket, data: RawData, isBinary: boolean) => void
  readonly error: (this: WebSocket, error: Error) => void
  readonly close: (this: WebSocket, code: number) => void
}

function listenersOf(core: RelayCore, ends: Map<WebSocket, SocketEnd>): Listeners {
  return {
    message(data, isBinary) {
      const connection = ends.get(this)?.connection
      if (connection) core.take(connection, isBinary ? bytesOf(data) : String(bytesOf(data)))
    },
    // A broken frame or a reset: `close` follows, and tells all there is to do.
    error(error) {
      ends.get(this)?.log?.closing(isTooLarge(error) ? 1009 : 1006, error.message)
    },
    close(code) {
      const { connection, log } = ends.get(this) ?? {}
      ends.delete(this)
      if (connection) core.closed(connection)
      log?.closed(code)
    },
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
