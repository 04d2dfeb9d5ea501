import { capture } from '@earshot/core'
import type { Entry, Kind } from './entry.ts'

/** Lines that the log shows. */
export interface Filter {
  kind: 'all' | 'messages' | Extract<Kind, 'people' | 'trouble'>
  /** A topic pattern, if there is a slash or a star in it; else a part of any cell. */
  text: string
}

export function passes({ kind, text }: Filter, entry: Entry): boolean {
  const isMessage = entry.kind === 'sent' || entry.kind === 'heard'
  if (kind !== 'all' && (kind === 'messages' ? !isMessage : kind !== entry.kind)) return false
  const wanted = text.trim()
  if (/[/*]/.test(wanted)) return capture(wanted, entry.where) !== null
  return [entry.who, entry.where, entry.text].some(cell => cell.toLowerCase().includes(wanted.toLowerCase()))
}
