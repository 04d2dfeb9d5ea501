import type { ReactElement } from 'react'

/** A tab, with ears. */
export function Head({ name, color, leads }: { name: string; color: string; leads?: boolean }): ReactElement {
  return (
    <svg className="head" data-name={name} viewBox="0 0 64 64" aria-hidden="true" style={{ color }}>
      <g className="ear left">
        <circle cx="13" cy="19" r="11" fill="currentColor" />
        <circle cx="13" cy="19" r="5.5" className="inner" />
      </g>
      <g className="ear right">
        <circle cx="51" cy="19" r="11" fill="currentColor" />
        <circle cx="51" cy="19" r="5.5" className="inner" />
      </g>
      <circle cx="32" cy="37" r="25" fill="currentColor" />
      {leads && <path className="crown" d="M20 15V3l6.5 6L32 1l5.5 8L44 3v12q-12-4-24 0z" />}
      <text x="32" y="46" textAnchor="middle" fill={inkOn(color)}>
        {String.fromCodePoint(name.codePointAt(0) ?? 32).toUpperCase()}
      </text>
    </svg>
  )
}

/** Black or white, whichever is easier to read on a colour. */
function inkOn(color: string): string {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map(at => Number.parseInt(color.slice(at, at + 2), 16))
  return 0.299 * r + 0.587 * g + 0.114 * b > 150 ? '#10231f' : '#fff'
}
