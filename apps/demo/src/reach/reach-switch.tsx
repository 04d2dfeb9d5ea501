import type { ReactElement } from 'react'
import { isRelay, RELAY } from '../tab/tab.ts'

/** Tabs of this browser, or all browsers at the relay: a hub has one of them, so the page begins anew. */
export function ReachSwitch(): ReactElement {
  return (
    <nav className="reach" aria-label="Reach">
      <a href={location.pathname} data-testid="reach-tabs" aria-current={!isRelay}>
        Tabs only
      </a>
      <a href={RELAY} data-testid="reach-relay" aria-current={isRelay}>
        Relay
      </a>
    </nav>
  )
}
