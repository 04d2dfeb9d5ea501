import { EarshotProvider } from '@earshot/react'
import { type ReactElement, useState } from 'react'
import { createLog } from './log/log-store.ts'
import { type Profile, readProfile, writeProfile } from './me/profile.ts'
import type { Reach } from './reach/reach.ts'
import { Stage } from './stage/stage.tsx'
import { createWire } from './wire/wire.ts'

/** The page: one person in one tab. Signing in as somebody else is another session, hence the key; the log goes on. */
export function App({ reach }: { reach: Reach }): ReactElement {
  const [profile, setProfile] = useState(readProfile)
  const [room, setRoom] = useState('')
  const [wire] = useState(createWire)
  const [log] = useState(() => createLog(wire.next))
  const change = (next: Profile): void => {
    writeProfile(next)
    // A connection to the relay is one person's: another one needs another.
    if (reach.Panel && next.name !== profile.name) location.reload()
    else setProfile(next)
  }
  return (
    <EarshotProvider key={profile.name} hub={reach.hub} userId={profile.name}>
      <Stage reach={reach} profile={profile} onProfile={change} room={room} onRoom={setRoom} wire={wire} log={log} />
    </EarshotProvider>
  )
}
