import { type ReactElement, useEffect, useRef } from 'react'
import { Away } from '../away/away.tsx'
import { RingOnce } from '../bell/ring-once.tsx'
import { Burst } from '../burst/burst.tsx'
import { Crash } from '../crash/crash.tsx'
import type { Wire } from '../wire/wire.ts'
import './trials.css'

/** What happens when it gets harder. */
export function Trials({ tabs, wire }: { tabs: number; wire: Wire }): ReactElement {
  const all = useRef<HTMLDivElement>(null)
  // They take the place of the button that asked for them, unless one has gone on meanwhile.
  useEffect(() => {
    if (document.activeElement === document.body) all.current?.focus()
  }, [])
  return (
    <div className="trials" data-testid="trials" ref={all} tabIndex={-1} role="group" aria-labelledby="more-title">
      <RingOnce wire={wire} />
      <Burst wire={wire} />
      <Away />
      <Crash tabs={tabs} />
    </div>
  )
}
