import type { IncomingMessage } from 'node:http'
import { EarshotError } from '@earshot/core'

/** @throws `invalid-options` unless it is a path as a request has it, without a `/` at its end */
export function checkPath(name: string, path: unknown): asserts path is string {
  if (typeof path === 'string' && /^(\/|(\/[^\s/?#]+)+)$/.test(path)) return
  throw new EarshotError('invalid-options', `${name} is ${JSON.stringify(path)}: it must begin with / and not end in one, like '/earshot'`, { name, value: path })
}

/** The path that a request asks for, whatever else its target may be. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}
