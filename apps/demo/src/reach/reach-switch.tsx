import type { ReactElement } from 'react'
import { RELAY, sameReach, SHARED } from '../tab/tab.ts'

const REACHES = [
  ['', 'tabs', 'Tabs only'],
  [RELAY, 'relay', 'Relay'],
  [SHARED, 'shared', 'One socket'],
] as const

/** Tabs of this browser, or all browsers at the relay, with a socket for each tab or for all: a hub has one of them, so the page begins anew. */
export function ReachSwitch(): ReactElement {
  return (
    <nav className="reach" aria-label="Reach">
      {REACHES.map(([query, id, label]) => (
        <a key={id} href={location.pathname + query} data-testid={`reach-${id}`} aria-current={query === sameReach}>
          {label}
        </a>
      ))}
    </nav>
  )
}
