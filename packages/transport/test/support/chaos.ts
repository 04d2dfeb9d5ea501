import { capture, type EarshotError, type Message, type Presence, type Subscription } from '@earshot/core'
import { createTestBrowser, type Engine, type LocksOption, seededRandom, type TestBrowser, type TestTab } from '@earshot/core/testing'
import { type App, skewedClock, startApp } from './tabs.ts'

/** What may happen, as often as it stands here; who it happens to and how are numbers that are taken modulo what there is. */
export const ACTS = [
  ...Array.from({ length: 12 }, () => 'publish' as const), ...Array.from({ length: 6 }, () => 'wait' as const), 'listen', 'listen', 'listen', 'unlisten',
  'join', 'join', 'skew', 'enter', 'enter', 'leave', 'crash', 'close', 'reload', 'duplicate', 'freeze', 'bfcache', 'bfcache', 'wake', 'wake', 'wake', 'hide', 'quiet', 'quiet',
] as const

export type Act = readonly [kind: (typeof ACTS)[number], who: number, how: number]

/** All that makes a run what it is. */
export interface Schedule {
  readonly engine: Engine
  readonly locks: LocksOption
  readonly latency: number
  readonly reorderGrants: boolean
  readonly seed: number
  /** Which share of the deliveries of publications, member changes and greetings is lost. */
  readonly loss: number
  readonly acts: readonly Act[]
}

/** One page load, and what it did. */
export interface Life {
  readonly number: number
  readonly app: App
  readonly tab: TestTab
  readonly room: Presence
  readonly ears: Ear[]
  readonly gapMoments: number[]
  published: number
  entered: boolean
  /** It was in the cache or frozen. */
  away: boolean
  ended: boolean
}

/** One publish. It is sure when its receipt resolved and its tab was still there when all was quiet. */
export interface Spoken {
  readonly by: Life
  readonly topic: string
  readonly number: number
  readonly moment: number
  readonly kept: boolean
  readonly echo: boolean
  readonly to: string | undefined
  accepted: boolean
  sureAt: number | undefined
}

/** One subscription, and what it heard as `life number`. */
interface Ear {
  readonly life: Life
  readonly pattern: string
  readonly subscription: Subscription
  readonly heard: Message<{ by: number; number: number }>[]
  readyAt: number | undefined
  /** When its tab was last running and everything that was under way had arrived. */
  settledAt: number
}

const TOPICS = ['a', 'b', 'c/d']
const PATTERNS = ['a', 'b', 'c/*', '**']
const MAX_TABS = 6

/** Plays a schedule, and keeps what each tab published and heard. */
export class Chaos {
  readonly browser: TestBrowser
  readonly lives: Life[] = []
  readonly spoken: Spoken[] = []
  moment = 0
  #losing: boolean
  /** How long the first tabs have to meet before anything happens. */
  readonly #headStart: number
  /** Without locks, who is gone is known by silence, of two and a half minutes if it was hidden. */
  readonly #patience: number
  /** How far the computer's clock has been set, in milliseconds. */
  #skew = 0

