import { EarshotError, isWildcard, randomId, systemRandom } from '@earshot/core'
import type { Defer } from '../relay/outbound.ts'
import { checkValue, type Engine, type LogEntry, type LogPage, type Loss, type LossRequest, type PageRequest, type PastRequest, type Publication, sizeOf, toEntry } from './engine.ts'
import { Losses, type Lossy } from './losses.ts'
import { TopicFilter } from './topic-filter.ts'
import { Turns, type Work } from './turns.ts'
import { Values } from './values.ts'

/** What a memory engine keeps. */
export interface MemoryEngineOptions {
  /** Messages of a topic. @default 1000 */
  messages?: number
  /** Topics that are remembered; the one unused for longest is forgotten. @default 100,000 */
  topics?: number
  /** Characters of encoded messages and of whom they are for, over all topics. @default 64,000,000 */
  size?: number
  /**
   * Part of `size`, of `topics` and of `retained` and `retainedSize` that one publisher may use up: a user, or a session of nobody in particular; of more
   * its own oldest messages and values go, and what it has said on the topics that it brought: where others have said something, too, that stays. What the
   * server publishes has no such bound. @default 0.25
   */
  share?: number
  /** Milliseconds that a message is kept. @default 3,600,000 (an hour) */
  age?: number
  /** Topics whose value (`retain`) is kept, apart from history; of more the oldest values go. @default 10,000 */
  retained?: number
  /** Characters of these values. @default 16,000,000 */
  retainedSize?: number
  /** Wall-clock milliseconds. */
  now?: () => number
  /** Numbers in [0, 1). */
  random?: () => number
}

/** Entries that are looked at for one page: others have their turn between pages. */
const MAX_LOOKED_AT = 2000
/** Entries of the past that are looked at until others have their turn. */
const PART = 500
/** So many that are gone may lie among the others, or a half. */
const MAX_GONE = 1000

interface Kept extends LogEntry {
  /** Characters that it holds. */
  readonly size: number
  /** When it came, by the relay's clock. */
  readonly came: number
  /** Not kept any more; it stays in the order until that is tidied up. */
  gone: boolean
  readonly owner: Owner | undefined
}

/** What one publisher has in the log. */
interface Owner {
  readonly name: string
  size: number
  /** Oldest first. All before `first` are gone, and `gone` are in all. */
  entries: Kept[]
  first: number
  gone: number
  goneSize: number
  /** Topics that count for it, the least recently used first. */
  readonly topics: Set<string>
}

interface TopicLog extends Lossy {
  /** Oldest first, from `first` on: room for those before it is given back when it is half of all. */
  entries: (Kept | undefined)[]
  first: number
  last: number
  /** For whom it counts: who brought it, or somebody else who has said something there. */
  owner: Owner | undefined
}

/** A log in memory, for one relay. It ends with the process: the next one begins a new epoch, and every position of this one is a gap. */
export function memoryEngine(options: MemoryEngineOptions = {}): Engine {
  return new MemoryEngine(options)
}

class MemoryEngine implements Engine {
  readonly epoch: string
  head = 0
  readonly #limits: Required<MemoryEngineOptions>
  /** In the order of the log, with those that are gone. */
  #order: Kept[] = []
  /** The least recently used first. */
  readonly #topics = new Map<string, TopicLog>()
  readonly #owners = new Map<string, Owner>()
  readonly #values: Values
  #size = 0
  #gone = 0
  #goneSize = 0
  #isClosed = false
  /** Everything before this place in the order is gone. */
  #first = 0
  readonly #losses = new Losses()
  readonly #turns = new Turns(task => setImmediate(task))
  #appended: (entry: LogEntry) => void = () => {}
  #passed: (entry: LogEntry) => void = () => {}

  constructor({
    messages = 1000,
    topics = 100_000,
    size = 64_000_000,
    share = 0.25,
    age = 3_600_000,
    retained = 10_000,
    retainedSize = 16_000_000,
    now = () => Date.now(),
    random = systemRandom,
  }: MemoryEngineOptions) {
    for (const [name, value] of Object.entries({ messages, topics, size, share, age, retained, retainedSize })) {
      if (!(value >= 0)) throw new EarshotError('invalid-options', `${name} is ${value}: it must be 0 or more`, { name, value })
    }
    this.#limits = { messages, topics, size, share, age, retained, retainedSize, now, random }
    this.#values = new Values({ retained, retainedSize, share })
    this.epoch = randomId(random, 10)
  }

  connect(appended: (entry: LogEntry) => void, passed: (entry: LogEntry) => void, defer?: Defer): void {
    this.#appended = appended
    this.#passed = passed
    if (defer) this.#turns.use(defer)
  }

