import { type Clock, EarshotError } from '@earshot/core'

/** Proves to the relay who this is: a token, or what gives one – asked anew for each connection and before one is over. */
export type TokenOption = string | (() => string | undefined | Promise<string | undefined>)

/** How long a token function may take, in milliseconds. */
const TOKEN_LIMIT = 10_000
/** Characters of a token, as a relay reads it. */
const MAX_TOKEN = 16_384

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

  /** The token of this moment. @throws `timeout`, `invalid-options`, and whatever the function throws */
  async read(): Promise<string | undefined> {
    // What has no type may give `null`, as storages do.
    const token: unknown = (await this.#ask()) ?? undefined
    if (token === undefined || (typeof token === 'string' && token.length <= MAX_TOKEN)) return token
    throw new EarshotError('invalid-options', `token is to give a text of at most ${MAX_TOKEN} characters, or nothing`, { name: 'token' })
  }

  async #ask(): Promise<string | undefined> {
    const option = this.#option
    if (typeof option !== 'function') return option
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
