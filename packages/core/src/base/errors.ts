/** Every way in which Earshot refuses or fails. Codes are API: docs/errors.md names the remedy of each. */
export type ErrorCode =
  | 'invalid-options'
  | 'invalid-topic'
  | 'invalid-pattern'
  | 'invalid-data'
  | 'payload-too-large'
  | 'not-serializable'
  | 'hub-closed'
  | 'session-closed'
  | 'unsupported'
  | 'not-connected'
  | 'timeout'
  | 'aborted'
  | 'forbidden'
  | 'rate-limited'
  | 'outbox-full'
  | 'outcome-unknown'
  | 'overflow'
  | 'connection-lost'
  | 'unauthorized'
  | 'protocol-version'
  | 'protocol-violation'
  | 'gap'
  | 'listener-failed'

/** What an error tells beside its text; which fields are there depends on the code. */
export interface ErrorDetails {
  readonly topic?: string
  readonly pattern?: string
  /** The option or argument that was refused. */
  readonly name?: string
  readonly value?: unknown
  /** Where in the data a schema or the serializer found the fault, e.g. `items.0.price`. */
  readonly path?: string
  /** What a schema said, as it said it. */
  readonly issues?: readonly unknown[]
  /** The subscription whose listener failed: it goes on unless you end it. */
  readonly subscription?: { readonly pattern: string | readonly string[]; unsubscribe(): void }
}

/** The one error class. Recognise it with `isEarshotError`, since two copies of a package may be loaded. */
export class EarshotError extends Error {
  override readonly name = 'EarshotError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }
}

/** Tells whether `error` is Earshot's, and of this code if one is given. */
export function isEarshotError(error: unknown, code?: ErrorCode): error is EarshotError {
  if (!(error instanceof Error) || error.name !== 'EarshotError') return false
  return code === undefined || (error as EarshotError).code === code
}

/** Refuses an option: says what was given and what is allowed. */
export function invalidOption(name: string, value: unknown, allowed: string): EarshotError {
  return new EarshotError('invalid-options', `${name} is ${show(value)}: it must be ${allowed}`, { name, value })
}

/** @throws `invalid-options` unless the option or argument is a function */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidOption(name, value, 'a function')
}

/** @throws `invalid-options` unless each of these options is a function or left out */
export function checkFunctions<Options extends object>(options: Options, ...names: (keyof Options & string)[]): void {
  for (const name of names) if (options[name] !== undefined) checkFunction(name, options[name])
}

/** @throws `invalid-options` unless it is a string that says something */
export function checkName(name: string, value: unknown): void {
  if (typeof value !== 'string' || !value) throw invalidOption(name, value, 'a string that is not empty')
}

/** @throws `invalid-options` unless these are options and their signal, if any, is one */
export function checkOptions(options: unknown, signal?: AbortSignal): void {
  if (typeof options !== 'object' || !options) throw invalidOption('options', options, 'an object')
  if (signal && typeof signal.addEventListener !== 'function') throw invalidOption('signal', signal, 'an AbortSignal')
}

/** @throws `invalid-options` unless the option is a whole number, `least` or more */
export function checkCount(name: string, value: number, least = 0): void {
  if (!Number.isInteger(value) || value < least) throw invalidOption(name, value, `a whole number, ${least} or more`)
}

/** A value as an error text shows it: short, and never a failure of its own. */
export function show(value: unknown): string {
  return typeof value === 'string' ? `"${value.slice(0, 80)}"` : typeof value === 'object' && value ? 'an object' : String(value)
}
