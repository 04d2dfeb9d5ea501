import { usePresenceCount } from '@earshot/react'
import { lazy, type ReactElement, Suspense } from 'react'
import type { Profile } from '../me/profile.ts'

const Room = lazy(() => import('./room.tsx').then(({ Room }) => ({ default: Room })))

const ROOMS = ['kitchen', 'garden', 'attic']

/** Rooms, and how many are in each; what is in them is fetched when one is entered. */
export function Rooms({ room, onRoom, profile }: { room: string; onRoom: (room: string) => void; profile: Profile }): ReactElement {
  return (
    <section className="rooms" aria-labelledby="rooms-title">
      <h2 id="rooms-title">Rooms</h2>
      {room === '' && <p>Go in: who is in a room hears its chat, sees who types and points, and draws on its canvas.</p>}
      <div className="doors">
        {ROOMS.map(name => (
          <Door key={name} name={name} isIn={name === room} onRoom={onRoom} />
        ))}
      </div>
      {room !== '' && (
        <Suspense fallback={<p className="quiet">One moment …</p>}>
          <Room key={room} name={room} profile={profile} />
        </Suspense>
      )}
    </section>
  )
}

function Door({ name, isIn, onRoom }: { name: string; isIn: boolean; onRoom: (room: string) => void }): ReactElement {
  const count = usePresenceCount(`rooms/${name}`)
  return (
    <button type="button" className="door" aria-pressed={isIn} data-testid={`door-${name}`} onClick={() => onRoom(isIn ? '' : name)}>
      {name}
      <span className="count" aria-label={`${count} people`}>
        {count}
      </span>
    </button>
  )
}
