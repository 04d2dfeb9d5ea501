import { EarshotProvider } from '@earshot/react'
import { type ReactElement, useState } from 'react'
import { hub } from './hub.ts'
import { createLog } from './log/log-store.ts'
import { type Profile, readProfile, writeProfile } from './me/profile.ts'
import { Stage } from './stage/stage.tsx'
import { createWire } from './wire/wire.ts'

/** The page: one person in one tab. Signing in as somebody else is another session, hence the key; the log goes on. */
export function App(): ReactElement {
  const [profile, setProfile] = useState(readProfile)
  const [room, setRoom] = useState('')
  const [wire] = useState(createWire)
  const [log] = useState(() => createLog(wire.next))
  const change = (next: Profile): void => {
    writeProfile(next)
    setProfile(next)
  }
  return (
    <EarshotProvider key={profile.name} hub={hub} userId={profile.name}>
      <Stage profile={profile} onProfile={change} room={room} onRoom={setRoom} wire={wire} log={log} />
    </EarshotProvider>
  )
}
