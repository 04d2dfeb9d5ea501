import { RELAY, sameReach } from '../tab/tab.ts'
import type { Reach } from './reach.ts'
import { relayReach } from './relay-reach.ts'
import { sharedReach } from './shared-reach.ts'

/** Through the relay, with a socket for each tab or for all of a browser. */
export function farReach(): Reach {
  return sameReach === RELAY ? relayReach() : sharedReach()
}
