import { EarshotError, type ErrorCode, isEarshotError } from '@earshot/core'
import { CLOSE } from '@earshot/core/protocol'

/** Whom a token proves, and until when. */
export interface Identity {
  /** `null`: nobody in particular. */
  readonly userId: string | null
  /** Wall-clock milliseconds at which the token is over. @default never */
  readonly expires?: number
  /** Anything that `authorize` wants to know of the token: it is handed on as it is. */
  readonly data?: unknown
}

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

/** How a connection ends whose token was not accepted. `isFault`: no client is to blame for it. */
export function refusalOfToken(error: unknown): { readonly code: number; readonly kind: ErrorCode; readonly reason: string; readonly isFault: boolean } {
  if (isEarshotError(error, 'forbidden')) return { code: CLOSE.forbidden, kind: 'forbidden', reason: error.message, isFault: false }
  if (isEarshotError(error, 'unauthorized')) return { code: CLOSE.unauthorized, kind: 'unauthorized', reason: error.message, isFault: false }
  // Nobody can say whether the token is good: its owner is not sent away for good.
  const isAway = isEarshotError(error, 'timeout') || isEarshotError(error, 'not-connected')
  if (isAway) return { code: CLOSE.overload, kind: error.code, reason: 'the token cannot be checked at the moment', isFault: true }
  return { code: CLOSE.unauthorized, kind: 'unauthorized', reason: 'the token could not be checked', isFault: true }
}

/** Why a session of one user has no place on a connection of another. */
export function mismatch(user: string | null, owner: string | null): string {
  return `the session is one of ${whom(user)}, the connection one of ${whom(owner)}: give the transport the user whom the token proves`
}

function whom(user: string | null): string {
  return user === null ? 'nobody in particular' : `user "${user}"`
}
