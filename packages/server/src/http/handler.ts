import type { IncomingMessage, ServerResponse } from 'node:http'
import { toText } from '../engine/json-text.ts'
import type { Logger } from '../node/log.ts'
import { checkPath, pathOf } from '../node/paths.ts'
import { ApiError, toApiError } from './api-error.ts'
import { bearerCheck } from './bearer.ts'
import { readJson } from './body.ts'
import { Fields } from './fields.ts'
import { type Route, ROUTES, type ServedRelay } from './routes.ts'

/** What a relay answers over HTTP, and to whom. */
export interface HandlerOptions {
  /** What back ends present as `Authorization: Bearer <key>`; several while one takes the other's place. At least 16 characters. @default none: back ends are refused */
  key?: string | readonly string[]
  /** Back ends find `publish`, `history` and so on below it. @default '/earshot' */
  path?: string
  /** `healthz`, `readyz` and `metrics` are below it. @default `path` */
  probes?: string
  /** Whether `metrics` is there. It names neither topics nor users, but says how busy the relay is. @default true */
  metrics?: boolean
  /** Bytes of a request's body at most. @default 262,144 */
  body?: number
}

/** A handler for `createServer`, or a middleware. */
export type RelayHandler = (request: IncomingMessage, response: ServerResponse, next?: () => void) => void

/** What a handler needs of its relay. */
export interface HandlerHost {
  readonly relay: ServedRelay
  readonly logger: Logger | undefined
  /** Whether it takes connections and publishes. */
  isOpen(): boolean
  metrics(): Promise<string>
  /** Something failed that no caller is to blame for. */
  failed(error: unknown): void
}

/** Answers one request. */
type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

const TEXT = 'text/plain; charset=utf-8'
const METRICS = 'text/plain; version=0.0.4; charset=utf-8'
const JSON_TYPE = 'application/json; charset=utf-8'

/**
 * Makes the HTTP side of a relay.
 * @throws `invalid-options`
 */
export function createHandler(host: HandlerHost, options: HandlerOptions): RelayHandler {
  const { path = '/earshot', probes = path, metrics = true, body = 262_144 } = options
  checkPath('path', path)
  checkPath('probes', probes)
  const checkKey = bearerCheck(options.key)
  const answers = new Map<string, Answer>()
  const add = (base: string, name: string, answer: Answer): Map<string, Answer> => answers.set(`${base === '/' ? '' : base}/${name}`, answer)

  for (const [name, route] of ROUTES) {
    add(path, name, async (request, response) => {
      checkKey(request)
      checkMethod(request, route.method)
      if (!host.isOpen()) throw new ApiError('not-connected', 'The relay stops: ask again in a moment', { 'retry-after': '1' })
      send(response, 200, JSON_TYPE, toText(await route.answer(host.relay, await fieldsOf(request, route, body))))
    })
  }
  add(probes, 'healthz', probe(() => [200, 'ok']))
  add(probes, 'readyz', probe(() => (host.isOpen() ? [200, 'ready'] : [503, 'closing'])))
  if (metrics) add(probes, 'metrics', probe(async () => [200, await host.metrics()], METRICS))

  return (request, response, next) => {
    const answer = answers.get(pathOf(request))
    if (!answer && next) return next()
    void serve(answer ?? notFound, request, response, host)
  }
}

async function serve(answer: Answer, request: IncomingMessage, response: ServerResponse, host: HandlerHost): Promise<void> {
  try {
    await answer(request, response)
  } catch (thrown) {
    // Whoever asked has hung up.
    if (request.destroyed && !request.complete) return
    // Somebody else has answered before.
    if (response.headersSent) return host.failed(thrown)
    const error = toApiError(thrown)
    const { code, message, status, headers } = error
    const fields = { method: request.method, path: pathOf(request), status, code }
    if (code === 'internal') host.failed(thrown)
    if (code !== 'not-found') host.logger?.warn(fields, 'request refused')
    // What is left of the body is not waited for.
    if (!request.complete) response.setHeader('connection', 'close')
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    send(response, status, JSON_TYPE, JSON.stringify({ error: { code, message } }))
  }
}

function probe(answer: () => [number, string] | Promise<[number, string]>, type: string = TEXT): Answer {
  return async (request, response) => {
    checkMethod(request, 'GET')
    const [status, text] = await answer()
    send(response, status, type, text)
  }
}

function notFound(request: IncomingMessage): void {
  throw new ApiError('not-found', `There is nothing at ${pathOf(request).slice(0, 200)}`)
}

function checkMethod({ method = 'GET' }: IncomingMessage, allowed: Route['method']): void {
  if (method === allowed || (method === 'HEAD' && allowed === 'GET')) return
  throw new ApiError('method-not-allowed', `Use ${allowed}`, { allow: allowed })
}

async function fieldsOf(request: IncomingMessage, { method }: Route, limit: number): Promise<Fields> {
  if (method === 'POST') return new Fields(Object.entries(await readJson(request, limit)))
  const { url = '' } = request
  return new Fields(new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : ''))
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(text)
}
