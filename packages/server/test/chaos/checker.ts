import { capture } from '@earshot/core'
import { browserFaults } from './browser-rules.ts'
import { type EarFacts, type Facts, type Heard, keyOf, type PageFacts, type Spoken, type VoiceFacts } from './facts.ts'

/** Codes that say: it is not in the log, and will never be. */
const REFUSED = new Set(['forbidden', 'rate-limited', 'outbox-full', 'timeout', 'not-connected', 'payload-too-large', 'invalid-topic'])
/** What may be reported in a run in which nothing is wrong. */
const EXPECTED = new Set(['outcome-unknown', 'hub-closed', 'forbidden', 'rate-limited', 'outbox-full'])

/** Everything that is wrong with what was published and heard, as sentences. */
export function faults(facts: Facts): string[] {
  const book = new Book(facts)
  return [
    ...(facts.unsettled === undefined ? [] : [`nothing is in the way any more, but ${facts.unsettled}`]),
    ...facts.ears.flatMap(ear => [...wrongHeard(ear, book), ...repeated(ear), ...disordered(ear, book), ...missing(ear, book)]),
    ...contradictions(book),
    ...outcomes(book),
    ...overfull(facts),
    ...falseLeaves(facts),
    ...lateLeaves(facts),
    ...storms(facts),
    ...browserFaults(facts),
    ...disagreements(facts),
    ...facts.pages.flatMap(page => [...unexpected(page), ...needlessGaps(page, facts), ...vanished(page, book), ...renamed(page)]),
  ]
}

/** What is known of each message by all who heard it. */
class Book {
  readonly facts: Facts
  readonly spoken = new Map<string, Spoken>()
  /** Key → who heard it, and when. */
  readonly heard = new Map<string, { ear: EarFacts; heard: Heard }[]>()
  /** Key → the first moment at which somebody knew that it is in the log. */
  readonly logged = new Map<string, number>()
  readonly offsets = new Map<string, number>()

  constructor(facts: Facts) {
    this.facts = facts
    for (const spoken of facts.spoken) {
      const { outcome } = spoken
      this.spoken.set(keyOf(spoken), spoken)
      if (spoken.kept && outcome && outcome.code === undefined) this.#learn(keyOf(spoken), outcome.at, outcome.offset)
    }
    for (const ear of facts.ears) {
      for (const heard of ear.heard) {
        const all = this.heard.get(heard.key)
        if (all) all.push({ ear, heard })
        else this.heard.set(heard.key, [{ ear, heard }])
        if (this.spoken.get(heard.key)?.kept) this.#learn(heard.key, heard.at, heard.offset)
      }
    }
  }

  get lostLogs(): number {
    return this.facts.restarts.filter(({ lost }) => lost).length
  }

  /** Whether one is certainly behind another in the log, or in a later one. */
  isAfter(later: Spoken, earlier: Spoken): boolean {
    if (!later.kept || !earlier.kept) return false
    const [one, other] = [keyOf(later), keyOf(earlier)]
    if (later.said > (this.logged.get(other) ?? Infinity)) return true
    if (later.by === earlier.by && later.by !== 'server' && later.number > earlier.number) return true
    const [offset, before] = [this.offsets.get(one), this.offsets.get(other)]
    return this.lostLogs === 0 && offset !== undefined && before !== undefined && offset > before
  }

  #learn(key: string, at: number, offset: number | undefined): void {
    this.logged.set(key, Math.min(at, this.logged.get(key) ?? Infinity))
    if (offset !== undefined && !this.offsets.has(key)) this.offsets.set(key, offset)
  }
}

/** It hears only what was said, what it asked for, what is meant for it, and nothing that was refused. */
function wrongHeard(ear: EarFacts, book: Book): string[] {
  return ear.heard.flatMap(({ key, topic, offset, userId, at }) => {
    const spoken = book.spoken.get(key)
    const where = `${nameOf(ear)} hears ${key} on ${topic}`
    if (!spoken) return [`${where}, which nobody said`]
    if (spoken.topic !== topic || !isMatch(ear.pattern, topic)) return [`${where}, which it did not ask for`]
    if (userId !== (spoken.by === 'server' ? undefined : spoken.by.page.user)) return [`${where} as a message of ${userId}`]
    if (!isFor(spoken, ear)) return [`${where}, which is not for it`]
    if (spoken.kept !== (offset !== undefined)) return [`${where} with the offset ${offset}`]
    if (spoken.outcome?.code !== undefined && REFUSED.has(spoken.outcome.code)) return [`${where}, which was refused as ${spoken.outcome.code}`]
    if (ear.endedAt !== undefined && at > ear.endedAt) return [`${where} after it had ended`]
    if (book.facts.guarded && topic === 'no' && ear.voice.page.user !== 'witness') return [`${where}, which it may not read`]
    return isPast(spoken, ear, book) ? [`${where}, which was said and heard of before it began`] : []
  })
}

