import { useSubscription } from '@earshot/react'
import { lazy, type ReactElement, Suspense, useState } from 'react'

const Ringing = lazy(() => import('./ringing.tsx').then(({ Ringing }) => ({ default: Ringing })))

/** Hears the bell in every tab, and rings in one: with what is fetched when somebody pulls it. */
export function Bell(): ReactElement {
  const [ring, setRing] = useState({ id: '', sound: false })
  useSubscription('bell/ring', ({ data }) => setRing(data))
  return (
    <div className="bell" role="status" data-testid="bell">
      <Suspense>{ring.id && <Ringing ring={ring} />}</Suspense>
    </div>
  )
}
