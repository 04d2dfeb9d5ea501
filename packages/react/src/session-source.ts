import type { SessionOptions } from '@earshot/core'
import type { AppHub, AppSession } from './register.ts'
import { lease, type Retain } from './lease.ts'

/** How long a session waits for the render that asked for it to be shown, in milliseconds: a transition or Suspense may hold that up. */
const UNCLAIMED = 5000

/** What a provider is given: a hub to open a session with, or the session. */
export interface SessionProps extends Omit<SessionOptions, 'id'> {
  hub?: AppHub | undefined
  session?: AppSession | undefined
}

/** Where hooks get their session. A render that React throws away opens none: it is opened when first asked for. */
export class SessionSource {
  /** The session, if it is open already. */
  current: AppSession | undefined
  /** Its provider was gone for too long: the session is closed, and the provider makes a new source when it comes back. */
  ended = false
  readonly hub: AppHub
  readonly retain: Retain
  readonly #props: SessionProps

  constructor(props: SessionProps, hub: AppHub) {
    this.#props = props
    this.hub = hub
    this.current = props.session
    this.retain = props.session
      ? () => () => {}
      : lease(hub.clock, () => () => {
          this.ended = true
          this.current?.close()
        })
  }

  /** The session, opened if need be. */
  get session(): AppSession {
    if (!this.current) {
      this.current = this.hub.openSession(this.#props)
      if (this.ended) this.current.close()
      else this.retain(UNCLAIMED)()
    }
    return this.current
  }

  /** Whether these props ask for the session that this source has. */
  fits({ hub, userId, session }: SessionProps): boolean {
    return this.#props.hub === hub && this.#props.userId === userId && this.#props.session === session
  }
}