/** Broadcasts have no topic, and no pattern covers them but `''`. */
function isMatch(pattern: string, topic: string): boolean {
  return pattern === topic || (pattern !== '' && topic !== '' && capture(pattern, topic) !== null)
}

function isFor({ by, echo, to }: Spoken, { voice }: EarFacts): boolean {
  return (echo || by === 'server' || !isSame(by, voice)) && (!to || to.includes(voice.page.user))
}

/** A session goes on over reloads. */
function isSame(one: VoiceFacts, other: VoiceFacts): boolean {
  return one === other || one.id() === other.id()
}

/** No word takes longer to the relay and back, in milliseconds. */
const UNDER_WAY = 100

/** It was in the log before this subscription began, and no other of the page was there to hear it, or was taken to be there by a relay that did not know of its end. */
function isPast(spoken: Spoken, ear: EarFacts, { facts, logged }: Book): boolean {
  if (!spoken.kept || ear.past || (logged.get(keyOf(spoken)) ?? Infinity) >= ear.began) return false
  const isThere = ({ endedAt = Infinity, endedTime = 0 }: EarFacts): boolean => endedAt > spoken.said || endedTime > spoken.saidTime - UNDER_WAY
  return !facts.ears.some(other => other !== ear && other.voice.page === ear.voice.page && other.began < ear.began && isThere(other) && isMatch(other.pattern, spoken.topic))
}

function repeated(ear: EarFacts): string[] {
  const keys = new Set<string>()
  return ear.heard.flatMap(({ key, topic }) => (keys.size === keys.add(key).size ? [`${nameOf(ear)} hears ${key} on ${topic} twice`] : []))
}

/** The offsets rise but for a log that was lost, which a gap tells first; and so do the numbers of each who speaks, by topic. */
function disordered(ear: EarFacts, book: Book): string[] {
  const found: string[] = []
  const numbers = new Map<string, number>()
  let last: Heard | undefined
  let falls = 0
  for (const heard of ear.heard) {
    const { key, topic, offset, at } = heard
    const spoken = book.spoken.get(key)
    if (!spoken) continue
    const stream = `${key.slice(0, key.lastIndexOf(':'))} ${topic} ${spoken.kept}`
    // What the server says is not said in a row.
    if (spoken.by !== 'server' && (numbers.get(stream) ?? 0) > spoken.number) found.push(`${nameOf(ear)} hears ${key} on ${topic} after a later one`)
    numbers.set(stream, spoken.number)
    if (offset === undefined) continue
    const before = last
    last = heard
    if (before?.offset === undefined || offset > before.offset) continue
    // What came while it fetched the past is heard after that, and after the gap that was told meanwhile.
    const from = ear.past ? ear.began : before.at
    const isTold = ear.voice.page.gaps.some(gap => gap.at > from && gap.at < at)
    // Before it was ready nothing was promised: then nothing is said to be lost.
    const isPromised = before.at > (ear.readyAt ?? Infinity)
    if (++falls > book.lostLogs || (isPromised && !isTold)) found.push(`${nameOf(ear)} hears ${key} at ${offset} after ${before.key} at ${before.offset}`)
  }
  return found
}

/** Everything in the log that was said after it was ready is heard before what comes later – or a gap names the topic first. */
function missing(ear: EarFacts, book: Book): string[] {
  const { readyAt, endedAt, voice } = ear
  // It was told so when the relay would not take the subscription.
  if (readyAt === undefined || voice.page.errors.some(({ text }) => text.includes(`refused subscribe on "${ear.pattern}"`))) return []
  const heard = new Set(ear.heard.map(({ key }) => key))
  const since = ear.past?.since === undefined ? undefined : book.spoken.get(ear.past.since)
  const gaps = [...voice.page.gaps, ...ear.gaps]
  return book.facts.spoken.flatMap(spoken => {
    const key = keyOf(spoken)
    const isLater = spoken.said > readyAt || (since !== undefined && book.isAfter(spoken, since))
    const isDue = spoken.kept && isLater && book.logged.has(key) && isMatch(ear.pattern, spoken.topic) && isFor(spoken, ear)
    if (!isDue || heard.has(key) || (book.facts.guarded && spoken.topic === 'no' && voice.page.user !== 'witness')) return []
    const next = ear.heard.find(each => {
      const other = book.spoken.get(each.key)
      return other !== undefined && book.isAfter(other, spoken)
    })
    const isExpected = next !== undefined || (endedAt === undefined && voice.page.endedAt === undefined)
    const isTold = gaps.some(({ at, topics }) => at > spoken.said && at < (next?.at ?? Infinity) && (!topics || topics.some(topic => isMatch(topic, spoken.topic))))
    if (!isExpected || isTold) return []
    return [`${nameOf(ear)} never hears ${key} on ${spoken.topic}${next ? `, but ${next.key} which is later` : ''}`]
  })
}

