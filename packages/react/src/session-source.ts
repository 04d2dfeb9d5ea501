import { type Cancel, EarshotError, type SessionOptions } from '@earshot/core'
import { lease, type Retain } from './lease.ts'
import type { AppHub, AppSession } from './register.ts'

/** How long a session waits for the render that asked for it to be shown, in milliseconds: a transition or Suspense may hold that up. */
export const UNCLAIMED = 5000

/** What a provider is given: a hub to open a session with, or the session. */
export interface SessionProps extends Omit<SessionOptions, 'id'> {
  hub?: AppHub | undefined
  session?: AppSession | undefined
}

/** Where hooks get their session. A render that React throws away opens none: it is opened when first asked for. */
export interface SessionSource {
  readonly props: SessionProps
  readonly hub: AppHub
  /** The session, if it is open already. */
  current: AppSession | undefined
  /** Its provider was gone for too long: the session is closed, and the provider makes a new source when it comes back. */
  ended?: boolean
  readonly retain: Retain
  /** Tells of each change of the hub's status. */
  readonly follow: (changed: () => void) => Cancel
  /** The session, opened if need be. */
  readonly session: AppSession
}

/** @throws `invalid-options` without a hub or session */
export function createSource(props: SessionProps): SessionSource {
  const hub = props.hub ?? props.session?.hub
  if (!hub) throw new EarshotError('invalid-options', 'no-provider')
  const source: SessionSource = {
    props,
    hub,
    current: props.session,
    retain: lease({ hub }, () => () => {
      if (props.session) return
      source.ended = true
      source.current?.close()
    }),
    follow: changed => hub.on('status', changed),
    get session() {
      if (!source.current) {
        source.current = hub.openSession(props)
        if (source.ended) source.current.close()
        else source.retain(UNCLAIMED)()
      }
      return source.current
    },
  }
  return source
}
