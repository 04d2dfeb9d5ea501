import { webSocket } from '@earshot/transport'
import { createElement } from 'react'
import { createDemoHub } from '../hub.ts'
import { readProfile } from '../me/profile.ts'
import { life, storage } from '../tab/tab.ts'
import { createLine } from './line.ts'
import type { Reach } from './reach.ts'
import { RelayPanel } from './relay-panel.tsx'

/** All browsers that reach the relay beside this page. */
export function relayReach(): Reach {
  // As a browser says it: the hub does not wait for its next attempt then.
  const line = createLine(() => window.dispatchEvent(new Event('online')))
  const { WebSocket } = line
  return {
    hub: createDemoHub(webSocket({ url: '/earshot', token: () => readProfile().name, WebSocket, page: life, sessionStorage: storage })),
    states: {
      initialised: 'not started',
      connecting: 'calling the relay …',
      connected: 'connected through the relay',
      disconnected: 'cut off from the relay',
      closed: 'closed',
    },
    about: 'They hear each other through the relay, from any browser.',
    // Who leads is agreed upon by the tabs of one browser.
    useLeader: () => false,
    Panel: ({ wire }) => createElement(RelayPanel, { wire, line }),
  }
}
