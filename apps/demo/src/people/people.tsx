import type { Member } from '@earshot/core'
import type { ReactElement } from 'react'
import type { Profile } from '../me/profile.ts'

/** Who is here: one line a person, with their tabs under it. */
export function People({ byUser, self }: { byUser: ReadonlyMap<string, readonly Member<Profile>[]>; self: string }): ReactElement {
  return (
    <section className="card" aria-labelledby="people-title">
      <h2 id="people-title">
        Who is here <span className="count" data-testid="people-count">{byUser.size}</span>
      </h2>
      <ul className="people" data-testid="people">
        {[...byUser].map(([user, tabs]) => (
          <li key={user} data-testid="person" data-user={user}>
            <span className="dot" style={{ background: tabs[0]?.data.color }} aria-hidden="true" />
            <strong>{user}</strong>
            <span className="quiet">{tabs.length === 1 ? '1 tab' : `${tabs.length} tabs`}</span>
            <ul>
              {tabs.map(tab => (
                <li key={tab.id} data-testid="tab" data-session={tab.id}>
                  <code>{tab.id.slice(0, 8)}</code> {tab.id === self && <em>this tab</em>}
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </section>
  )
}
