import type { ErrorCode, ErrorDetails } from './error-codes.ts'

/** What production builds say, to spare pages the sentences: the code, the reason, what it is about, and where the rest can be read. */
export function textOf(code: ErrorCode, reason: string, { name, topic, pattern, value }: ErrorDetails, cause: unknown): string {
  const thing = topic ?? pattern ?? name ?? value
  const about = typeof thing === 'string' ? ` "${thing.slice(0, 80)}"` : ''
  return `${code}: ${reason}${about}${cause instanceof Error ? `: ${cause.message}` : ''} – see docs/errors.md#${code}`
}
