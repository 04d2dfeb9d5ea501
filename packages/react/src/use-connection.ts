import type { HubStatus } from '@earshot/core'
import { useCallback, useSyncExternalStore } from 'react'
import { useSource } from './earshot-provider.ts'

const UNKNOWN: HubStatus = { state: 'initialised' }

/** How far the hub reaches at the moment: `hub.status` itself. On a server, and while hydrating, `initialised`. */
export function useConnection(): HubStatus {
  const { hub } = useSource()
  const subscribe = useCallback((changed: () => void) => hub.on('status', changed), [hub])
  return useSyncExternalStore(subscribe, () => hub.status, () => UNKNOWN)
}
