import type { Facts, PageFacts, Spoken, VoiceFacts } from '../../packages/server/test/chaos/facts.ts'
import { type Notes, PATTERN } from '../fixtures/talker.ts'

/** A page load, or a client outside: what it wrote down, and when it was gone. */
export interface Noted {
  readonly notes: Notes
  /** What is loaded after it in its tab. */
  readonly successor?: Noted
  readonly endedAt?: number
}

/** What real processes wrote down, as the checker of simulated ones takes it. `kills`: when lives of the relay ended, each with its log. */
export function factsOf(noted: readonly Noted[], witness: Noted, kills: readonly number[]): Facts {
  const pages = new Map<Noted, PageFacts>()
  const parts = noted.map(each => {
    const { name, bornAs, id, said, heard, gaps, errors, connected, attempts, began, readyAt } = each.notes
    const timed = (moments: readonly { readonly at: number }[]): PageFacts['connected'] => moments.map(({ at }) => ({ at, time: at }))
    const voices: VoiceFacts[] = []
    // Nobody signs in: each has a name, and whose a message is tells its key.
    const page: PageFacts = { name, user: name, born: { at: began, time: began }, voices, hasTwin: false, gaps: [...gaps], errors: [...errors], connected: timed(connected), attempts: timed(attempts), disturbed: 0, endedAt: each.endedAt, successor: undefined }
    pages.set(each, page)
    const voice: VoiceFacts = { name, page, closedAt: undefined, bornAs, id: () => id }
    voices.push(voice)
    const spoken = said.map(({ topic, number, at, outcome }): Spoken => ({ by: voice, topic, number, said: at, saidTime: at, kept: true, echo: true, to: undefined, outcome: outcome && { ...outcome, time: outcome.at } }))
    return { each, spoken, ear: { voice, pattern: PATTERN, past: undefined, gaps: [], began, readyAt, endedAt: each.endedAt, heard: heard.map(one => ({ ...one, userId: one.key.slice(0, one.key.lastIndexOf(':')) })) } }
  })
  for (const [each, page] of pages) page.successor = each.successor && pages.get(each.successor)
  const own = parts.find(({ each }) => each === witness)
  if (!own) throw new Error('The witness is one of them')
  return {
    pages: [...pages.values()],
    ears: parts.map(({ ear }) => ear),
    spoken: parts.flatMap(({ spoken }) => spoken),
    troubles: [],
    shared: false,
    lossy: false,
    burst: 0,
    restarts: kills.map(at => ({ at, time: at, lost: true, how: 'slow' })),
    memberships: [],
    sights: [],
    prompt: false,
    values: [],
    writes: [],
    witness: own.ear,
    evicts: false,
    resume: 120_000,
    guarded: false,
    unsettled: undefined,
  }
}
