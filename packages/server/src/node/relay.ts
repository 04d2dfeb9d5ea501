import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Cancel, checkTopic, type Clock, EarshotError, type Member, systemClock, systemRandom } from '@earshot/core'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Engine } from '../engine/engine.ts'
import { memoryEngine } from '../engine/memory-engine.ts'
import type { Authorize } from '../relay/access.ts'
import { DEFAULT_LIMITS, type Limits } from '../relay/limits.ts'
import { type Identity, RelayCore } from '../relay/relay-core.ts'
import { isAllowedOrigin, type Origins } from './origins.ts'

/** How a relay is made. */
export interface RelayOptions {
  /** What keeps the log. @default memoryEngine() */
  engine?: Engine
  /**
   * Looks at what a connection came with, and says whose it is. An `EarshotError` with the code `unauthorized` or `forbidden` refuses it by name,
   * anything else that it throws is reported and refuses it, too. @default everybody is nobody in particular
   */
  authenticate?: (request: IncomingMessage, token: string | undefined) => Identity | Promise<Identity>
  /** What a user may do. @default everything */
  authorize?: Authorize
  /** Which pages may connect. @default 'same' */
  origins?: Origins
  /** Bounds; what is left out has its default. */
  limits?: Partial<Limits>
  /** Hears what failed and no client is to blame for. @default console.error */
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

/** How the server itself publishes. */
export interface ServerPublishOptions {
  /** Only sessions of these users hear it. */
  to?: string | readonly string[]
  /** Not kept. @default false */
  volatile?: boolean
  /** The topic's value from now on. @default false */
  retain?: boolean
}

/** Readings of a relay; those in the first line rise until it ends. */
export interface RelayStats {
  readonly published: number
  readonly delivered: number
  readonly refused: number
  readonly recovered: number
  readonly gaps: number
  /** Volatile messages that slow consumers did not get. */
  readonly skipped: number
  readonly connections: number
  /** Attached or not gone for good. */
  readonly sessions: number
  readonly subscriptions: number
  /** Bytes that sockets have not sent yet. */
  readonly buffered: number
}

/** Joins browsers. */
export interface Relay {
  /** Takes the WebSocket connections that come to `path`; the result stops that. Others are left to whoever else listens. */
  attach(server: Server, options?: AttachOptions): Cancel
  /** Publishes as nobody in particular. @throws `invalid-topic`, `invalid-data` */
  publish(topic: string, data: unknown, options?: ServerPublishOptions): Promise<{ offset?: number }>
  /** Publishes to all that listen to broadcasts. */
  broadcast(data: unknown, options?: ServerPublishOptions): Promise<{ offset?: number }>
  /** Who is on a topic. */
  presence(topic: string): readonly Member[]
  /** How many sessions listen to a topic. */
  occupancy(topic: string): number
  /** Closes every connection of a user, and ends its sessions; gives how many connections that were. */
  disconnectUser(userId: string): number
  readonly stats: RelayStats
  /** Stops: clients are told to come back within `spread` milliseconds (default 5000). Resolves when all sockets are closed. */
  close(options?: { spread?: number }): Promise<void>
}

/** How long a client has to close its end of the socket when the relay stops. */
const FAREWELL = 1000

/**
 * Makes a relay; attach it to an HTTP server.
 * @throws `invalid-options`
 * @example createRelay().attach(http.createServer().listen(8080))
 */
export function createRelay(options: RelayOptions = {}): Relay {
  const { engine = memoryEngine(), authenticate, authorize, origins = 'same', clock = systemClock, random = systemRandom } = options
  const { onError = (error: unknown) => console.error(error) } = options
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits }
  const core = new RelayCore({
    engine,
    limits,
    clock,
    random,
    authorize,
    defer: task => setImmediate(task),
    identify: async (request, token) => (authenticate ? await authenticate(request as IncomingMessage, token) : { userId: null }),
    failed: onError,
  })
  const detaching = new Set<Cancel>()
  const sockets = new Set<WebSocket>()
  const acceptor = new WebSocketServer({ noServer: true, maxPayload: limits.frame, perMessageDeflate: false, clientTracking: false })

  // Many are told the same: its bytes are made once.
  let last = ''
  let bytes = Buffer.alloc(0)
  const bytesOf = (text: string): Buffer => {
    if (text !== last) bytes = Buffer.from((last = text))
    return bytes
  }

  const accept = (socket: WebSocket, request: IncomingMessage): void => {
    sockets.add(socket)
    const end = {
      send: (text: string) => socket.send(bytesOf(text), { binary: false }, () => core.drained(connection)),
      close: (code: number, reason: string) => socket.close(code, reason),
      terminate: () => socket.terminate(),
      get buffered() {
        return socket.bufferedAmount
      },
    }
    const connection = core.open(end, request)
    socket.on('message', (data, isBinary) => (isBinary ? socket.close(1003, 'text frames only') : core.take(connection, textOf(data))))
    // A broken frame or a reset: `close` follows, and tells all there is to do.
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      core.closed(connection)
    })
  }

  return {
    attach(server, { path = '/earshot' } = {}) {
      const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
        const { pathname } = new URL(request.url ?? '/', 'http://relay')
        if (pathname !== path) return
        if (!isAllowedOrigin(request, origins)) return void socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
        acceptor.handleUpgrade(request, socket, head, accepted => accept(accepted, request))
      }
      server.on('upgrade', upgrade)
      const detach = (): void => {
        server.off('upgrade', upgrade)
        detaching.delete(detach)
      }
      detaching.add(detach)
      return detach
    },
    async publish(topic, data, { to, volatile, retain } = {}) {
      checkTopic(topic)
      return core.publish(topic, checked(topic, data), { to: to === undefined ? undefined : [to].flat(), volatile: volatile ?? false, retain })
    },
    async broadcast(data, { to, volatile } = {}) {
      return core.publish('', checked('', data), { to: to === undefined ? undefined : [to].flat(), volatile: volatile ?? false })
    },
    presence: topic => core.members(topic),
    occupancy: topic => core.occupancy(topic),
    disconnectUser: userId => core.disconnectUser(userId),
    get stats() {
      return { ...core.counts, ...core.readings }
    },
    async close({ spread = 5000 } = {}) {
      for (const detach of detaching) detach()
      const gone = [...sockets].map(socket => new Promise<void>(resolve => socket.once('close', () => resolve())))
      core.close(spread)
      const cancel = clock.after(FAREWELL, () => {
        for (const socket of sockets) socket.terminate()
      })
      await Promise.all(gone)
      cancel()
      await engine.close()
    },
  }
}

/** What `ws` gives for a text frame. */
function textOf(data: RawData): string {
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer)).toString()
}

function checked(topic: string, data: unknown): unknown {
  if (data === undefined) throw new EarshotError('invalid-data', `Data for "${topic}" is undefined: publish null for "nothing"`, { topic })
  return data
}
