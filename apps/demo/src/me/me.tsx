import { type FormEvent, type ReactElement, useState } from 'react'
import type { Profile } from './profile.ts'

/** Signing in begins everything anew, this form as well: the focus comes back to it. */
let hasSignedIn = false

/** Who I am: a name to sign in under, and a colour. */
export function Me({ profile, onProfile }: { profile: Profile; onProfile: (profile: Profile) => void }): ReactElement {
  const [name, setName] = useState(profile.name)
  const isNew = name.trim() !== '' && name.trim() !== profile.name
  const signIn = (event: FormEvent): void => {
    event.preventDefault()
    if (!isNew) return
    hasSignedIn = true
    onProfile({ ...profile, name: name.trim() })
  }
  return (
    <form className="me" onSubmit={signIn} aria-label="Me">
      <input
        data-testid="me-color"
        type="color"
        aria-label="My colour"
        value={profile.color}
        onChange={({ target }) => onProfile({ ...profile, color: target.value })}
      />
      <label>
        <span className="sr">My name</span>
        <input data-testid="me-name" autoComplete="off" autoFocus={hasSignedIn} value={name} maxLength={40} onChange={({ target }) => setName(target.value)} />
      </label>
      <button data-testid="me-save" type="submit" className="small" disabled={!isNew}>
        Sign in
      </button>
    </form>
  )
}
