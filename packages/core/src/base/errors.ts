import { textOf } from '#texts'
import type { ErrorCode, ErrorDetails, ErrorReason } from './error-codes.ts'

/**
 * The one error class. Programs look at `code`, `reason` and `details`; `message` is for people, and short in production builds.
 * Recognise it with `isEarshotError`, since two copies of a package may be loaded.
 */
export class EarshotError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'EarshotError'
  readonly code: Code
  readonly reason: ErrorReason<Code>
  readonly details: ErrorDetails

  /** A reason of Earshot's gets its text; words of yours are the text, e.g. `new EarshotError('timeout', 'the satellite is away')`. */
  constructor(code: Code, reason: ErrorReason<Code>, details: ErrorDetails = {}, cause?: unknown) {
    super(textOf(code, reason, details, cause), cause === undefined ? undefined : { cause })
    this.code = code
    this.reason = reason
    this.details = details
  }
}

/** Tells whether `error` is Earshot's, and of this code if one is given. */
export function isEarshotError<Code extends ErrorCode = ErrorCode>(error: unknown, code?: Code): error is EarshotError<Code> {
  if (!(error instanceof Error) || error.name !== 'EarshotError') return false
  return code === undefined || (error as EarshotError).code === code
}

/** @throws `invalid-options` unless the option or argument is `good` */
export function checkOption(good: boolean, name: string, value: unknown, reason: ErrorReason<'invalid-options'>, limit?: ErrorDetails['limit']): void {
  if (!good) throw new EarshotError('invalid-options', reason, { name, value, limit })
}

/** @throws `invalid-options` unless it is a function */
export function checkFunction(name: string, value: unknown): void {
  checkOption(typeof value === 'function', name, value, 'no-function')
}

/** @throws `invalid-options` unless each of these options is a function or left out */
export function checkFunctions<Options extends object>(options: Options, ...names: (keyof Options & string)[]): void {
  for (const name of names) if (options[name] !== undefined) checkFunction(name, options[name])
}

/** @throws `invalid-options` unless it is a string that says something */
export function checkName(name: string, value: unknown): void {
  checkOption(typeof value === 'string' && value !== '', name, value, 'no-name')
}

/** @throws `invalid-options` unless these are options and their signal, if any, is one */
export function checkOptions(options: object, signal?: AbortSignal): void {
  checkOption(typeof options === 'object' && !!options, 'options', options, 'no-options')
  checkOption(!signal || typeof signal.addEventListener === 'function', 'signal', signal, 'no-signal')
}

/** @throws `invalid-options` unless it is a whole number, `least` or more */
export function checkCount(name: string, value: number, least = 0): void {
  checkOption(Number.isInteger(value) && value >= least, name, value, 'no-count', least)
}
