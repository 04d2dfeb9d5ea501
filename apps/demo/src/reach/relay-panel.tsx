import type { HubStatus } from '@earshot/core'
import { useConnection } from '@earshot/react'
import { type ReactElement, useEffect, useState } from 'react'
import type { Wire } from '../wire/wire.ts'
import type { Line } from './line.ts'
import { useRecovery } from './use-recovery.ts'
import { useRestart } from './use-restart.ts'
import './relay.css'

/** The connection to the relay: how it is, what it has lost and got back, and buttons that put it to the test. */
export function RelayPanel({ wire, line }: { wire: Wire; line: Line }): ReactElement {
  const status = useConnection()
  const { recovered, gaps } = useRecovery(wire)
  const restart = useRestart(status.state === 'connected')
  const [isCut, setCut] = useState(false)
  const toggle = (): void => {
    setCut(!isCut)
    if (isCut) line.restore()
    else line.cut()
  }
  return (
    <section className="relay" aria-labelledby="relay-title" data-testid="relay">
      <div className="line-state">
        <h2 id="relay-title">The relay</h2>
        <p data-testid="relay-status">
          <Words status={status} isCut={isCut} />
        </p>
      </div>
      <dl>
        <div>
          <dt>recovered</dt>
          <dd data-testid="recovered">{recovered}</dd>
        </div>
        <div>
          <dt>gaps</dt>
          <dd data-testid="gaps">{gaps}</dd>
        </div>
      </dl>
      <div className="acts">
        <button type="button" data-testid="cut" aria-pressed={isCut} onClick={toggle}>
          {isCut ? 'Restore it' : 'Cut the connection'}
        </button>
        {restart && (
          <button type="button" className="plain" data-testid="restart" disabled={restart.isBusy} onClick={restart.run}>
            Restart the relay
          </button>
        )}
      </div>
      <p className="quiet">
        Cut it, speak on both sides, restore it: everything arrives, once. A restarted relay has lost its log, and each page is told of the gap.
        {' '}The leader, the bell and the crash need the locks of one browser: see <i>Tabs only</i> and <i>One socket</i>.
      </p>
    </section>
  )
}

/** How the connection is, in words. */
function Words({ status, isCut }: { status: HubStatus; isCut: boolean }): ReactElement {
  const { state, attempt = 0, retryAt, cause } = status
  if (state === 'connected') return <>Connected. The relay keeps what is said, for those who are away.</>
  if (state !== 'disconnected') return <>{attempt === 0 ? 'Calling …' : `Attempt ${attempt} is under way …`}</>
  const why = isCut ? 'You have cut the connection; what you say waits' : (cause?.reason ?? 'Not connected')
  return (
    <>
      {why} – {retryAt === undefined ? 'no further attempt will be made' : <Countdown attempt={attempt + 1} until={retryAt} />}
    </>
  )
}

function Countdown({ attempt, until }: { attempt: number; until: number }): ReactElement {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 200)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.ceil((until - now) / 1000)
  return <span data-testid="attempt">{seconds > 0 ? `attempt ${attempt} in ${seconds} s` : `attempt ${attempt} …`}</span>
}
