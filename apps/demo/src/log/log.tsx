import { memo, type ReactElement, useMemo, useState, useSyncExternalStore } from 'react'
import { duration } from '../wire/latency.ts'
import { type Filter, passes } from './filter.ts'
import type { Entry, Log as LogStore } from './log-store.ts'

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
  const shown = useMemo(() => entries.filter(entry => passes(filter, entry)), [entries, filter])
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

const Line = memo(function Line({ entry }: { entry: Entry }): ReactElement {
  const { kind, where, who, text, latency, reached, refused } = entry
  return (
    <li data-testid="entry" className={kind} data-direction={kind}>
      <span className="direction">{kind}</span>
      <span className="who">{who}</span>
      <span className="text">{text}</span>
      <span className="where">{where}</span>
      <span className="latency">
        {reached !== undefined && `${reached} heard it, `}
        {latency !== undefined && duration(latency)}
      </span>
      {refused && <span className="why">{refused}</span>}
    </li>
  )
})
