import { EarshotError } from '@earshot/core'

/** The version of the mesh's frames. Tabs of another version do not understand one another and say so once. */
export const MESH_VERSION = 1

/**
 * One thing said: its kind, then its fields. docs/PROTOCOL.md has an example of each.
 * It travels as JSON text where that carries it unharmed (two to eight times faster than a clone), else as it is.
 */
export type Item = readonly [kind: string, ...fields: unknown[]]
export type EncodedItem = string | Item

/** What is posted: items of one tab, numbered in order from `n`; 0 for what is addressed to one tab. */
export interface Frame {
  readonly v: typeof MESH_VERSION
  /** The sending tab. */
  readonly f: string
  readonly n: number
  readonly to?: string
  readonly m: readonly EncodedItem[]
}

/** Items of a frame at most, and frames of a burst's size. */
export const MAX_ITEMS = 1000
/** A tab that resends or describes itself may say more in one item. */
const MAX_FRAME_ITEMS = 20_000
const MAX_DEPTH = 40

/** Reads what came over the channel: a frame, the version of a frame that is not ours, or nothing that makes sense. */
export function readFrame(input: unknown): Frame | { version: number } | undefined {
  if (typeof input !== 'object' || input === null) return undefined
  const { v, f, n, to, m } = input as Record<string, unknown>
  if (typeof v !== 'number' || typeof f !== 'string' || f === '' || f.length > 64) return undefined
  if (v !== MESH_VERSION) return { version: v }
  if (!isCount(n) || (to !== undefined && typeof to !== 'string') || !Array.isArray(m) || m.length > MAX_FRAME_ITEMS) return undefined
  return { v, f, n, m, ...(to !== undefined && { to }) }
}

/** Reads one item: an array that begins with its kind. */
export function readItem(input: unknown): Item | undefined {
  let item = input
  if (typeof input === 'string') {
    try {
      item = JSON.parse(input)
    } catch {
      return undefined
    }
  }
  return Array.isArray(item) && typeof item[0] === 'string' ? (item as unknown as Item) : undefined
}

/** A whole number that can be counted on from. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/**
 * Makes an item ready to travel: what it says from now on is what `data` is at this moment.
 * @throws `not-serializable` naming the topic and where in the data the fault is
 */
export function encodeItem(item: Item, topic = ''): EncodedItem {
  if (isJson(item, MAX_DEPTH)) return JSON.stringify(item)
  try {
    return structuredClone(item)
  } catch (cause) {
    const path = faultPath(item, '', MAX_DEPTH)?.split('.').slice(2).join('.') ?? ''
    throw new EarshotError('not-serializable', 'no-clone', { topic, path }, cause)
  }
}

/** Tells whether JSON gives the value back exactly. */
function isJson(value: unknown, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value !== 'object' || depth === 0) return false
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isJson(value[i], depth - 1)) return false
    return true
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const key in value) if (!isJson((value as Record<string, unknown>)[key], depth - 1)) return false
  return true
}

/** Where the value that cannot be cloned is. */
function faultPath(value: unknown, path: string, depth: number): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return path
  if (typeof value !== 'object' || value === null || depth === 0) return undefined
  for (const [key, part] of Object.entries(value)) {
    const found = faultPath(part, `${path}.${key}`, depth - 1)
    if (found !== undefined) return found
  }
  return undefined
}
