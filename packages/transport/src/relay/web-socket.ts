import { EarshotError, type Environment, type Transport } from '@earshot/core'
import { environment } from '../page/environment.ts'
import type { OpenPipe } from '../pipe/pipe.ts'
import { type Codec, socketPipe, type WebSocketLike } from '../pipe/socket-pipe.ts'
import type { OutboxLimits } from './outbox.ts'
import { RelayClient } from './relay-client.ts'
import { RelayLink } from './relay-link.ts'
import { type TokenOption, TokenSource } from './token.ts'
import type { OpenWire } from './wire.ts'

/** How a hub reaches a relay. */
export interface WebSocketOptions extends Pick<Environment, 'clock' | 'random' | 'page' | 'locks' | 'sessionStorage'> {
  /** Where the relay listens: `wss://…`, or a path of this page's host, e.g. `/earshot`. */
  url: string
  /** Proves who this is. @default nobody in particular */
  token?: TokenOption
  /** A class of sockets, for places without one of their own: `ws` in Node 20. @default the platform's */
  WebSocket?: new (url: string) => WebSocketLike
  /** How frames are written: `messagePack` of `@earshot/transport/msgpack`, if the relay knows it. @default JSON */
  codec?: Codec
  /** What waits to be accepted while the relay is away. */
  outbox?: {
    /** A session's messages. @default 1000 */
    messages?: number
    /** In characters of encoded frames. @default 1,000,000 */
    size?: number
  }
}

/**
 * Joins browsers through a relay, over a socket of this page's own: kept messages arrive once and in the relay's order, across disconnects.
 * @throws `invalid-options`, `unsupported` where there is no WebSocket
 * @example createHub({ transport: webSocket({ url: '/earshot' }) })
 */
export function webSocket(options: WebSocketOptions): Transport {
  const { url, token, limits, pipe } = readWebSocketOptions(options)
  return {
    connect: link => {
      const env = environment({ clock: link.clock, random: link.random, ...options })
      const open: OpenWire = host => new RelayLink(env, pipe, new TokenSource(token, env.clock), host)
      return new RelayClient(link, env, `earshot:${url}:${link.namespace}`, open, limits, () => 'each tab has a socket of its own')
    },
  }
}

/** What the options say, checked and whole. */
interface ReadOptions {
  readonly url: string
  readonly token: TokenOption | undefined
  readonly limits: OutboxLimits
  readonly pipe: OpenPipe
}

/** @throws `invalid-options`, `unsupported` */
export function readWebSocketOptions({ token, outbox = {}, codec = socketPipe, WebSocket = globalThis.WebSocket, ...options }: WebSocketOptions): ReadOptions {
  if (token !== undefined && typeof token !== 'string' && typeof token !== 'function') throw refused('token', token, 'a string or a function')
  if (!WebSocket) throw new EarshotError('unsupported', 'There is no WebSocket here: pass one, e.g. webSocket({ url, WebSocket }) with that of "ws"')
  const limits = { messages: count('outbox.messages', outbox.messages ?? 1000), size: count('outbox.size', outbox.size ?? 1_000_000) }
  const url = absolute(options.url)
  return { url, token, limits, pipe: codec(WebSocket, url) }
}

/** A socket's url: a path is one of the page's host. */
function absolute(url: unknown): string {
  const base = (globalThis as { location?: { href: string } }).location?.href
  if (typeof url !== 'string' || !URL.canParse(url, base)) throw refused('url', url, 'a url like wss://example.org/earshot, or a path of this page')
  const { href, protocol } = new URL(url, base)
  const socketHref = href.replace(/^http/, 'ws').replace(/#.*$/, '')
  if (!/^(ws|http)s?:$/.test(protocol)) throw refused('url', url, 'a url that begins with wss:, ws:, https: or http:')
  return socketHref
}

function count(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 0) throw refused(name, value, 'a whole number, 0 or more')
  return value
}

function refused(name: string, value: unknown, allowed: string): EarshotError {
  return new EarshotError('invalid-options', `${name} is ${String(value)}: it must be ${allowed}`, { name, value })
}
