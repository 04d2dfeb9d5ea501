import { useSession } from '@earshot/react'
import type { ReactElement } from 'react'
import { Trial } from '../trials/trial.tsx'
import { say } from '../wire/say.ts'
import type { Wire } from '../wire/wire.ts'

const COUNT = 1000
const WORDED = COUNT.toLocaleString('en')

/** Publishes a thousand messages at once. */
export function Burst({ wire }: { wire: Wire }): ReactElement {
  const session = useSession()
  const burst = (): void =>
    void say(wire, 'burst', `${WORDED} messages`, () => {
      for (let n = 1; n < COUNT; n++) session.publish('burst', n)
      return session.publish('burst', COUNT)
    })
  return (
    <Trial
      title="Burst"
      code="session.stream('burst', { capacity: 100 })"
      text={`${WORDED} messages at once, into queues for a hundred. What does not fit is dropped, counted and said.`}
    >
      <button type="button" className="plain" data-testid="burst" onClick={burst}>
        Send {WORDED}
      </button>
    </Trial>
  )
}
