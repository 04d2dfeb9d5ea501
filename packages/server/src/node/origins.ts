import type { IncomingMessage } from 'node:http'
import { EarshotError } from '@earshot/core'

/** Which pages may connect: `'same'` – those of the host that they connect to –, all, or these origins, e.g. `https://example.org`. */
export type Origins = 'same' | '*' | readonly string[]

/**
 * Gives what tells whether a page may connect. What sends no `Origin` is no page: a server, a script.
 * @throws `invalid-options`
 */
export function originCheck(origins: Origins): (request: IncomingMessage) => boolean {
  if (origins === '*') return () => true
  if (origins === 'same') return ({ headers: { origin, host } }) => origin === undefined || hostOf(origin) === host?.toLowerCase()
  if (!Array.isArray(origins)) throw refused(origins)
  const allowed = new Set<string | undefined>([undefined])
  for (const origin of origins) {
    if (typeof origin !== 'string' || !/^[a-z][a-z\d+.-]*:\/\/[^\s/?#]+$/i.test(origin)) throw refused(origin)
    allowed.add(origin.toLowerCase())
  }
  return ({ headers: { origin } }) => allowed.has(origin?.toLowerCase())
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function refused(value: unknown): EarshotError {
  const text: `origins has ${string}` = `origins has ${JSON.stringify(value)}: it must be 'same', '*' or a list of origins like 'https://example.org', without a path`
  return new EarshotError('invalid-options', text, { name: 'origins', value })
}