/** All tell the same offset of a message, the one that its publisher was told, and no two orders contradict each other. */
function contradictions(book: Book): string[] {
  const found: string[] = []
  for (const [key, all] of book.heard) {
    const offset = book.offsets.get(key)
    if (all.some(({ heard }) => heard.offset !== undefined && heard.offset !== offset)) found.push(`${key} is heard at several offsets`)
  }
  for (const topic of new Set(book.facts.spoken.map(spoken => spoken.topic))) {
    const rows = book.facts.ears.map(ear => ear.heard.filter(heard => heard.topic === topic && heard.offset !== undefined).map(({ key }) => key))
    const circle = contradiction(rows)
    if (circle.length > 0) found.push(`there is no one order of ${circle.join(', ')} on ${topic}`)
  }
  return found
}

/** What cannot be put into one order that all rows agree with. */
function contradiction(rows: readonly (readonly string[])[]): string[] {
  const before = new Map<string, Set<string>>()
  for (const row of rows) for (const [i, key] of row.entries()) {
    const earlier = before.get(key) ?? new Set()
    before.set(key, earlier)
    if (i > 0) earlier.add(row[i - 1] as string)
  }
  for (let size = -1; size !== before.size; ) {
    size = before.size
    for (const [key, earlier] of [...before]) if (![...earlier].some(each => before.has(each))) before.delete(key)
  }
  return [...before.keys()]
}

/** An outcome is unknown only when the relay has forgotten the session. */
function outcomes({ facts }: Book): string[] {
  return facts.spoken.flatMap(spoken => {
    const { by, said, saidTime, outcome } = spoken
    const code = outcome?.code
    if (!outcome || code === undefined) return []
    if (!REFUSED.has(code) && code !== 'outcome-unknown' && code !== 'hub-closed') return [`${keyOf(spoken)} ended as ${code}`]
    // What it was said into may have been dead since the last time that it was connected.
    const { at: since, time } = (by === 'server' ? undefined : by.page.connected.filter(({ at }) => at < said).at(-1)) ?? { at: said, time: saidTime }
    const isForgotten = facts.restarts.some(({ at }) => at > since && at < outcome.at) || outcome.time - time >= facts.resume
    // What a relay calls its record may be lost on the way between tabs.
    return code === 'outcome-unknown' && !isForgotten && !facts.lossy && isAlive(spoken) ? [`${keyOf(spoken)} has an unknown outcome though the relay has never forgotten anybody`] : []
  })
}

/** No session has more open than its outbox takes. */
function overfull({ spoken, outbox = Infinity }: Facts): string[] {
  const taken = spoken.filter(({ by, kept, outcome }) => by !== 'server' && kept && !REFUSED.has(outcome?.code ?? ''))
  const openWith = ({ by, said }: Spoken): number => taken.filter(other => other.by === by && other.said <= said && (other.outcome?.at ?? Infinity) > said).length
  return taken.flatMap(each => (openWith(each) > outbox ? [`${keyOf(each)} is taken into an outbox that is full`] : []))
}

function isAlive({ by, outcome }: Spoken): boolean {
  return by === 'server' || by.page.endedAt === undefined || by.page.endedAt > (outcome?.at ?? Infinity)
}

function unexpected({ name, errors }: PageFacts): string[] {
  return errors.flatMap(({ code, text }) => (EXPECTED.has(code) ? [] : [`${name} reports ${code}: ${text}`]))
}

/** So many cuts and restarts in a row are over before the relay takes anybody for gone. */
const SHORT = 2
/** Everybody has heard of a leave by then, whatever it was; milliseconds. */
const LATE = 10_000
/** Everybody has heard of it by then, where nothing but the network takes time; milliseconds. */
const PROMPT = 500

/** Who is cut off for a moment, reloads or lives through a restart of the relay does not leave in the eyes of others. */
function falseLeaves({ sights, memberships, restarts, prompt }: Facts): string[] {
  return sights.flatMap(({ type, id, at, time }) => {
    const stay = memberships.find(each => each.id === id && each.since.at < at && at < (each.ended?.at ?? Infinity))
    // It may have left before that, and come again at once.
    const isOld = memberships.some(({ id: other, ended }) => other === id && ended && ended.at < at && ended.time > time - LATE)
    if (type !== 'leave' || !stay || isOld || !prompt) return []
    const away = restarts.reduce((sum, { how }) => sum + (how === 'slow' ? Infinity : 1), stay.page.disturbed)
    return away > SHORT ? [] : [`the witness sees a member of ${stay.page.name} leave, which is there`]
  })
}

