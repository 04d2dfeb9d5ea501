import type { HubStatus } from '@earshot/core'
import { useSyncExternalStore } from 'react'
import { useSource } from './earshot-provider.ts'

const UNKNOWN: HubStatus = { state: 'initialised' }

/** How far the hub reaches at the moment: `hub.status` itself. On a server, and while hydrating, `initialised`. */
export function useConnection(): HubStatus {
  const { hub, follow } = useSource()
  return useSyncExternalStore(follow, () => hub.status, () => UNKNOWN)
}
