import { type ComponentType, memo, type ReactElement } from 'react'
import { duration } from '../wire/latency.ts'
import type { Entry } from './entry.ts'

export const Line: ComponentType<{ entry: Entry }> = memo(function Line({ entry }: { entry: Entry }): ReactElement {
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
