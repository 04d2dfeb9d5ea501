import { useSharedState } from '@earshot/react'
import { type ReactElement, useEffect } from 'react'
import type { Theme } from '../hub.ts'
import { guarded } from '../tab/storage.ts'

/** index.html reads it before anything is painted: no flash of the other theme. */
const KEY = 'earshot-demo:theme'
const THEMES: readonly [Theme, string, string][] = [
  ['light', 'Light', '☀'],
  ['system', 'As the system', '◐'],
  ['dark', 'Dark', '☾'],
]

/** One theme for all tabs: a late one takes over what the others have, and the last one leaves it to the next visit. */
export function ThemeSwitch(): ReactElement {
  const [theme, setTheme, status] = useSharedState('settings/theme', keptTheme())
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme
    if (status === 'ready') guarded(() => localStorage.setItem(KEY, theme))
  }, [theme, status])
  return (
    <fieldset className="themes" data-testid="theme" data-theme={theme}>
      <legend className="sr">Theme of all tabs</legend>
      {THEMES.map(([value, label, sign]) => (
        <label key={value} title={label}>
          <input className="sr" type="radio" name="theme" data-testid={`theme-${value}`} checked={theme === value} onChange={() => setTheme(value)} />
          <span aria-hidden="true">{sign}</span>
          <span className="sr">{label}</span>
        </label>
      ))}
    </fieldset>
  )
}

function keptTheme(): Theme {
  const kept = guarded(() => localStorage.getItem(KEY))
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}
