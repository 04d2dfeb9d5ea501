import { writeJson } from '@earshot/core/protocol'

/** Writes a value as clients read it. Hardly any holds what JSON has to be told how to write, and a function for each value is slow. */
export function toText(value: unknown): string {
  return isSpecial(value) ? writeJson(value) : JSON.stringify(value)
}

/** Whether bytes are among it, or a text that could be taken for some. */
function isSpecial(value: unknown): boolean {
  if (typeof value === 'string') return value.charCodeAt(0) === 1
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof Uint8Array) return true
  for (const key of Object.keys(value)) if (isSpecial((value as Record<string, unknown>)[key])) return true
  return false
}