  constructor({ engine, locks, latency, reorderGrants, seed, loss }: Schedule) {
    const random = seededRandom(seed)
    this.browser = createTestBrowser({ engine, locks, reorderGrants, seed, latency: () => random() * latency })
    this.#patience = locks === true || locks === 'no-query' ? 6000 : 160_000
    this.#losing = loss > 0
    this.#headStart = (seed % 2) * 400
    this.browser.intercept(({ data }) => (!this.#losing || !isLosable(data) || random() > loss ? 'deliver' : random() < 0.5 ? 'drop' : 'messageerror'))
  }

  async play(acts: readonly Act[]): Promise<void> {
    for (const pattern of PATTERNS.slice(1)) this.#listen(this.#start(this.browser.openTab()), pattern)
    await this.browser.advance(this.#headStart)
    for (const [kind, who, how] of acts) {
      this.moment++
      const living = this.living()
      const life = living[who % living.length]
      if (kind === 'join' || !life) this.#join()
      else await this.#act(kind, life, how)
    }
  }

  /** Pages that the browser could not keep in its cache. */
  evicted(): Life[] {
    return this.living().filter(({ tab }) => tab.state === 'gone')
  }

  /** Everyone is awake, everything has arrived, and nothing is lost any more. */
  async finish(): Promise<void> {
    this.#losing = false
    for (const life of this.living()) this.#wake(life)
    await this.browser.advance(this.#patience)
    for (const { app } of this.living()) void app.session.ready
    await this.browser.advance(3000)
    await this.#quiet()
  }

  living(): Life[] {
    return this.lives.filter(life => !life.ended)
  }

  async #act(kind: Act[0], life: Life, how: number): Promise<void> {
    const { tab } = life
    const running = tab.state === 'visible' || tab.state === 'hidden'
    if (kind === 'wait') return this.browser.advance([0, 1, 2, 5, 30, 400, 2500][how % 7] as number)
    if (kind === 'quiet') return this.#quiet()
    if (kind === 'skew') return void (this.#skew += [-3_600_000, -30_000, 45_000, 86_400_000][how % 4] as number)
    if (kind === 'crash') return this.#end(life, () => tab.crash())
    if (kind === 'close') return this.#endWell(life, () => tab.close())
    if (!running) {
      this.#wake(life)
      // What waited for the page arrives before its app goes on.
      return this.browser.advance(50)
    }
    if (kind === 'publish') for (let i = 0; i <= how % 3; i++) this.#publish(life, how + i)
    else if (kind === 'listen') this.#listen(life, PATTERNS[how % PATTERNS.length] as string)
    else if (kind === 'unlisten') life.ears.filter(({ subscription }) => subscription.active)[0]?.subscription.unsubscribe()
    else if (kind === 'enter') this.#enter(life, how)
    else if (kind === 'leave') this.#leave(life)
    else if (kind === 'reload') this.#endWell(life, () => this.#start(tab.reload()))
    else if (kind === 'duplicate' && this.living().length < MAX_TABS) this.#start(tab.duplicate())
    else if (kind === 'freeze') this.#freeze(life)
    else if (kind === 'hide') tab.hide()
    else if (kind === 'bfcache') this.#cache(life)
  }

  #join(): void {
    if (this.living().length < MAX_TABS) this.#start(this.browser.openTab())
  }

  #start(tab: TestTab): Life {
    const number = this.lives.length
    const app = startApp(tab, { userId: `user${number % 3}`, clock: skewedClock(tab, () => this.#skew) })
    const life: Life = { number, app, tab, room: app.session.presence('room'), ears: [], gapMoments: [], published: 0, entered: false, away: false, ended: false }
    app.hub.on('gap', () => life.gapMoments.push(this.moment))
    this.lives.push(life)
    return life
  }

  #end(life: Life, end: () => void): void {
    life.ended = true
    end()
  }

  #freeze(life: Life): void {
    life.tab.freeze()
    life.away = true
  }

  /** What a page that had joined has said is posted before it goes. */
  #endWell(life: Life, end: () => void): void {
    const posts = life.tab.state !== 'frozen' && life.tab.state !== 'cached' && life.app.hub.status.state === 'connected'
    if (posts) for (const spoken of this.spoken) if (spoken.by === life) spoken.sureAt ??= this.moment
    this.#end(life, end)
  }

  #cache(life: Life): void {
    life.tab.bfcache()
    life.away = true
    if (life.tab.state === 'gone') life.ended = true
  }

  #wake(life: Life): void {
    if (life.tab.state === 'frozen') life.tab.resume()
    else if (life.tab.state === 'cached') {
      const { restored, tab } = life.tab.back()
      if (restored) return
      life.ended = true
      this.#start(tab)
    }
  }

  #publish(life: Life, how: number): void {
    const number = ++life.published
    const topic = TOPICS[how % TOPICS.length] as string
    const options = { volatile: how % 5 === 0, echo: how % 7 !== 0, ...(how % 6 === 0 && { to: `user${how % 3}` }) }
    const spoken: Spoken = { by: life, topic, number, moment: this.moment, kept: !options.volatile, echo: options.echo, to: options.to, accepted: false, sureAt: undefined }
    this.spoken.push(spoken)
    void life.app.session.publish(topic, { by: life.number, number }, options).then(() => (spoken.accepted = true))
  }

  #listen(life: Life, pattern: string): void {
    const heard: Ear['heard'] = []
    const subscription = life.app.session.subscribe(pattern, message => void heard.push(message as Message<{ by: number; number: number }>), { own: true })
    const ear: Ear = { life, pattern, subscription, heard, readyAt: undefined, settledAt: -1 }
    life.ears.push(ear)
    void subscription.ready.then(() => (ear.readyAt = this.moment))
  }

  #enter(life: Life, how: number): void {
    life.entered = true
    life.room.enter(how)
  }

  #leave(life: Life): void {
    life.entered = false
    life.room.leave()
  }

  async #quiet(): Promise<void> {
    await this.browser.advance(60)
    const running = this.living().filter(({ tab, app }) => tab.state !== 'cached' && tab.state !== 'frozen' && app.hub.status.state === 'connected')
    for (const spoken of this.spoken) if (spoken.accepted && running.includes(spoken.by)) spoken.sureAt ??= this.moment
    for (const ear of running.flatMap(life => life.ears)) if (ear.subscription.active) ear.settledAt = this.moment
    this.moment++
  }
}

