import { createTestBrowser, seededRandom, testClock, type TestBrowser, type TestTab } from '@earshot/core/testing'
import { createTestNetwork, type TestNetwork } from '@earshot/server/testing'
import { type AccessRequest, type Decision, type Engine, type Limits, memoryEngine } from '../../src/index.ts'
import type { Facts, Spoken } from './facts.ts'
import { type Ear, listen, openVoice, type Page, say, startPage, type Voice } from './page.ts'
import type { Act, Schedule } from './schedule.ts'
import { SlowEngine } from './slow-engine.ts'

const TOPICS = ['a', 'b', 'c/d', 'no']
const PATTERNS = ['a', 'b', 'c/*', '**', 'a', '**', 'no']
const USERS = ['ada', 'bob', 'cem']
const READABLE = ['a', 'b', 'c/*']
const WAITS = [0, 1, 3, 10, 30, 80, 300, 1500, 6000, 20_000]
const MAX_PAGES = 4
/** Virtual milliseconds in which everything settles when nothing is in the way any more. */
const PATIENCE = 120_000

/** Plays a schedule, and keeps what each page published and heard. */
export class World {
  readonly network: TestNetwork
  readonly browser: TestBrowser
  readonly pages: Page[] = []
  readonly #schedule: Schedule
  readonly #spoken: Spoken[] = []
  readonly #restarts: Facts['restarts'][number][] = []
  readonly #witness: Ear
  readonly #relayErrors: unknown[] = []
  #moment = 0
  #served = 0
  #unsettled: string | undefined

