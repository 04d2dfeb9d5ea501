import type { Unpacked } from '@earshot/core/protocol'

/** What a frame is, and of which session, as far as its first two fields say so: of one that makes no sense otherwise. */
export function headOf(unit: string | Unpacked): { readonly t?: string | undefined; readonly s?: number | undefined } {
  if (typeof unit === 'string') {
    const [, t, index] = /^\{"t":"([a-z]+)","s":(\d{1,15})\b/.exec(unit) ?? []
    return index === undefined ? {} : { t, s: Number(index) }
  }
  const { t, s } = Object(unit.value) as Partial<Record<'t' | 's', unknown>>
  return typeof t === 'string' && typeof s === 'number' && Number.isSafeInteger(s) && s >= 0 ? { t, s } : {}
}
