import type { Cancel } from '@earshot/core'
import type { Leadership } from '../page/leadership.ts'
import { RelayClient } from '../relay/relay-client.ts'

/** A hub's end of a shared connection: its tabs are one browser to their user, so that one of them can act for all. */
export class SharedClient extends RelayClient {
  readonly #leadership: Leadership

  constructor(leadership: Leadership, ...rest: ConstructorParameters<typeof RelayClient>) {
    super(...rest)
    this.#leadership = leadership
  }

  claim(id: string, task: () => unknown): Promise<boolean> {
    return this.#leadership.claim(id, task)
  }

  lead(task: () => void | (() => void)): Cancel {
    return this.#leadership.add(task)
  }
}
