/**
 * Every way in which Earshot refuses or fails, and the reasons there are for each. Both are API: docs/errors.md names the remedy of each.
 * Codes without a reason are raised by nothing yet.
 */
export interface ErrorReasons {
  'invalid-options':
    | 'no-channel-name'
    | 'no-choice'
    | 'no-clock'
    | 'no-count'
    | 'no-function'
    | 'no-name'
    | 'no-options'
    | 'no-patterns'
    | 'no-provider'
    | 'no-signal'
    | 'no-string'
    | 'no-timeout'
    | 'no-transport'
    | 'no-users'
  'invalid-topic': NameReason | 'no-event' | 'no-level' | 'reserved' | 'wildcard'
  'invalid-pattern': NameReason | 'early-wildcard' | 'no-event' | 'no-glob'
  'invalid-data': 'refused' | 'undefined'
  'payload-too-large': never
  'not-serializable': 'no-clone' | 'not-posted'
  'hub-closed': 'closed'
  'session-closed': 'closed'
  unsupported: 'async-schema' | 'no-channel' | 'no-locks' | 'no-tabs'
  'not-connected': never
  timeout: 'not-accepted'
  aborted: 'signal'
  forbidden: never
  'rate-limited': never
  'outbox-full': 'joining'
  'outcome-unknown': never
  overflow: 'publishes' | 'stream'
  'connection-lost': never
  unauthorized: never
  'protocol-version': 'other-version'
  'protocol-violation': 'no-frame' | 'no-item' | 'too-many-tabs'
  gap: never
  'listener-failed': 'callback' | 'listener'
}

type NameReason = 'control-character' | 'empty-level' | 'no-string' | 'too-long' | 'too-many-levels'

/** What went wrong, in one word. */
export type ErrorCode = keyof ErrorReasons

/** Why, in one word; what is raised outside of Earshot has words of its own, several. */
export type ErrorReason<Code extends ErrorCode = ErrorCode> = ErrorReasons[Code] | `${string} ${string}`

/** What an error tells beside its text; which fields are there depends on the code and reason. */
export interface ErrorDetails {
  readonly topic?: string
  readonly pattern?: string
  /** The option, argument or handle that it is about. */
  readonly name?: string
  readonly value?: unknown
  /** The number that was too small or reached, or what there is to choose from. */
  readonly limit?: number | readonly string[] | undefined
  /** Where in the data a schema or the serializer found the fault, e.g. `items.0.price`. */
  readonly path?: string
  /** What a schema said, as it said it. */
  readonly issues?: readonly { readonly message: string }[]
  /** The subscription whose listener failed: it goes on unless you end it. */
  readonly subscription?: { readonly pattern: string | readonly string[]; unsubscribe(): void }
}