  constructor(schedule: Schedule) {
    const { seed, latency, room, kept, topics, engine, sockets } = schedule
    const random = seededRandom(seed)
    this.#schedule = schedule
    const clock = testClock()
    const makeEngine = (): Engine => {
      const memory = memoryEngine({ messages: kept, topics, now: () => clock.now(), random })
      return engine === 'slow' ? new SlowEngine(memory, clock, () => random() * 30) : memory
    }
    this.network = createTestNetwork({
      seed,
      random,
      clock,
      latency: () => random() * latency,
      window: room === 'wide' ? 65_536 : 300,
      engine: makeEngine,
      relay: {
        authenticate: (_, token) => ({ userId: token ?? null }),
        ...(schedule.authorize !== 'nobody' && { authorize: request => this.#decide(request, random) }),
        limits: limitsOf(schedule),
        onError: error => this.#relayErrors.push(error),
      },
    })
    this.browser = createTestBrowser({ clock, seed, ...(sockets === 'shared' && { latency: () => random() * 3, reorderGrants: true }) })
    const page = this.#start(this.browser.openTab(), 'witness')
    this.#witness = listen(openVoice(page), '**', this.#moments)
  }

  get facts(): Facts {
    const { kept, topics, resume, authorize } = this.#schedule
    return {
      pages: this.pages,
      ears: this.pages.flatMap(({ voices }) => voices.flatMap(({ ears }) => ears)),
      spoken: this.#spoken,
      restarts: this.#restarts,
      witness: this.#witness,
      evicts: kept < 1000 || topics < 1000,
      resume,
      guarded: authorize !== 'nobody',
      unsettled: this.#unsettled,
    }
  }

  get relayErrors(): readonly unknown[] {
    return this.#relayErrors
  }

  get #moments(): { next(): number } {
    return { next: () => ++this.#moment }
  }

  /** Pages that are not gone, without the witness's. */
  get living(): Page[] {
    return this.pages.filter(({ endedAt }) => endedAt === undefined).slice(1)
  }

  async play(acts: readonly Act[]): Promise<void> {
    await this.network.advance(500)
    for (const user of USERS.slice(0, 2)) openVoice(this.#start(this.browser.openTab(), user))
    for (const act of acts) {
      await this.#act(...act)
      await this.network.settle()
    }
  }

  /** Nothing is in the way any more: everything that can arrive arrives. */
  async finish(): Promise<void> {
    if (!this.network.relay.isUp) this.#startRelay(this.network.relay.engine)
    for (const page of this.living) this.#wake(page)
    for (const page of this.living) page.device.release()
    // As long as it takes to notice that a connection is dead.
    await this.network.advance(12_000)
    for (let waited = 0; !this.#isSettled() && waited < PATIENCE; waited += 2000) await this.network.advance(2000)
    await this.network.advance(12_000)
    if (!this.#isSettled()) this.#unsettled = this.#open().join(', ')
  }

  /** Rosters that differ from who is here. */
  rosterFaults(): string[] {
    const living = this.pages.filter(({ endedAt }) => endedAt === undefined)
    const voices = living.flatMap(page => page.voices).filter(({ session }) => !session.closed)
    const expected = voices.filter(({ entered }) => entered).map(({ name, session }) => [session.id, name] as const)
    const names = new Map([...this.pages.flatMap(page => page.voices).map(({ name, session }) => [session.id, name] as const), ...expected])
    const wanted = expected.map(([, name]) => name).sort().join()
    return voices.flatMap(({ name, room }) => {
      const members = room.members.map(({ id }) => names.get(id)).sort().join()
      return members === wanted ? [] : [`${name} sees the members ${members} instead of ${wanted}`]
    })
  }

  /** Closes everything; gives what is left of it. */
  async close(): Promise<Record<string, number>> {
    for (const { hub, endedAt } of this.pages) if (endedAt === undefined) void hub.close()
    await this.network.advance(this.#schedule.resume + 20_000)
    const { connections, sessions, subscriptions, buffered } = this.network.relay.readings
    const { locks, requests, listeners, timers } = this.browser.leaks()
    return { connections, sessions, subscriptions, buffered, locks, requests, listeners, timers }
  }

  #isSettled(): boolean {
    return this.#open().length === 0
  }

  /** What still waits for something. */
  #open(): string[] {
    const living = this.pages.filter(({ endedAt }) => endedAt === undefined)
    return [
      ...living.filter(({ hub }) => hub.status.state !== 'connected').map(({ name, hub }) => `${name} is ${hub.status.state}`),
      ...this.#spoken.filter(({ by, outcome }) => !outcome && by !== 'server' && by.page.endedAt === undefined).map(({ by, number }) => `${by === 'server' ? by : by.name}:${number} has no outcome`),
      ...living.flatMap(({ voices }) => voices.flatMap(({ ears }) => ears)).filter(({ readyAt, endedAt }) => readyAt === undefined && endedAt === undefined).map(({ voice, pattern }) => `${voice.name} is not ready on ${pattern}`),
    ]
  }

  async #act(kind: Act[0], who: number, how: number): Promise<void> {
    const { network } = this
    if (kind === 'wait') return network.advance(WAITS[how % WAITS.length] as number)
    if (kind === 'quiet') return network.advance(4000)
    if (kind === 'restart') return this.#restart(how)
    if (kind === 'serve') return this.#serve(how)
    const { living } = this
    const page = living[who % living.length]
    if (kind === 'join' || !page) return this.#join(who)
    if (this.#actOnNetwork(kind, page, how)) return
    if (kind === 'keep') page.older = new Map(page.stored)
    if (kind === 'crash') return this.#crash(page, how)
    const isRunning = page.tab.state === 'visible' || page.tab.state === 'hidden'
    if (!isRunning) this.#wake(page)
    else if (kind === 'reload') await this.#reload(page)
    else if (kind === 'leave') this.#leave(page, how)
    else if (kind === 'freeze') page.tab.freeze()
    else if (kind === 'look') this.#look(page)
    else if (kind === 'hang') this.#hang(page)
    else if (kind === 'cache') page.tab.bfcache()
    else this.#actOnVoice(kind, page, how)
  }

  #actOnNetwork(kind: Act[0], { device }: Page, how: number): boolean {
    if (kind === 'cut') device.cut()
    else if (kind === 'deafen') device.cut({ unaware: (['client', 'relay', 'both'] as const)[how % 3] ?? 'both' })
    else if (kind === 'hold') device.hold([undefined, 'down', 'down', 'up'][how % 4] as 'down')
    else if (kind === 'release') device.release()
    else return false
    return true
  }

  #actOnVoice(kind: Act[0], page: Page, how: number): void {
    const voices = page.voices.filter(({ session }) => !session.closed)
    const voice = voices[how % voices.length] ?? this.#openVoice(page)
    const patterns = PATTERNS
    if (kind === 'publish') for (let i = 0; i <= how % 3; i++) this.#publish(voice, how + i)
    else if (kind === 'listen') this.#listen(how % 9 === 0 ? this.#openVoice(page) : voice, patterns[how % patterns.length] as string, how)
    else if (kind === 'unlisten') this.#unlisten(voice)
    else if (kind === 'enter') this.#enter(voice, how)
    else if (kind === 'quit') this.#quit(voice)
  }

  /** From now on, mostly; else with what was last, or with what was after something. */
  #listen(voice: Voice, pattern: string, how: number): void {
    const last = this.pages.flatMap(({ voices }) => voices.flatMap(({ ears }) => ears)).filter(ear => ear.last && ear.voice.page.user === voice.page.user).at(-1)?.last
    listen(voice, pattern, this.#moments, how % 5 === 3 ? 2 : how % 5 === 4 ? last : undefined)
  }

  #start(tab: TestTab, user: string, stored?: Map<string, string>): Page {
    const page = startPage(`p${this.pages.length}`, user, tab, this.network, this.#moments, this.#schedule, stored)
    this.pages.push(page)
    return page
  }

  #openVoice(page: Page): Voice {
    const open = page.voices.filter(({ session }) => !session.closed)
    return open.length < 3 ? openVoice(page) : (open[0] as Voice)
  }

  #join(who: number): void {
    // Only pages of one user share a socket.
    const users = this.#schedule.sockets === 'shared' ? USERS.slice(0, 2) : USERS
    if (this.living.length < MAX_PAGES) openVoice(this.#start(this.browser.openTab(), users[who % users.length] as string))
  }

  #publish(voice: Voice, how: number): void {
    const topic = TOPICS[how % 13 === 12 ? 3 : how % 3] as string
    const to = how % 6 === 5 ? { to: ['witness', USERS[how % 2] as string] } : {}
    this.#spoken.push(say(voice, topic, { volatile: how % 5 === 4, echo: how % 7 !== 6, ...to }, this.network, this.#moments))
  }

