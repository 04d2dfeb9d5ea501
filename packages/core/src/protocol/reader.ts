import { readJson } from './json.ts'

/** Tells whether a field holds what it should. */
export type Guard = (value: unknown) => boolean

/** Deeper data is refused: writing it as text again would exhaust the stack. */
const MAX_DEPTH = 64

/** What each field of a frame must be. A frame is rebuilt from these fields: what else it holds is dropped. */
export type Fields<Frame> = { readonly [Field in Exclude<keyof Frame, 't'>]-?: Guard }

/** Reads frames by kind. Kinds are looked up in a `Map`, so no name from the wire reaches a prototype. */
export class FrameReader<Frame extends { readonly t: string }> {
  readonly #kinds: Map<string, [field: string, guard: Guard][]>

  constructor(kinds: { readonly [Kind in Frame['t']]: Fields<Extract<Frame, { t: Kind }>> }) {
    this.#kinds = new Map(Object.entries<Record<string, Guard>>(kinds).map(([kind, fields]) => [kind, Object.entries(fields)]))
  }

  /** Rebuilds one frame from what was decoded, field by field; `undefined` when it makes no sense. */
  read(input: unknown): Frame | undefined {
    if (typeof input !== 'object' || input === null) return undefined
    const t = ownField(input, 't')
    const fields = typeof t === 'string' ? this.#kinds.get(t) : undefined
    if (!fields) return undefined
    const frame: Record<string, unknown> = { t }
    for (const [field, guard] of fields) {
      const value = ownField(input, field)
      if (!guard(value)) return undefined
      if (value !== undefined) frame[field] = value
    }
    // Every field was checked by the guard that its type names: the compiler cannot follow that through the table.
    return frame as unknown as Frame
  }

  /** Reads one line of text; `undefined` when it is no JSON or makes no sense. */
  readLine(line: string): Frame | undefined {
    try {
      return this.read(readJson(line))
    } catch {
      return undefined
    }
  }
}

export const isText: Guard = value => typeof value === 'string' && value !== '' && value.length <= 4096
export const isMaybeEmpty: Guard = value => typeof value === 'string' && value.length <= 4096
export const isFlag: Guard = value => typeof value === 'boolean'
export const isTime: Guard = value => typeof value === 'number' && Number.isFinite(value)
export const isCount: Guard = value => Number.isSafeInteger(value) && (value as number) >= 0

/** Anything, but it has to be there: data that is looked at where it is used, so that it is refused by name. */
export const isGiven: Guard = value => value !== undefined

/** Data as users publish it: what JSON gives back as it was, or bytes, not too deep, and without a key that reaches for a prototype. */
export const isData: Guard = value => isPlain(value, MAX_DEPTH)

/** May be left out. */
export function maybe(guard: Guard): Guard {
  return value => value === undefined || guard(value)
}

export function orNull(guard: Guard): Guard {
  return value => value === null || guard(value)
}

/** A list, of a bounded length. */
export function listOf(guard: Guard, most = 10_000): Guard {
  return value => Array.isArray(value) && value.length <= most && isAll(value, guard)
}

/** A list of a fixed length, each place with a guard of its own. */
export function tupleOf(...guards: Guard[]): Guard {
  return value => Array.isArray(value) && value.length === guards.length && guards.every((guard, i) => guard(value[i]))
}

/** `every` would pass over holes, which are no value of any kind. */
function isAll(list: readonly unknown[], guard: Guard): boolean {
  for (const part of list) if (!guard(part)) return false
  return true
}

function ownField(input: object, field: string): unknown {
  return Object.hasOwn(input, field) ? (input as Record<string, unknown>)[field] : undefined
}

function isPlain(value: unknown, depth: number): boolean {
  // JSON reads 1e999 as infinity, and writes that as null.
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return typeof value === 'string' || typeof value === 'boolean' || value === null
  if (value instanceof Uint8Array) return true
  if (depth === 0) return false
  if (Array.isArray(value)) {
    for (const part of value) if (!isPlain(part, depth - 1)) return false
    return true
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || !isPlain((value as Record<string, unknown>)[key], depth - 1)) return false
  }
  return true
}
