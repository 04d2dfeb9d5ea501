import type { Cancel } from '@earshot/core'
import { type Leadership, unsupported } from '../page/leadership.ts'
import { RelayClient } from '../relay/relay-client.ts'
import type { SharedLink } from './shared-link.ts'

/** A hub's end of a shared connection: its tabs are one browser to their user, so that one of them can act for all. */
export class SharedClient extends RelayClient {
  readonly #leadership: Leadership
  readonly #shared: () => SharedLink | undefined

  /** @param shared what the tab shares, if it shares anything */
  constructor(leadership: Leadership, shared: () => SharedLink | undefined, ...rest: ConstructorParameters<typeof RelayClient>) {
    super(...rest)
    this.#leadership = leadership
    this.#shared = shared
  }

  async claim(id: string, task: () => unknown): Promise<boolean> {
    this.#need('claim')
    return this.#leadership.claim(id, task)
  }

  lead(task: () => void | (() => void)): Cancel {
    this.#need('onLeader')
    // A tab that will have no connection any more would keep the lead from those that may.
    return this.#shared()?.isClosed ? () => {} : this.#leadership.add(task)
  }

  override async close(): Promise<void> {
    await super.close()
    this.#leadership.close()
  }

  /** @throws `unsupported` where Web Locks are denied */
  #need(name: string): void {
    if (this.#shared()?.isAlone) throw unsupported(name)
  }
}
