import type { ReactElement } from 'react'

/** The name, and its sign: a head that listens. */
export function Brand(): ReactElement {
  return (
    <a className="brand" href={location.pathname}>
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <circle cx="8" cy="8" r="6" />
        <circle cx="24" cy="8" r="6" />
        <circle cx="16" cy="18" r="12" />
      </svg>
      Earshot
    </a>
  )
}
