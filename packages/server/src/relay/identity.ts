import { EarshotError } from '@earshot/core'

/** Clients read no longer ids. */
const MAX_USER_ID = 4096

/**
 * Looks at what `authenticate` gave.
 * @throws `unauthorized` when the token is over, `invalid-options` when it is no identity
 */
export function checkIdentity(given: unknown, now: number): { readonly userId: string | null; readonly expires?: number; readonly data?: unknown } {
  const { userId, expires, data } = Object(given) as { userId?: unknown; expires?: unknown; data?: unknown }
  const isUser = userId === null || (typeof userId === 'string' && userId !== '' && userId.length <= MAX_USER_ID)
  const isTime = expires === undefined || (typeof expires === 'number' && !Number.isNaN(expires))
  if (!isUser || !isTime) throw new EarshotError('invalid-options', 'authenticate must give { userId: string | null, expires?: number }')
  if (expires === undefined) return { userId, ...(data !== undefined && { data }) }
  if (expires <= now) throw new EarshotError('unauthorized', 'the token is over')
  return { userId, expires, ...(data !== undefined && { data }) }
}
