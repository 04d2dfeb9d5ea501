import { guarded } from '../tab/storage.ts'
import { storage } from '../tab/tab.ts'

/** Who this tab is. */
export interface Profile {
  /** Also the user id: tabs of one name are one person. */
  name: string
  color: string
}

/** Under which it is kept. */
export const KEY = 'earshot-demo:profile'
const TURN = 'earshot-demo:turn'
const NAMES = ['Ada', 'Bob', 'Cleo', 'Dan', 'Eve', 'Finn', 'Gia', 'Hugo', 'Ines', 'Jon', 'Kim', 'Lou']
const COLORS = ['#e4572e', '#12978c', '#7c5cf0', '#d08a00', '#d83a82', '#3b7be6', '#4f9a2c']

/** What this tab was before a reload, else the next one in turn. */
export function readProfile(): Profile {
  const kept = parse(storage.getItem(KEY))
  if (kept) return kept
  const turn = nextTurn()
  const profile = { name: NAMES[turn % NAMES.length] ?? 'Ada', color: COLORS[turn % COLORS.length] ?? '#e4572e' }
  writeProfile(profile)
  return profile
}

/** The wanted colour, or, if others have it, one that they have not. */
export function freeColor(wanted: string, taken: readonly string[]): string {
  return [wanted, ...COLORS].find(color => !taken.includes(color)) ?? wanted
}

export function writeProfile(profile: Profile): void {
  storage.setItem(KEY, JSON.stringify(profile))
}

/** All tabs of a browser take turns, so that the first few are different people. */
function nextTurn(): number {
  return (
    guarded(() => {
      const turn = Number(localStorage.getItem(TURN)) || 0
      localStorage.setItem(TURN, String(turn + 1))
      return turn
    }) ?? Math.floor(Math.random() * NAMES.length)
  )
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
