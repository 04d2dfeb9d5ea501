import { readJson as parseJson } from '@earshot/core/protocol'
import type { IncomingMessage } from 'node:http'
import { ApiError } from './api-error.ts'

/** Reads a JSON object. @throws `payload-too-large`, `unsupported`, `invalid-data` */
export async function readJson(request: IncomingMessage, limit: number): Promise<object> {
  const { 'content-encoding': encoding = 'identity', 'content-length': length = 0 } = request.headers
  if (encoding !== 'identity') throw new ApiError('unsupported', `Send the body as it is, not ${encoding.slice(0, 20)}`)
  const tooLarge = new ApiError('payload-too-large', `A body may have ${limit} bytes`)
  if (Number(length) > limit) throw tooLarge
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    const bytes: Buffer = part
    size += bytes.length
    if (size > limit) throw tooLarge
    parts.push(bytes)
  }
  // Whoever parsed the body already has left nothing.
  if (size === 0) throw new ApiError('invalid-data', 'The body is empty: send JSON, and let nothing read the body before the relay does')
  return parse(Buffer.concat(parts))
}

function parse(bytes: Buffer): object {
  let body: unknown
  try {
    body = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new ApiError('invalid-data', 'The body is no JSON in UTF-8')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new ApiError('invalid-data', 'The body must be a JSON object')
  return body
}
