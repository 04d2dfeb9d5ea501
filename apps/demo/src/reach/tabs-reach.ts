import { useLeader } from '@earshot/react'
import { broadcastChannel } from '@earshot/transport'
import { createDemoHub } from '../hub.ts'
import { life, storage } from '../tab/tab.ts'
import type { Reach } from './reach.ts'

/** All tabs of this browser. */
export function tabsReach(): Reach {
  return {
    hub: createDemoHub(broadcastChannel({ name: 'earshot-demo', page: life, sessionStorage: storage })),
    states: {
      initialised: 'not started',
      connecting: 'joining the other tabs …',
      connected: 'connected to all tabs of this browser',
      disconnected: 'out of earshot',
      closed: 'closed',
    },
    about: 'They hear each other, with no server in between.',
    useLeader,
  }
}
