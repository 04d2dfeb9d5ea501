import type { ReactElement } from 'react'
import type { Entry } from './use-log.ts'

/** What was sent and heard, newest first. */
export function Log({ entries }: { entries: readonly Entry[] }): ReactElement {
  return (
    <section className="card log" aria-labelledby="log-title">
      <h2 id="log-title">Sent and heard</h2>
      {entries.length === 0 && <p className="quiet">Nothing yet. Send something, here or in the other tab.</p>}
      <ol data-testid="log" aria-live="polite" aria-relevant="additions">
        {entries.map(({ key, direction, where, who, text, latency }) => (
          <li key={key} data-testid="entry" className={direction} data-direction={direction}>
            <span className="direction">{direction}</span>
            <span className="where">{where}</span>
            <span className="who">{who}</span>
            <span className="text">{text}</span>
            <span className="latency">{latency === undefined ? '' : `${latency} ms`}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
