import type { Clock } from '../base/clock.ts'
import { EarshotError } from '../base/errors.ts'
import { followSignal } from '../delivery/subscription.ts'
import type { Message } from '../base/message.ts'
import type { PublishOptions } from './transport.ts'

/** What a publish was accepted as. */
export interface Accepted {
  readonly id: string
  /** Place in the relay's log, where one keeps it. */
  readonly offset?: number | undefined
}

/** What `publish` returns: await it, or ignore it at no cost. */
export interface Receipt extends PromiseLike<Accepted> {
  /** What was published, as local listeners get it. */
  readonly message: Message
  /** How many local listeners the message was for. */
  readonly listeners: number
}

/** The one class of receipts. The promise is made when somebody asks for it. */
export class HubReceipt implements Receipt {
  readonly listeners: number
  readonly message: Message
  readonly #outcome: Promise<{ offset?: number }> | undefined
  #awaited = false

  constructor(message: Message, listeners: number, outcome?: Promise<{ offset?: number }>, report?: (error: unknown) => void) {
    this.message = message
    this.listeners = listeners
    this.#outcome = outcome
    if (outcome) this.#watch(outcome, report)
  }

  /**
   * A refusal that nobody waits for is told to `error`, never to the console as an unhandled rejection. Outside the constructor, since a
   * function made there would cost every receipt an allocation.
   */
  #watch(outcome: Promise<unknown>, report: ((error: unknown) => void) | undefined): void {
    // An `await` on the publish's own line calls `then` one microtask late.
    outcome.catch((error: unknown) =>
      queueMicrotask(() => {
        if (!this.#awaited) report?.(error)
      }),
    )
  }

  // A receipt is a thenable on purpose: awaiting it is what makes the promise.
  then<Ok = Accepted, Bad = never>(
    accepted?: ((value: Accepted) => Ok | PromiseLike<Ok>) | null,
    refused?: ((error: unknown) => Bad | PromiseLike<Bad>) | null,
  ): Promise<Ok | Bad> {
    this.#awaited = true
    const { id } = this.message
    return (this.#outcome ?? Promise.resolve({})).then((value: { offset?: number }) => ({ id, ...value })).then(accepted, refused)
  }
}

/** The refusal of a publish whose signal has fired. */
export function abortedBy(signal: AbortSignal | undefined): EarshotError {
  return new EarshotError('aborted', 'signal', {}, signal?.reason)
}

/** Ends waiting when the caller's signal fires or its time is over; what was sent may be accepted all the same. */
export function withDeadline<T>(outcome: Promise<T>, { signal, timeout }: PublishOptions, clock: Clock): Promise<T> {
  if (!signal && timeout === undefined) return outcome
  return new Promise((resolve, reject) => {
    const unfollow = followSignal(signal, () => reject(abortedBy(signal)))
    const late = (): void => reject(new EarshotError('timeout', 'not-accepted', { limit: timeout }))
    const cancel = timeout === undefined ? undefined : clock.after(timeout, late)
    const settled = (): void => {
      unfollow()
      cancel?.()
    }
    outcome.then(resolve, reject).then(settled, settled)
  })
}
