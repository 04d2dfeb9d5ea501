import { useClaim, useSession } from '@earshot/react'
import { type ReactElement, useEffect, useState } from 'react'
import './bell.css'

/** How long a tab shows that it has rung, in milliseconds. */
const SHOWN = 2500

/** Rings, if no other tab does. */
export function Ringing({ ring }: { ring: { readonly id: string; readonly sound: boolean } }): ReactElement | false {
  const session = useSession()
  const [rings, setRings] = useState(false)
  useClaim(ring.id, () => {
    setRings(true)
    session.publish('bell/rung', ring.id)
    if (ring.sound) void import('./chime.ts').then(({ chime }) => chime())
  })
  useEffect(() => {
    if (!rings) return undefined
    const timer = setTimeout(() => setRings(false), SHOWN)
    return () => clearTimeout(timer)
  }, [rings])
  return rings && <p>Ding! This tab rings, and no other.</p>
}
