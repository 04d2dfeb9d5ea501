import { leaderStores } from './leader-store.ts'
import { asItIs, useStore } from './use-store.ts'

/**
 * Whether this tab leads: one of the browser's does. Without a transport the page leads by itself; where tabs cannot agree, for want of Web Locks,
 * none does, and `unsupported` reaches the hub's `error` event.
 * @throws `session-closed`, `hub-closed` while mounting
 */
export function useLeader(): boolean {
  return useStore(leaderStores, '', asItIs)
}
