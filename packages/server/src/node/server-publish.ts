import { EarshotError } from '@earshot/core'
import { isData } from '@earshot/core/protocol'
import { toText } from '../engine/json-text.ts'

/** How the server itself publishes. */
export interface ServerPublishOptions {
  /** Only sessions of these users hear it. */
  to?: string | readonly string[]
  /** Not kept. @default false */
  volatile?: boolean
  /** The topic's value from now on; not together with `volatile` or `to`. @default false */
  retain?: boolean
}

/** @throws `invalid-data`, `not-serializable` unless clients can read it */
export function checkData(topic: string, data: unknown): void {
  if (data === undefined) throw new EarshotError('invalid-data', `Data for "${topic}" is undefined: publish null for "nothing"`, { topic })
  let text: string | undefined
  let cause: unknown
  try {
    if (isData(data)) text = toText(data)
  } catch (error) {
    cause = error
  }
  if (text !== undefined) return
  throw new EarshotError('not-serializable', `Data for "${topic}" is no plain JSON of at most 64 levels, without the key "__proto__"`, { topic }, cause)
}
