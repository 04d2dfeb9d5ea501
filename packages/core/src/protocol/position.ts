/** A place in the log: `epoch` names one life of the log, `offset` counts its entries from 1; 0 is before the first. */
export interface Position {
  readonly epoch: string
  readonly offset: number
}

/** Writes a position as the opaque string that users and frames hold. */
export function formatPosition({ epoch, offset }: Position): string {
  return `${epoch}.${offset}`
}

/** Reads a position; `undefined` when it is none. */
export function parsePosition(text: string): Position | undefined {
  const dot = text.lastIndexOf('.')
  const digits = text.slice(dot + 1)
  if (dot < 1 || dot > 64 || !/^(0|[1-9]\d{0,15})$/.test(digits)) return undefined
  const offset = Number(digits)
  return Number.isSafeInteger(offset) ? { epoch: text.slice(0, dot), offset } : undefined
}