  #serve(how: number): void {
    if (!this.network.relay.isUp) return
    const topic = TOPICS[how % TOPICS.length] as string
    const number = ++this.#served
    const { clock } = this.network
    const moments = this.#moments
    const spoken: Spoken = { by: 'server', topic, number, said: moments.next(), saidTime: clock.now(), kept: true, echo: true, to: undefined, outcome: undefined }
    this.#spoken.push(spoken)
    void this.network.relay.publish(topic, { by: 'server', number }).then(({ offset }) => (spoken.outcome = { at: moments.next(), time: clock.now(), offset }))
  }

  #unlisten(voice: Voice): void {
    const ear = voice.ears.find(({ subscription }) => subscription.active)
    if (!ear) return
    ear.subscription.unsubscribe()
    ear.endedAt = ++this.#moment
  }

  #enter(voice: Voice, how: number): void {
    voice.entered = true
    voice.room.enter(how)
  }

  /** It leaves the room, or closes. */
  #quit(voice: Voice): void {
    if (voice.entered) {
      voice.entered = false
      return voice.room.leave()
    }
    for (const ear of voice.ears) ear.endedAt ??= ++this.#moment
    voice.closedAt = ++this.#moment
    voice.session.close()
  }

  #restart(how: number): void {
    const { relay } = this.network
    const { isUp, engine } = relay
    const lost = how % 3 === 0
    if (isUp) {
      relay.stop({ how: (['close', 'kill', 'unplug'] as const)[Math.floor(how / 3) % 3] ?? 'kill', spread: 500 })
      this.#restarts.push({ at: ++this.#moment, lost })
    }
    // Half of the time it stays away until the next restart.
    if (!isUp || how % 2 === 0) this.#startRelay(engine)
  }

  #startRelay(engine: Engine): void {
    const kept = engine instanceof SlowEngine ? engine.next() : engine
    this.network.relay.start(this.#restarts.at(-1)?.lost ? undefined : kept)
  }

  async #reload(page: Page): Promise<void> {
    const tab = page.tab.reload()
    await this.network.settle()
    page.successor = this.#replace(page, tab, page.stored)
  }

  /** The process ends; perhaps the browser restores the page, perhaps as it was some time ago. */
  #crash(page: Page, how: number): void {
    const stored = new Map((how % 3 === 1 && page.older) || page.stored)
    page.tab.crash()
    if (how % 3 === 0) this.#end(page)
    else this.#replace(page, this.browser.openTab({ sessionStorage: Object.fromEntries(stored) }), stored)
  }

  #leave(page: Page, how: number): void {
    if (how % 2 === 0) page.tab.close()
    else void page.hub.close()
    this.#end(page)
  }

  #end(page: Page): void {
    page.endedAt = ++this.#moment
    page.device.end()
  }

  #replace(page: Page, tab: TestTab, stored: Map<string, string>): Page {
    this.#end(page)
    const next = this.#start(tab, page.user, stored)
    // The app opens what it had open.
    openVoice(next)
    for (const _ of page.voices.filter(({ session }) => !session.closed).slice(1)) openVoice(next)
    return next
  }

  /** It is hidden, or shown again. */
  #look({ tab }: Page): void {
    if (tab.state === 'visible') tab.hide()
    else tab.show()
  }

  /** It stops, and is not told. */
  #hang(page: Page): void {
    page.tab.freeze({ silent: true, deep: true })
    page.device.hold('down')
  }

  #wake(page: Page): void {
    const { state } = page.tab
    if (state === 'frozen') {
      page.tab.resume()
      page.device.release('down')
    } else if (state === 'cached') {
      const { restored, tab } = page.tab.back()
      if (!restored) page.successor = this.#replace(page, tab, page.stored)
    }
  }

  #decide({ user, action, topic }: AccessRequest, random: () => number): Decision | Promise<Decision> {
    const decision = user === 'witness' || (topic === '**' ? READABLE : topic !== 'no')
    if (this.#schedule.authorize === 'at once' || action === 'presence') return decision
    return new Promise(resolve => this.network.clock.after(random() * 30, () => resolve(decision)))
  }
}

function limitsOf({ room, page, rate, resume }: Schedule): Partial<Limits> {
  return {
    ping: 2000,
    grace: 4000,
    reload: 1000,
    resume,
    page,
    ...(room === 'narrow' && { buffer: 400 }),
    ...(rate === 'narrow' && { publishes: { perSecond: 5, burst: 3 }, waiting: 12 }),
  }
}
