import type { ReactElement } from 'react'
import { Away } from '../away/away.tsx'
import { RingOnce } from '../bell/ring-once.tsx'
import { Burst } from '../burst/burst.tsx'
import { Crash } from '../crash/crash.tsx'
import type { Wire } from '../wire/wire.ts'
import './trials.css'

/** What happens when it gets harder. */
export function Trials({ tabs, wire }: { tabs: number; wire: Wire }): ReactElement {
  return (
    <div className="trials" data-testid="trials">
      <RingOnce wire={wire} />
      <Burst wire={wire} />
      <Away />
      <Crash tabs={tabs} />
    </div>
  )
}
