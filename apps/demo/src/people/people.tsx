import type { Member } from '@earshot/core'
import type { ReactElement } from 'react'
import type { Tab } from '../hub.ts'

/** Who is here: one line a person, with their tabs under it. */
export function People({ byUser, self }: { byUser: ReadonlyMap<string, readonly Member<Tab>[]>; self: string }): ReactElement {
  return (
    <section className="people-here" aria-labelledby="people-title">
      <h2 id="people-title">
        Who is here <span className="count" data-testid="people-count">{byUser.size}</span>
      </h2>
      <ul className="people" data-testid="people">
        {[...byUser].map(([user, tabs]) => (
          <li key={user} data-testid="person" data-user={user}>
            <span className="dot" style={{ background: tabs[0]?.data.color }} aria-hidden="true" />
            <strong>
              {user}
              {tabs.length > 1 && <small> {tabs.length} tabs</small>}
            </strong>
            <ul>
              {tabs.map(({ id, data }) => (
                <li key={id} data-testid="tab" data-session={id}>
                  {id === self ? <b>this tab</b> : <code>{id.slice(0, 6)}</code>}
                  {data.leads && <b data-testid="leader">leads</b>}
                  {data.room && <span>in the {data.room}</span>}
                  {data.going && <span>leaving …</span>}
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
      <p className="quiet session">
        My session <code data-testid="me-session">{self}</code> is kept over reloads.
      </p>
    </section>
  )
}
