import { EarshotProvider } from '@earshot/react'
import { type ReactElement, useState } from 'react'
import { hub } from './hub.ts'
import { Room } from './room.tsx'
import { type Profile, readProfile, writeProfile } from './me/profile.ts'

/** The page: one person in one tab. Signing in as somebody else is another session, hence the key. */
export function App(): ReactElement {
  const [profile, setProfile] = useState(readProfile)
  const change = (next: Profile): void => {
    writeProfile(next)
    setProfile(next)
  }
  return (
    <EarshotProvider key={profile.name} hub={hub} userId={profile.name}>
      <Room profile={profile} onProfile={change} />
    </EarshotProvider>
  )
}
