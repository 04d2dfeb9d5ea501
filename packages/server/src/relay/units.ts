import { PACKED_GROWTH, type Unpacked } from '@earshot/core/protocol'
import { toText } from '../engine/json-text.ts'

/** Whether frames that came together have more characters than a text may have. Of MessagePack that is not known until it is written as JSON, and seldom in doubt. */
export function isTooLong(unit: string | Uint8Array, frames: readonly (string | Unpacked)[], limit: number): boolean {
  if (typeof unit === 'string') return unit.length > limit
  if (unit.length * PACKED_GROWTH <= limit) return false
  let size = 0
  for (const frame of frames) if (typeof frame !== 'string') size += toText(frame.value ?? null).length
  return size > limit
}
