import type { Facts, PageFacts, TroubleFacts, VoiceFacts } from './facts.ts'

/** Another tab has the socket by then, when the one that had it has gone; milliseconds. */
const PROMPT = 500
/** After these nobody can promise anything. */
const HINDRANCES = new Set<TroubleFacts['kind']>(['cut', 'deafen', 'hold', 'delay', 'hang'])

/** What is wrong with how the tabs of a browser do things for one another. */
export function browserFaults(facts: Facts): string[] {
  return [...needlessRefusals(facts), ...(facts.shared && facts.prompt && facts.restarts.length === 0 ? [...lateHandOvers(facts), ...ghosts(facts)] : [])]
}

/**
 * A session that has hardly said anything is not told that it says too much, whatever others do – unless one that has left its connection had said much: new ones go on
 * with what it has not spent.
 */
function needlessRefusals({ pages, spoken, writes, burst, lossy, shared, troubles }: Facts): string[] {
  const counts = new Map<VoiceFacts, number>()
  const count = (by: VoiceFacts, n: number): unknown => counts.set(by, (counts.get(by) ?? 0) + n)
  for (const { by } of spoken) if (by !== 'server') count(by, 1)
  // What is written before the value is known is written again.
  for (const { by } of writes) count(by, 2)
  const hasLeft = ({ closedAt, page }: VoiceFacts): boolean => closedAt !== undefined || page.endedAt !== undefined || troubles.some(trouble => trouble.page === page)
  const saidBefore = (by: VoiceFacts): number => {
    const isBeside = ({ page }: VoiceFacts): boolean => page === by.page || (shared && page.user === by.page.user)
    const voices = pages.flatMap(page => page.voices).filter(voice => voice.id() === by.id() || (isBeside(voice) && hasLeft(voice)))
    return voices.reduce((sum, voice) => sum + (counts.get(voice) ?? 0), 0)
  }
  return spoken.flatMap(({ by, number, outcome }) => {
    if (by === 'server' || lossy || outcome?.code !== 'rate-limited' || saidBefore(by) > burst) return []
    return [`${by.name}:${number} is refused as too much, though its session and those that have left said ${saidBefore(by)} messages in all`]
  })
}

/** When a tab goes, in whatever way, those that are left are connected again at once. */
function lateHandOvers({ pages, troubles }: Facts): string[] {
  return pages.flatMap(page =>
    waitsOf(page).flatMap(({ from, to }) => {
      const isHindered = troubles.some(({ page: other, kind, at }) => other.user === page.user && HINDRANCES.has(kind) && at < to.at)
      const isAsleep = troubles.some(({ page: other, at }) => other === page && at > from.at && at < to.at)
      return isHindered || isAsleep || to.time - from.time <= PROMPT ? [] : [`${page.name} is not connected for ${to.time - from.time} ms, though nothing is in the way`]
    }),
  )
}

interface Moment {
  readonly at: number
  readonly time: number
}

/** From when to when a page was not connected. */
function waitsOf({ born, attempts, connected }: PageFacts): { from: Moment; to: Moment }[] {
  return connected.flatMap((to, i) => {
    const last = connected[i - 1]?.at ?? 0
    const from = [born, ...attempts].find(({ at }) => at > last && at < to.at)
    return from ? [{ from, to }] : []
  })
}

/** Members whose tab crashes are gone at once, where another tab of the browser looks after them. */
function ghosts({ pages, troubles, memberships, sights }: Facts): string[] {
  return troubles.flatMap(({ page, gone, at, time }) => {
    const isAlone = troubles.every(other => other.page.user !== page.user || other.at === at || (Math.abs(other.time - time) > PROMPT && !HINDRANCES.has(other.kind)))
    const isWatched = pages.some(other => other !== page && other.user === page.user && (other.endedAt ?? Infinity) > at && isAwake(other, troubles, at) && other.connected.some(each => each.at < at && each.time < time - PROMPT))
    if (!isAlone || !isWatched) return []
    return gone.flatMap(id => {
      const stay = memberships.find(each => each.id === id && each.page === page)
      const wasSeen = sights.some(sight => sight.type === 'enter' && sight.id === id && sight.at > (stay?.since.at ?? 0) && sight.time < time - PROMPT)
      const isGone = sights.some(sight => sight.type === 'leave' && sight.id === id && sight.at > at && sight.time <= time + PROMPT)
      return !wasSeen || isGone ? [] : [`the witness does not see in time that ${page.name} has crashed`]
    })
  })
}

function isAwake(page: PageFacts, troubles: Facts['troubles'], at: number): boolean {
  const last = troubles.filter(trouble => trouble.page === page && ['freeze', 'cache', 'wake'].includes(trouble.kind) && trouble.at < at).at(-1)
  return !last || last.kind === 'wake'
}
