import { type Clock, EarshotError } from '@earshot/core'

/** Proves to the relay who this is: a token, or what gives one – asked anew for each connection and before one is over. */
export type TokenOption = string | (() => string | undefined | Promise<string | undefined>)

/** How long a token function may take, in milliseconds. */
const TOKEN_LIMIT = 10_000

/** Where tokens come from, and whether another one may help. */
export class TokenSource {
  readonly #option: TokenOption | undefined
  readonly #clock: Clock
  /** Refusals since a token was accepted. */
  #refusals = 0

  constructor(option: TokenOption | undefined, clock: Clock) {
    this.#option = option
    this.#clock = clock
  }

  /** The token of this moment. @throws `timeout`, and whatever the function throws */
  async read(): Promise<string | undefined> {
    if (typeof this.#option !== 'function') return this.#option
    const option = this.#option
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(TOKEN_LIMIT, () => reject(new EarshotError('timeout', `token() did not answer within ${TOKEN_LIMIT} ms`)))
      Promise.resolve().then(option).then(resolve, reject).finally(cancel)
    })
  }

  accepted(): void {
    this.#refusals = 0
  }

  /** Whether a refused token may be replaced by another one: once, and only by a function. */
  mayRetry(): boolean {
    return typeof this.#option === 'function' && ++this.#refusals < 2
  }
}
