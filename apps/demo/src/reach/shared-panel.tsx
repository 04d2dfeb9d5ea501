import { useConnection, useSession, useSubscription } from '@earshot/react'
import { type ReactElement, type ReactNode, useState } from 'react'
import type { Scene } from '../map/place.ts'
import { useKeptFocus } from '../ui/use-kept-focus.ts'
import { useFailover } from './use-failover.ts'
import './relay.css'

/** The socket that the tabs of a browser share: who has it, and a button that crashes that tab. */
export function SharedPanel({ members }: { members: Scene['members'] }): ReactElement {
  const session = useSession()
  const { state, via, cause } = useConnection()
  const failover = useFailover()
  const leads = via === 'leader'
  const tabs = members.filter(({ userId }) => userId === session.userId)
  const isAlone = tabs.length < 2
  useSubscription('tabs/end', ({ userId }) => {
    if (leads && userId === session.userId) void import('../crash/end.ts').then(({ endSuddenly }) => endSuddenly(session)).catch(() => {})
  })
  return (
    <section className="relay" aria-labelledby="relay-title" data-testid="shared">
      <div className="line-state">
        <h2 id="relay-title">One socket</h2>
        <p data-testid="shared-status" data-via={via}>
          {state === 'connected' ? <Words leads={leads} leader={tabs.find(({ data }) => data.leads)?.id} isAlone={isAlone} /> : (cause?.reason ?? 'Nobody has the socket yet …')}
        </p>
      </div>
      <dl>
        <div>
          <dt>{isAlone ? 'tab' : 'tabs'} on it</dt>
          <dd data-testid="shared-tabs">{tabs.length}</dd>
        </div>
      </dl>
      <CrashLeader onSure={() => void session.publish('tabs/end', null)} isAlone={isAlone}>
        <p className="quiet" role="status" data-testid="failover">
          {failover
            ? `The leader crashed: ${failover.tabs === 1 ? 'one tab was' : `${failover.tabs} tabs were`} connected again within ${failover.slowest} ms.`
            : 'The tabs of one person share a socket. Close, hide or crash the one that has it: the others go on, and nothing is lost.'}
        </p>
      </CrashLeader>
    </section>
  )
}

function Words({ leads, leader, isAlone }: { leads: boolean; leader: string | undefined; isAlone: boolean }): ReactElement {
  if (leads) return <>This tab has the socket. {isAlone ? 'Open another: it will speak through this one.' : 'The others speak through it.'}</>
  return <>{leader === undefined ? 'Another tab' : <>Tab <code>{leader.slice(0, 6)}</code></>} has the socket. This one speaks through it.</>
}

/** Ends the tab that has the socket, once one is sure. What is below the buttons makes room for the warning. */
function CrashLeader({ onSure, isAlone, children }: { onSure: () => void; isAlone: boolean; children: ReactNode }): ReactElement {
  const [isAsked, setAsked] = useState<boolean>()
  const focused = useKeptFocus(isAsked)
  const sure = (): void => {
    setAsked(false)
    onSure()
  }
  if (!isAsked) {
    return (
      <>
        <div className="acts">
          <button ref={focused} type="button" className={isAlone ? 'plain' : ''} data-testid="crash-leader" onClick={() => setAsked(true)}>
            Crash the leader …
          </button>
        </div>
        {children}
      </>
    )
  }
  return (
    <>
      <div className="acts">
        <button ref={focused} type="button" className="bad" data-testid="crash-leader-sure" aria-describedby="crash-warning" onClick={sure}>
          Yes, crash it
        </button>
        <button type="button" className="plain" onClick={() => setAsked(false)}>
          Better not
        </button>
      </div>
      <p role="alert" id="crash-warning">
        The tab that has the socket shows the browser’s crash page; reload it to come back.{isAlone && ' There is no other tab that could take over.'}
      </p>
    </>
  )
}
