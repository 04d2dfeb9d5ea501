/** Who this tab is. */
export interface Profile {
  /** Also the user id: tabs of one name are one person. */
  name: string
  color: string
}

const KEY = 'earshot-demo:profile'
const NAMES = ['Ada', 'Bob', 'Cleo', 'Dan', 'Eve', 'Finn', 'Gia', 'Hugo']
const COLORS = ['#d9480f', '#2b8a3e', '#1864ab', '#862e9c', '#c2255c', '#5c940d']

/** What this tab was before a reload, else somebody at random. */
export function readProfile(): Profile {
  const kept = parse(sessionStorage.getItem(KEY))
  if (kept) return kept
  const profile = { name: pick(NAMES), color: pick(COLORS) }
  writeProfile(profile)
  return profile
}

export function writeProfile(profile: Profile): void {
  sessionStorage.setItem(KEY, JSON.stringify(profile))
}

function parse(text: string | null): Profile | undefined {
  if (text === null) return undefined
  try {
    const { name, color } = JSON.parse(text) as Partial<Profile>
    return typeof name === 'string' && name !== '' && typeof color === 'string' ? { name, color } : undefined
  } catch {
    return undefined // written by somebody else: a new profile takes its place
  }
}

function pick(list: readonly string[]): string {
  return list[Math.floor(Math.random() * list.length)] ?? 'Ada'
}