/** Publications, member changes, and the greetings by which tabs meet. */
function isLosable(data: unknown): boolean {
  return (data as { m: unknown[] }).m.every(item => /^\["[hwpm]"/.test(typeof item === 'string' ? item : JSON.stringify(item)))
}

/** Everything that is wrong with what was heard, as sentences. Knows nothing but what each tab published and heard. */
export function faults(chaos: Chaos, lossy: boolean): string[] {
  const { lives, spoken } = chaos
  const found: string[] = []
  found.push(...chaos.evicted().map(life => `life ${life.number} was evicted from the back/forward cache`))
  const name = (life: Life): string => `life ${life.number} (${life.tab.id})`
  for (const life of lives) {
    const errors = life.app.errors.map((error: EarshotError) => error.message)
    if (errors.length > 0) found.push(`${name(life)} reports ${errors.join('; ')}`)
    if (life.gapMoments.length > 0 && !lossy && !lives.some(({ away }) => away)) found.push(`${name(life)} is told a gap though no tab was ever away`)
    for (const ear of life.ears) found.push(...heardWrong(ear, name(life)), ...missing(ear, spoken, name(life), lossy))
  }
  return found
}

function heardWrong({ heard, pattern }: Ear, name: string): string[] {
  const found: string[] = []
  const last = new Map<string, number>()
  const keys = new Set<string>()
  for (const { id, topic, data: { by, number } } of heard) {
    const where = `${name} hears ${by}:${number} on ${topic} through ${pattern}`
    if (keys.has(id) || keys.has(`${by}:${number}`)) found.push(`${where} twice`)
    keys.add(id).add(`${by}:${number}`)
    if ((last.get(`${by} ${topic}`) ?? 0) >= number) found.push(`${where} out of order`)
    last.set(`${by} ${topic}`, number)
    if (!capture(pattern, topic)) found.push(`${where}, which it did not ask for`)
  }
  return found
}

function missing(ear: Ear, spoken: readonly Spoken[], name: string, lossy: boolean): string[] {
  const heard = new Set(ear.heard.map(({ data: { by, number } }) => `${by}:${number}`))
  return spoken.flatMap(({ by, topic, number, moment, kept, echo, to, sureAt }) => {
    const isFor = capture(ear.pattern, topic) !== null && (echo || by !== ear.life) && (to === undefined || ear.life.app.session.userId === to)
    const was = heard.has(`${by.number}:${number}`)
    if (was) return isFor ? [] : [`${name} hears ${by.number}:${number} on ${topic}, which is not for it`]
    if (!isFor || !kept || sureAt === undefined || ear.readyAt === undefined || ear.readyAt >= moment || ear.settledAt < sureAt) return []
    // What a tab that is gone said last, and nobody got, is nowhere any more; and healing takes until the end.
    if (lossy && (by.ended || by.away || ear.life.ended || !ear.subscription.active)) return []
    if (ear.life.gapMoments.some(told => told >= moment)) return []
    return [`${name} never hears ${by.number}:${number} on ${topic} (said at ${moment}, ready at ${ear.readyAt}, quiet at ${sureAt}, settled at ${ear.settledAt})`]
  })
}

/** Rosters that differ from who is here. */
export function rosterFaults(chaos: Chaos): string[] {
  const living = chaos.living()
  const expected = living.filter(life => life.entered).map(life => life.app.session.id).sort().join()
  return living.flatMap(life => {
    const members = life.room.members.map(({ id }) => id).sort().join()
    return members === expected ? [] : [`life ${life.number} (${life.tab.id}) sees members ${members} instead of ${expected}`]
  })
}
