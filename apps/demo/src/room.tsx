import { useConnection, usePresence, useSession } from '@earshot/react'
import type { ReactElement } from 'react'
import { Log } from './log/log.tsx'
import { useLog } from './log/use-log.ts'
import { Me } from './me/me.tsx'
import type { Profile } from './me/profile.ts'
import { People } from './people/people.tsx'
import { Send } from './send/send.tsx'

const STATES = {
  initialised: 'not started',
  connecting: 'joining the other tabs …',
  connected: 'joined: all tabs of this browser hear one another',
  disconnected: 'this page only',
  closed: 'closed',
}

/** Everything below the session. */
export function Room({ profile, onProfile }: { profile: Profile; onProfile: (profile: Profile) => void }): ReactElement {
  const session = useSession()
  const status = useConnection()
  const { byUser } = usePresence('people', profile)
  const [entries, add] = useLog()
  return (
    <>
      <header>
        <h1>Earshot</h1>
        <p>
          Publish, and everyone within earshot hears it. <strong>Open this page in two tabs</strong> – they talk with no server.{' '}
          <a href={location.href} target="_blank" rel="noreferrer" data-testid="open-tab">
            Open another tab
          </a>
        </p>
        <p className="status" role="status" data-testid="status" data-state={status.state}>
          {STATES[status.state]}
          {status.cause && `: ${status.cause.message}`}
        </p>
      </header>
      <main>
        <div className="column">
          <Me profile={profile} onProfile={onProfile} />
          <People byUser={byUser} self={session.id} />
        </div>
        <div className="column wide">
          <Send users={[...byUser.keys()]} onSent={add} />
          <Log entries={entries} />
        </div>
      </main>
    </>
  )
}
