import { EarshotError } from '@earshot/core'
import { writeJson } from '@earshot/core/protocol'

/** Deeper data is not written as text. */
const MAX_DEPTH = 40

/**
 * Writes data as JSON text that gives it back exactly, bytes included.
 * @throws `not-serializable` naming the topic and where in the data the fault is
 */
export function toJson(data: unknown, topic: string): string {
  const fault = faultPath(data, '', MAX_DEPTH)
  if (fault === undefined) return writeJson(data)
  const path = fault.slice(1)
  throw new EarshotError('not-serializable', `Data for "${topic}" is no plain JSON${path && ` at ${path}`}: send strings, finite numbers, booleans, null, bytes, arrays and plain objects`, {
    topic,
    path,
  })
}

/** Where the first value is that JSON would not give back exactly; `undefined` when there is none. */
function faultPath(value: unknown, path: string, depth: number): string | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null || value instanceof Uint8Array) return undefined
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? undefined : path
  if (typeof value !== 'object' || depth === 0) return path
  if (!Array.isArray(value)) {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) return path
  }
  for (const key of Object.keys(value)) {
    const found = faultPath((value as Record<string, unknown>)[key], `${path}.${key}`, depth - 1)
    if (found !== undefined) return found
  }
  // A hole in an array would come back as null.
  return Array.isArray(value) && Object.keys(value).length !== value.length ? path : undefined
}
