import type { Cancel } from '@earshot/core'
import { isAlone } from './is-alone.ts'
import { createStore, type Store, type StoreHost } from './store.ts'
import { createStores, type Stores } from './stores.ts'

/** Whether this tab leads. One for all components: a lead that is let go goes to another tab. */
function createLeaderStore(_key: string, host: StoreHost): Store<boolean> {
  const { session } = host
  let leads = isAlone(session)
  let stop: Cancel | undefined
  const store = createStore(host, () => leads, () => stop?.())
  const now = (lead: boolean): void => {
    leads = lead
    store.changed()
  }
  try {
    if (!leads) {
      stop = session.hub.onLeader(() => {
        now(true)
        return () => now(false)
      })
    }
  } catch (error) {
    session.hub.report(error)
  }
  return store
}

export const leaderStores: Stores<Store<boolean>> = createStores(createLeaderStore, false)