/** Who leaves in good order is gone at once. */
function lateLeaves({ sights, memberships, restarts, prompt }: Facts): string[] {
  return memberships.flatMap(({ id, page, since, ended }) => {
    if (!ended?.promptly || !prompt || page.disturbed > 0 || restarts.length > 0) return []
    // Who leaves before anybody has heard of it was never there.
    if (!sights.some(sight => sight.type === 'enter' && sight.id === id && sight.at > since.at && sight.at < ended.at)) return []
    const isSeen = sights.some(sight => sight.type === 'leave' && sight.id === id && sight.at > ended.at && sight.time <= ended.time + PROMPT)
    return isSeen ? [] : [`the witness does not see in time that a member of ${page.name} has left`]
  })
}

/** A relay that closes on purpose has its clients come back spread over the time that it names. */
function storms({ pages, restarts, troubles }: Facts): string[] {
  return restarts.flatMap(({ how, at, time }) => {
    // Who was cut off did not hear of it, and who wakes tries at once.
    const hasHeard = pages.filter(page => !troubles.some(trouble => trouble.page === page && Math.abs(trouble.time - time) < 1000))
    const next = hasHeard.flatMap(({ connected, attempts }) => {
      const [was, tried] = [connected, attempts].map(all => all.filter(each => each.at < at).at(-1)?.at ?? 0)
      const wasConnected = (was ?? 0) > (tried ?? 0)
      return wasConnected ? (attempts.find(each => each.at > at)?.time ?? []) : []
    })
    // Who is about to hear of another restart thinks that it is connected.
    const isAlone = restarts.every(other => other.at === at || Math.abs(other.time - time) > 1000)
    return how === 'spread' && isAlone && next.length > 2 && next.every(each => each < time + 5) ? [`${next.length} clients are back at once after the relay had closed`] : []
  })
}

/** All see one value of the shared state – and where nothing was in the way, the one that was written last. */
function disagreements({ values, writes, restarts, prompt }: Facts): string[] {
  if (restarts.some(({ lost }) => lost)) return []
  const told = values.map(({ name, value }) => `${name} ${value}`).join()
  if (new Set(values.map(({ value }) => value)).size > 1) return [`the shared state is not one: ${told}`]
  const [last, before] = [writes.at(-1), writes.at(-2)]
  const isSure = prompt && restarts.length === 0 && writes.every(({ page }) => page.disturbed === 0 && page.endedAt === undefined && !page.errors.some(({ code }) => REFUSED.has(code)))
  const isLater = (last?.time ?? 0) > (before?.time ?? -Infinity) + PROMPT
  return isSure && isLater && values.some(({ value }) => value !== last?.value) ? [`the shared state is not what was written last, ${last?.value}: ${told}`] : []
}

/** Where nothing is evicted and no log is lost, there is no gap; and none names what may not be read. */
function needlessGaps({ name, user, gaps }: PageFacts, { evicts, restarts, guarded }: Facts): string[] {
  return gaps.flatMap(({ at, topics }) => {
    if (!evicts && !restarts.some(restart => restart.lost && restart.at < at)) return [`${name} is told a gap on ${topics?.join()} though nothing is lost`]
    const isLeak = guarded && user !== 'witness' && topics?.some(topic => topic === 'no' || topic === '**')
    return isLeak ? [`${name} is told a gap on ${topics?.join()}, which it may not read`] : []
  })
}

/** What a page had not heard the outcome of when it was reloaded is heard by somebody, or the next page reports that it is not known. */
function vanished(page: PageFacts, book: Book): string[] {
  const { facts, heard } = book
  if (!page.successor || [...chain(page)].some(each => each.endedAt !== undefined && each.successor === undefined)) return []
  const told = facts.witness.voice.page.gaps
  const open = facts.spoken.filter(({ by, kept, outcome, said }) => by !== 'server' && by.page === page && by.closedAt === undefined && kept && (!outcome || outcome.at >= (page.endedAt ?? 0)) && !told.some(({ at }) => at > said))
  const silent = open.filter(spoken => !heard.has(keyOf(spoken)))
  const reported = [...chain(page)].flatMap(({ errors }) => errors).filter(({ code }) => EXPECTED.has(code)).length
  return silent.length > reported ? [`${silent.map(keyOf).join(', ')} vanished when ${page.name} was reloaded`] : []
}

/** A session keeps its id, but for one that another tab may have, too. */
function renamed({ voices, hasTwin }: PageFacts): string[] {
  return hasTwin ? [] : voices.flatMap(({ name, bornAs, id }) => (id() === bornAs ? [] : [`${name} is another session than it was`]))
}

/** A page and those that were loaded after it. */
function* chain(page: PageFacts): Generator<PageFacts> {
  for (let each: PageFacts | undefined = page; each; each = each.successor) yield each
}

function nameOf({ voice, pattern }: EarFacts): string {
  return `${voice.name} on ${pattern}`
}
