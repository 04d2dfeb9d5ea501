import { useConnection, usePresence, useSession } from '@earshot/react'
import { type ReactElement, useEffect, useState } from 'react'
import { Bell } from '../bell/bell.tsx'
import { Log } from '../log/log.tsx'
import type { Log as LogStore } from '../log/log-store.ts'
import { TabMap } from '../map/map.tsx'
import { Me } from '../me/me.tsx'
import { freeColor, type Profile } from '../me/profile.ts'
import { People } from '../people/people.tsx'
import type { Reach } from '../reach/reach.ts'
import { ReachSwitch } from '../reach/reach-switch.tsx'
import { Rooms } from '../rooms/rooms.tsx'
import { Send } from '../send/send.tsx'
import { life } from '../tab/tab.ts'
import { ThemeSwitch } from '../theme/theme-switch.tsx'
import { Brand } from '../ui/brand.tsx'
import { useEar } from '../wire/use-ear.ts'
import type { Wire } from '../wire/wire.ts'
import { Hello } from './hello.tsx'
import { More } from './more.tsx'

interface StageProps {
  reach: Reach
  profile: Profile
  onProfile: (profile: Profile) => void
  room: string
  onRoom: (room: string) => void
  wire: Wire
  log: LogStore
}

/** Everything below the session. */
export function Stage({ reach, profile, onProfile, room, onRoom, wire, log }: StageProps): ReactElement {
  const { about, states, useLeader, Panel, Uplink } = reach
  // Crashes, claims and the like are about the tabs of one browser.
  const isOneBrowser = !Panel || Uplink
  const session = useSession()
  const status = useConnection()
  const leads = useLeader()
  useEar(wire)
  const { members, byUser, update } = usePresence('people', { ...profile, room, leads, going: false })
  const [picked, setPicked] = useState('')
  useEffect(() => wire.listen(news => log.tell(news, session.id)), [wire, log, session])
  useEffect(() => {
    life.onGoing = going => update(old => ({ ...profile, room, leads, ...old, going }))
  }, [update, profile, room, leads])
  // A person has one colour: who signs in as somebody who is here takes theirs, anybody else one that is free.
  const change = (next: Profile): void => {
    const known = byUser.get(next.name)?.[0]
    const others = members.filter(({ id }) => id !== session.id)
    const isNew = next.name !== profile.name
    onProfile(isNew ? { ...next, color: known?.data.color ?? freeColor(next.color, others.map(({ data }) => data.color)) } : next)
  }
  return (
    <>
      <header>
        <Brand />
        <p className="status" role="status" data-testid="status" data-state={status.state}>
          {states[status.state]}
          {!Panel && status.cause && `: ${status.cause.message}`}
        </p>
        <ReachSwitch />
        <ThemeSwitch />
        <Me profile={profile} onProfile={change} />
      </header>
      <main>
        {Panel && <Panel wire={wire} members={members} />}
        <div className="aside">
          <Hello tabs={members.length} about={about} />
          <People byUser={byUser} self={session.id} />
        </div>
        <div className="centre">
          <TabMap members={members} self={session.id} wire={wire} onPick={setPicked} Uplink={Uplink} />
          <Send users={[...byUser.keys()]} picked={picked} onPick={setPicked} wire={wire} />
        </div>
        <Log log={log} />
        <Rooms room={room} onRoom={onRoom} profile={profile} />
        {isOneBrowser && <More tabs={members.length} wire={wire} />}
      </main>
      {isOneBrowser && <Bell />}
    </>
  )
}
