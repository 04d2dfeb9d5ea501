import { lazy, type ReactElement, Suspense, useState } from 'react'
import type { Wire } from '../wire/wire.ts'

const Trials = lazy(() => import('../trials/trials.tsx').then(({ Trials }) => ({ default: Trials })))

/** What else there is to try, fetched when somebody wants to. */
export function More({ tabs, wire }: { tabs: number; wire: Wire }): ReactElement {
  const [isOpen, setOpen] = useState(false)
  return (
    <section className="more" aria-labelledby="more-title" data-open={isOpen || undefined}>
      <h2 id="more-title">Try it harder</h2>
      {isOpen ? (
        <Suspense fallback={<p className="quiet">One moment …</p>}>
          <Trials tabs={tabs} wire={wire} />
        </Suspense>
      ) : (
        <>
          <p>Ring in one tab only, flood a queue, step out of earshot, crash a tab.</p>
          <button type="button" className="plain" data-testid="more" onClick={() => setOpen(true)}>
            Show me
          </button>
        </>
      )}
    </section>
  )
}
