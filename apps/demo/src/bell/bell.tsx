import { useClaim, useSession, useSubscription } from '@earshot/react'
import { type ReactElement, useEffect, useState } from 'react'

/** How long a tab shows that it has rung, in milliseconds. */
const SHOWN = 2500

/** Hears the bell in every tab, and rings in one. */
export function Bell(): ReactElement {
  const session = useSession()
  const [ring, setRing] = useState({ id: '', sound: false })
  const [rings, setRings] = useState(false)
  useSubscription('bell/ring', ({ data }) => setRing(data))
  useClaim(ring.id || undefined, () => {
    setRings(true)
    session.publish('bell/rung', ring.id)
    if (ring.sound) void import('./chime.ts').then(({ chime }) => chime())
  })
  useEffect(() => {
    if (!rings) return undefined
    const timer = setTimeout(() => setRings(false), SHOWN)
    return () => clearTimeout(timer)
  }, [rings])
  return (
    <div className="bell" role="status" data-testid="bell">
      {rings && <p>Ding! This tab rings, and no other.</p>}
    </div>
  )
}
