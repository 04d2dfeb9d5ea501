import type { Capabilities } from '@earshot/core'
import type { FullEnvironment } from '../page/environment.ts'

/** What this place allows a tab, and what is missing when it does not. */
export function capabilitiesOf({ BroadcastChannel, locks, sessionStorage }: FullEnvironment): Capabilities {
  return {
    BroadcastChannel: BroadcastChannel ? true : 'missing: the hub works within its page',
    locks: locks ? true : 'missing or denied: presence uses heartbeats, session ids are not kept; serve the page over https or from localhost',
    sessionStorage: sessionStorage ? true : 'missing or denied: session ids are not kept over reloads',
  }
}
