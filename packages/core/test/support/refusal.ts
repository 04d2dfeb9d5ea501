import { type EarshotError, type ErrorCode, isEarshotError } from '@earshot/core'

/** The error that `call` throws; fails when it throws none, another kind or another code. */
export function refusal(call: () => unknown, code?: ErrorCode): EarshotError {
  try {
    call()
  } catch (error) {
    return expected(error, code)
  }
  throw new Error('The call was not refused')
}

/** The error that a promise or receipt rejects with; fails when it rejects with none, another kind or another code. */
export async function rejection(promise: PromiseLike<unknown>, code?: ErrorCode): Promise<EarshotError> {
  try {
    await promise
  } catch (error) {
    return expected(error, code)
  }
  throw new Error('The promise was not rejected')
}

function expected(error: unknown, code: ErrorCode | undefined): EarshotError {
  if (isEarshotError(error, code)) return error
  throw new Error(`Expected an EarshotError${code ? ` with code ${code}` : ''}, got ${isEarshotError(error) ? `${error.code}: ` : ''}${String(error)}`, { cause: error })
}
