import { useSession } from '@earshot/react'
import { type FormEvent, type ReactElement, useState } from 'react'
import type { Profile } from './profile.ts'

/** Who I am: a name to sign in under, a colour, and the session behind them. */
export function Me({ profile, onProfile }: { profile: Profile; onProfile: (profile: Profile) => void }): ReactElement {
  const session = useSession()
  const [name, setName] = useState(profile.name)
  const signIn = (event: FormEvent): void => {
    event.preventDefault()
    if (name.trim() !== '') onProfile({ ...profile, name: name.trim() })
  }
  return (
    <section className="card" aria-labelledby="me-title">
      <h2 id="me-title">Me</h2>
      <form className="row" onSubmit={signIn}>
        <label>
          Name
          <input data-testid="me-name" value={name} maxLength={40} onChange={event => setName(event.target.value)} />
        </label>
        <label>
          Colour
          <input data-testid="me-color" type="color" value={profile.color} onChange={event => onProfile({ ...profile, color: event.target.value })} />
        </label>
        <button data-testid="me-save" type="submit" disabled={name.trim() === '' || name.trim() === profile.name}>
          Sign in
        </button>
      </form>
      <p className="quiet">
        Session <code data-testid="me-session">{session.id}</code>, kept over a reload. The same name in another tab is the same person.
      </p>
    </section>
  )
}
