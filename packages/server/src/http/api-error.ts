import { type ErrorCode, isEarshotError } from '@earshot/core'

/** What an answer says went wrong: a code of Earshot's, or one that only HTTP knows. */
export type ApiErrorCode = ErrorCode | 'not-found' | 'method-not-allowed' | 'internal'

/** What is not the caller's plain mistake, which is 400. */
const STATUS = new Map<ApiErrorCode, number>([
  ['unauthorized', 401],
  ['forbidden', 403],
  ['not-found', 404],
  ['method-not-allowed', 405],
  ['payload-too-large', 413],
  ['unsupported', 415],
  ['rate-limited', 429],
  ['internal', 500],
  ['not-connected', 503],
  ['timeout', 504],
])

/** A request that is refused, in the words of the answer. */
export class ApiError extends Error {
  readonly code: ApiErrorCode
  readonly headers: Readonly<Record<string, string>>

  constructor(code: ApiErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.code = code
    this.headers = headers
  }

  get status(): number {
    return STATUS.get(this.code) ?? 400
  }
}

/** What an answer says of anything thrown. What is not ours stays inside: it may say more than a caller should know. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return isEarshotError(error) ? new ApiError(error.code, error.message) : new ApiError('internal', 'The relay failed; its log says how')
}