  append(publication: Publication): LogEntry {
    if (this.#isClosed) throw new EarshotError('not-connected', 'The log is closed')
    const { topic, retain, publisher } = publication
    checkValue(publication)
    const owner = this.#ownerOf(publisher)
    const log = this.#logOf(topic, owner)
    const { offset, text, to, except } = toEntry(publication, ++this.head)
    // Of a topic's name one copy is kept.
    const entry: Kept = { offset, topic: log.topic, to, except, text, size: sizeOf({ text, to, except }), came: this.#limits.now(), gone: false, owner }
    log.entries.push(entry)
    log.last = entry.offset
    this.#order.push(entry)
    this.#size += entry.size
    if (owner) {
      owner.entries.push(entry)
      owner.size += entry.size
      this.#keepShare(owner)
    }
    if (retain) this.#values.set(entry, publisher)
    this.#evict(log)
    this.#appended(entry)
    return entry
  }

  pass(publication: Publication): void {
    if (!this.#isClosed) this.#passed(toEntry(publication, 0))
  }

  page(request: PageRequest): LogPage | Promise<LogPage> {
    return this.#turns.once(() => this.#page(request))
  }

  past(request: PastRequest): readonly LogEntry[] | Promise<readonly LogEntry[]> {
    const work = this.#past(request)
    return isOne(request.patterns) ? this.#turns.begin(work) : this.#turns.run(work)
  }

  lost(request: LossRequest): readonly Loss[] | Promise<readonly Loss[]> {
    this.#expire()
    // A session that has met the head is asked for at once: if it waited for its turn, the head would have moved on.
    return this.#turns.begin(this.#losses.find(request, topic => this.#topics.get(topic)?.evicted, this.#turns))
  }

  close(): void {
    this.#isClosed = true
    this.#appended = this.#passed = () => {}
  }

  // In one part, so that nothing comes between the head and who has met it.
  #page({ after, limit, size, wants }: PageRequest): LogPage {
    this.#expire()
    const entries: LogEntry[] = []
    const first = indexAfter(this.#order, after)
    const end = Math.min(this.#order.length, first + MAX_LOOKED_AT)
    let room = size
    this.#turns.spend(1)
    for (let i = first; i < end; i++) {
      const entry = this.#order[i] as Kept
      this.#turns.spend(1)
      if (entry.gone || !wants(entry)) continue
      if (entries.length > 0 && (entries.length >= limit || entry.text.length > room)) return { entries, offset: (entries.at(-1) as LogEntry).offset }
      entries.push(entry)
      room -= entry.text.length
    }
    return { entries, offset: end < this.#order.length ? (this.#order[end - 1] as Kept).offset : this.head }
  }

  *#past({ patterns, limit, before = Infinity, wants }: PastRequest): Work<readonly LogEntry[]> {
    this.#expire()
    const one = isOne(patterns) ? patterns[0] : undefined
    const filter = one === undefined ? new TopicFilter(patterns) : undefined
    const found: LogEntry[] = []
    for (let end = before; found.length < limit; ) {
      // Found anew for each part: what is kept may have changed meanwhile.
      const { entries: order, first } = one === undefined ? { entries: this.#order, first: this.#first } : (this.#topics.get(one) ?? NOTHING)
      let i = indexAfter(order, end - 1, first)
      let looks = 0
      while (i > first && looks + (filter?.looks ?? 0) < PART && found.length < limit) {
        const entry = order[--i] as Kept
        looks++
        if (!entry.gone && (filter?.has(entry.topic) ?? true) && wants(entry)) found.push(entry)
      }
      this.#turns.spend(looks + (filter?.looks ?? 0))
      if (filter) filter.looks = 0
      if (i <= first) break
      end = (order[i] as Kept).offset
      yield
    }
    const value = one === undefined ? undefined : this.#values.get(one)
    // A value outlives the history around it.
    if (value && limit > found.length && value.offset < before && !found.includes(value) && wants(value)) {
      found.push(value)
      found.sort((one, other) => other.offset - one.offset)
    }
    return found.reverse()
  }

  /** The topic's log, the most recently used from now on. */
  #logOf(topic: string, owner: Owner | undefined): TopicLog {
    const log = this.#topics.get(topic) ?? { topic, entries: [], first: 0, evicted: this.#losses.floorOf(topic), last: 0, owner }
    for (const order of [this.#topics, log.owner?.topics]) order?.delete(topic)
    this.#topics.set(topic, log)
    log.owner?.topics.add(topic)
    return log
  }

  #ownerOf(name: string | undefined): Owner | undefined {
    if (name === undefined) return undefined
    const owner = this.#owners.get(name) ?? { name, size: 0, entries: [], first: 0, gone: 0, goneSize: 0, topics: new Set() }
    this.#owners.set(name, owner)
    return owner
  }

  /** Nobody pushes out what others have said. */
  #keepShare(owner: Owner): void {
    const { share, size, topics } = this.#limits
    while (owner.size > size * share) {
      const oldest = owner.entries[owner.first++] as Kept
      if (oldest.gone) continue
      const log = this.#topics.get(oldest.topic) as TopicLog
      this.#drop(log, 1, indexAfter(log.entries, oldest.offset - 1, log.first))
    }
    for (const topic of owner.topics) {
      if (owner.topics.size <= Math.max(topics * share, 1)) return
      this.#withdraw(owner, this.#topics.get(topic) as TopicLog)
    }
  }

  /** A topic is one too many for a publisher: what it has said there goes. Where others have said something, the topic stays and counts for one of them. */
  #withdraw(owner: Owner, log: TopicLog): void {
    const [own, others]: [Kept[], Kept[]] = [[], []]
    for (let i = log.first; i < log.entries.length; i++) {
      const entry = log.entries[i] as Kept
      if (entry.owner === owner) own.push(entry)
      else others.push(entry)
    }
    const heir = others.at(-1)
    if (!heir) return this.#forget(log.topic)
    log.entries = others
    log.first = 0
    owner.topics.delete(log.topic)
    log.owner = heir.owner
    heir.owner?.topics.add(log.topic)
    for (const entry of own) this.#lose(log, entry)
  }

  #release(owner: Owner, entry: Kept): void {
    owner.size -= entry.size
    owner.goneSize += entry.size
    if (++owner.gone * 2 <= owner.entries.length && owner.goneSize <= owner.size + (this.#limits.size * this.#limits.share) / 4) return
    owner.entries = owner.entries.filter(({ gone }) => !gone)
    owner.first = owner.gone = owner.goneSize = 0
    this.#dismiss(owner)
  }

  #dismiss({ name, entries, topics }: Owner): void {
    if (entries.length === 0 && topics.size === 0) this.#owners.delete(name)
  }

  #forget(topic: string): void {
    const log = this.#topics.get(topic) as TopicLog
    this.#drop(log, countOf(log))
    this.#topics.delete(topic)
    this.#losses.forget(log, log.last)
    if (log.owner?.topics.delete(topic)) this.#dismiss(log.owner)
  }

  /** Keeps all bounds after `log` has grown. */
  #evict(log: TopicLog): void {
    const { messages, topics, size } = this.#limits
    if (countOf(log) > messages) this.#drop(log, countOf(log) - messages)
    for (let oldest = this.#oldest(); oldest && this.#size > size; oldest = this.#oldest()) this.#dropOldest(oldest)
    for (const topic of this.#topics.keys()) {
      if (this.#topics.size <= Math.max(topics, 1)) break
      this.#forget(topic)
    }
    this.#expire()
  }

  #expire(): void {
    const limit = this.#limits.now() - this.#limits.age
    for (let oldest = this.#oldest(); oldest && oldest.came < limit; oldest = this.#oldest()) this.#dropOldest(oldest)
  }

  #oldest(): Kept | undefined {
    const isScattered = this.#gone > MAX_GONE && this.#gone * 2 > this.#order.length
    // What is gone is still held: a few that are large must not outweigh all that is kept.
    if (isScattered || this.#goneSize > this.#size + this.#limits.size / 4) {
      this.#order = this.#order.filter(entry => !entry.gone)
      this.#gone = this.#goneSize = this.#first = 0
    }
    while (this.#order[this.#first]?.gone) this.#first++
    return this.#order[this.#first]
  }

  #dropOldest({ topic }: Kept): void {
    this.#drop(this.#topics.get(topic) as TopicLog, 1)
  }

  /** Takes entries of a topic out, the oldest unless it says which. */
  #drop(log: TopicLog, count: number, at = log.first): void {
    for (const entry of at === log.first ? shift(log, count) : log.entries.splice(at, count)) if (entry) this.#lose(log, entry)
  }

  #lose(log: TopicLog, entry: Kept): void {
    entry.gone = true
    this.#gone++
    this.#goneSize += entry.size
    this.#size -= entry.size
    this.#losses.evict(log, entry.offset)
    if (entry.owner) this.#release(entry.owner, entry)
  }
}

const NOTHING: Pick<TopicLog, 'entries' | 'first'> = { entries: [], first: 0 }

/** Where among entries in order what is later than an offset begins. */
function indexAfter(entries: readonly (Kept | undefined)[], offset: number, first = 0): number {
  let low = first
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle] as Kept).offset <= offset) low = middle + 1
    else high = middle
  }
  return low
}

/** Whether one topic is all that is asked for. */
function isOne(patterns: readonly string[]): patterns is readonly [string] {
  const [pattern, ...others] = patterns
  return pattern !== undefined && others.length === 0 && !isWildcard(pattern)
}

/** How many a topic has. */
function countOf({ entries, first }: TopicLog): number {
  return entries.length - first
}

/** Takes the oldest out: moving all others for each would cost as much as there are. */
function shift(log: TopicLog, count: number): (Kept | undefined)[] {
  const end = log.first + count
  const oldest = log.entries.slice(log.first, end)
  log.entries.fill(undefined, log.first, end)
  log.first = end
  if (log.first * 2 > log.entries.length) {
    log.entries = log.entries.slice(log.first)
    log.first = 0
  }
  return oldest
}
