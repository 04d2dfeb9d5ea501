import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { EarshotError } from '@earshot/core'
import { ApiError } from './api-error.ts'

/** Shorter keys are refused: they can be guessed. */
const MIN_LENGTH = 16

/**
 * Gives what throws `unauthorized` for a request without one of these keys – in the same time, whatever it has instead –, and `forbidden` when there are none.
 * @throws `invalid-options`
 */
export function bearerCheck(key: string | readonly string[] | undefined): (request: IncomingMessage) => void {
  const keys = key === undefined ? [] : [key].flat()
  for (const each of keys) {
    if (typeof each === 'string' && each.length >= MIN_LENGTH && /^[\x21-\x7e]+$/.test(each)) continue
    throw new EarshotError('invalid-options', `key is not fit: it must have ${MIN_LENGTH} or more characters, visible ones of ASCII only`, { name: 'key' })
  }
  const digests = keys.map(digestOf)
  return ({ headers: { authorization = '' } }) => {
    if (digests.length === 0) throw new ApiError('forbidden', 'Back ends may not use this relay: it has no key')
    const given = digestOf(/^bearer +(\S+)$/i.exec(authorization)?.[1] ?? '')
    let isKnown = false
    for (const digest of digests) isKnown = timingSafeEqual(digest, given) || isKnown
    if (!isKnown) throw new ApiError('unauthorized', 'Send the key: "Authorization: Bearer <key>"', { 'www-authenticate': 'Bearer' })
  }
}

/** Digests have one length, so that they can be compared in one time. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
