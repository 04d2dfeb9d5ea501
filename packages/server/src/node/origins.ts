import type { IncomingMessage } from 'node:http'

/** Which pages may connect: `'same'` – those of the host that they connect to –, all, or these origins. */
export type Origins = 'same' | '*' | readonly string[]

/** Whether a page may connect. What sends no `Origin` is no page: a server, a script. */
export function isAllowedOrigin(request: IncomingMessage, origins: Origins): boolean {
  const { origin, host } = request.headers
  if (origin === undefined || origins === '*') return true
  if (origins !== 'same') return origins.includes(origin)
  return URL.canParse(origin) && new URL(origin).host === host
}
