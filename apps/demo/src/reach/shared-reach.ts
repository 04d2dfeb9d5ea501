import { useConnection } from '@earshot/react'
import { sharedWebSocket } from '@earshot/transport'
import { createDemoHub } from '../hub.ts'
import { Uplink } from '../map/uplink.tsx'
import { KEY, readProfile } from '../me/profile.ts'
import { guarded } from '../tab/storage.ts'
import { life, storage } from '../tab/tab.ts'
import type { Reach } from './reach.ts'
import { SharedPanel } from './shared-panel.tsx'

/** All browsers that reach the relay beside this page, over one socket for all tabs of this one. */
export function sharedReach(): Reach {
  const { name } = beThePerson()
  return {
    hub: createDemoHub(sharedWebSocket({ url: '/earshot', user: name, token: () => name, page: life, sessionStorage: storage })),
    states: {
      initialised: 'not started',
      connecting: 'looking for the socket …',
      connected: 'connected over the socket of this browser',
      disconnected: 'cut off from the relay',
      closed: 'closed',
    },
    about: 'All tabs of this browser share one socket: one has it, and any other takes over.',
    useLeader: () => useConnection().via === 'leader',
    Panel: SharedPanel,
    Uplink,
  }
}

/** Whose browser this is. */
const PERSON = 'earshot-demo:person'

/** A socket is one person's: who comes here is whoever was here last in this browser. Signing in, which begins with a reload, makes it another. */
function beThePerson(): ReturnType<typeof readProfile> {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  const person = guarded(() => localStorage.getItem(PERSON))
  if (person !== null && navigation?.type === 'navigate') storage.setItem(KEY, person)
  const profile = readProfile()
  guarded(() => localStorage.setItem(PERSON, JSON.stringify(profile)))
  return profile
}
