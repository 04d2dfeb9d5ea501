import { useConnection } from '@earshot/react'
import type { ReactElement } from 'react'
import { life } from '../tab/tab.ts'
import { Trial } from '../trials/trial.tsx'

/** Leaves the other tabs, as a page in the back/forward cache does, and comes back. */
export function Away(): ReactElement {
  const isOut = useConnection().state === 'disconnected'
  return (
    <Trial
      title="Step out of earshot"
      code="status: 'pending' | 'sent' | 'failed'"
      text="This tab lets go of its channel and locks, as in the back/forward cache. What it says waits; back again, it catches up."
    >
      <button type="button" className="plain" data-testid="away" aria-pressed={isOut} onClick={() => (isOut ? life.stepIn() : life.stepOut())}>
        {isOut ? 'Step back in' : 'Step out'}
      </button>
    </Trial>
  )
}
