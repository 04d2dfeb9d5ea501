import type { ReactElement, ReactNode } from 'react'

/** Something to try: what it shows, how it is written, and the buttons for it. */
export function Trial({ title, text, code, children }: { title: string; text: string; code: string; children: ReactNode }): ReactElement {
  return (
    <div className="trial">
      <h3>{title}</h3>
      <p>{text}</p>
      <code>{code}</code>
      <div className="acts">{children}</div>
    </div>
  )
}
