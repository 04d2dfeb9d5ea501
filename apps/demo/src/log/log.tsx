import { type ReactElement, useMemo, useState, useSyncExternalStore } from 'react'
import type { Filter } from './filter.ts'
import { Line } from './line.tsx'
import type { Log as LogStore } from './log-store.ts'

const KINDS: readonly [Filter['kind'], string][] = [
  ['all', 'All'],
  ['messages', 'Messages'],
  ['people', 'People'],
  ['trouble', 'Trouble'],
]

/** What was sent, heard and noticed, newest first. */
export function Log({ log }: { log: LogStore }): ReactElement {
  const entries = useSyncExternalStore(log.subscribe, () => log.entries)
  const [filter, setFilter] = useState<Filter>({ kind: 'all', text: '' })
  const { lines } = log
  const shown = useMemo(() => entries.filter(entry => lines?.passes(filter, entry)), [entries, lines, filter])
  return (
    <section className="log" aria-labelledby="log-title">
      <h2 id="log-title">What went by</h2>
      <div className="filters">
        <select
          aria-label="Kind of lines"
          data-testid="log-kind"
          value={filter.kind}
          onChange={({ target }) => setFilter({ ...filter, kind: target.value as Filter['kind'] })}
        >
          {KINDS.map(([kind, label]) => (
            <option key={kind} value={kind}>
              {label}
            </option>
          ))}
        </select>
        <input
          aria-label="Filter the log"
          data-testid="log-filter"
          placeholder="Bob, rooms/* …"
          value={filter.text}
          onChange={({ target }) => setFilter({ ...filter, text: target.value })}
        />
      </div>
      {shown.length === 0 && <p className="quiet empty">{entries.length === 0 ? 'Quiet so far.' : 'No line passes the filter.'}</p>}
      <ol data-testid="log" aria-live="polite" aria-relevant="additions" tabIndex={0} aria-labelledby="log-title">
        {shown.map(entry => (
          <Line key={entry.key} entry={entry} />
        ))}
      </ol>
    </section>
  )
}
