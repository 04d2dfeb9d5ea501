import { createTestBrowser, seededRandom, testClock, type TestBrowser, type TestTab } from '@earshot/core/testing'
import { createTestNetwork, type TestNetwork } from '@earshot/server/testing'
import { type AccessRequest, type Decision, type Engine, type Limits, memoryEngine } from '../../src/index.ts'
import type { Facts, MembershipFacts, SightFacts, Spoken, TroubleFacts, WriteFacts } from './facts.ts'
import { type Ear, type Habitat, listen, openVoice, type Page, say, STATE, startPage, type Voice } from './page.ts'
import type { Act, Schedule } from './schedule.ts'
import { SlowEngine } from './slow-engine.ts'

const TOPICS = ['a', 'b', 'c/d', 'no']
/** From this `how` on broadcasts are said and listened to; the numbers below mean what they always did. */
const BROADCASTS = 39
const PATTERNS = ['a', 'b', 'c/*', '**', 'a', '**', 'no']
const USERS = ['ada', 'bob', 'cem']
const READABLE = ['a', 'b', 'c/*']
const WAITS = [0, 1, 3, 10, 30, 80, 300, 1500, 6000, 20_000]
const MAX_PAGES = 4
const NARROW_RATE = { perSecond: 5, burst: 3 }
/** Virtual milliseconds in which everything settles when nothing is in the way any more. */
const PATIENCE = 120_000

/** Plays a schedule, and keeps what each page published and heard. */
export class World {
  readonly network: TestNetwork
  readonly browser: TestBrowser
  readonly pages: Page[] = []
  readonly #schedule: Schedule
  readonly #habitat: Habitat
  readonly #spoken: Spoken[] = []
  readonly #restarts: Facts['restarts'][number][] = []
  readonly #memberships: MembershipFacts[] = []
  readonly #sights: SightFacts[] = []
  readonly #writes: WriteFacts[] = []
  readonly #witness: Ear
  readonly #relayErrors: unknown[] = []
  readonly #troubles: TroubleFacts[] = []
  readonly #stopLosing: () => void
  #moment = 0
  #served = 0
  #unsettled: string | undefined

  constructor(schedule: Schedule, habitat: Habitat = {}) {
    const { seed, latency, room, kept, topics, engine, sockets, lost } = schedule
    const random = seededRandom(seed)
    this.#schedule = schedule
    this.#habitat = habitat
    const clock = testClock()
    const makeEngine = (): Engine => {
      const made = memoryEngine({ messages: kept, topics, now: () => clock.now(), random })
      const memory = habitat.engineOf?.(made) ?? made
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
        limits: { ...limitsOf(schedule), ...habitat.limits },
        onError: error => this.#relayErrors.push(error),
      },
    })
    this.browser = createTestBrowser({ clock, seed, ...(sockets === 'shared' && { latency: () => random() * 3, reorderGrants: true }) })
    this.#stopLosing = lost > 0 ? this.browser.intercept(() => (random() < lost ? 'drop' : 'deliver')) : () => {}
    const page = this.#start(this.browser.openTab(), 'witness')
    const voice = openVoice(page)
    this.#witness = listen(voice, '**', this.#moments)
    listen(voice, '', this.#moments)
    voice.room.subscribe(({ type, member }) => this.#sights.push({ type, id: member.id, ...this.#now() }))
  }

  get facts(): Facts {
    const { kept, topics, resume, authorize, engine, rate, room, outbox, sockets, lost } = this.#schedule
    return {
      pages: this.pages,
      ears: this.pages.flatMap(({ voices }) => voices.flatMap(({ ears }) => ears)),
      spoken: this.#spoken,
      restarts: this.#restarts,
      troubles: this.#troubles,
      shared: sockets === 'shared',
      lossy: lost > 0,
      // What waits for an answer when the session is cut off comes again, and counts again.
      burst: rate === 'narrow' && engine === 'memory' && authorize !== 'slowly' ? NARROW_RATE.burst : 0,
      memberships: this.#memberships,
      sights: this.#sights,
      values: this.#openVoices().flatMap(({ name, state }) => (state ? [{ name, value: state.get() }] : [])),
      writes: this.#writes,
      prompt: engine === 'memory' && authorize !== 'slowly' && rate === 'wide' && room === 'wide' && lost === 0,
      witness: this.#witness,
      evicts: kept < 1000 || topics < 1000,
      resume,
      outbox,
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
    this.#stopLosing()
    if (!this.network.relay.isUp) this.#startRelay(this.network.relay.engine)
    for (const page of this.living) this.#wake(page)
    for (const page of this.living) page.device.release()
    // As long as it takes to notice that a connection is dead.
    await this.network.advance(12_000)
    // Tabs notice with the next post that one is missing.
    if (this.#schedule.lost > 0) for (const { hub } of this.living) void hub.occupancy('a').catch(() => {})
    for (let waited = 0; !this.#isSettled() && waited < PATIENCE; waited += 2000) await this.network.advance(2000)
    await this.network.advance(12_000)
    if (!this.#isSettled()) this.#unsettled = this.#open().join(', ')
  }

  /** Rosters that differ from who is here. */
  rosterFaults(): string[] {
    const voices = this.#openVoices()
    const expected = voices.filter(({ said }) => said !== undefined)
    const names = new Map([...this.pages.flatMap(page => page.voices), ...expected].map(({ name, session }) => [session.id, name]))
    const wanted = expected.map(({ name, said }) => `${name} with ${said}`).sort().join()
    return voices.flatMap(({ name, room }) => {
      const members = room.members.map(({ id, data }) => `${names.get(id)} with ${data}`).sort().join()
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

  get #bulk(): string {
    return 'x'.repeat(this.#schedule.bulk)
  }

  #now(): { at: number; time: number } {
    return { at: ++this.#moment, time: this.network.clock.now() }
  }

  #trouble(page: Page, kind: Act[0], isFinal = false): void {
    if (isTrouble(kind)) this.#troubles.push({ page, kind, gone: isFinal ? page.voices.flatMap(({ membership }) => membership?.id ?? []) : [], ...this.#now() })
  }

  /** Sessions that are open on pages that are not gone. */
  #openVoices(): Voice[] {
    const living = this.pages.filter(({ endedAt }) => endedAt === undefined)
    return living.flatMap(page => page.voices).filter(({ session }) => !session.closed)
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
    if (this.#actOnNetwork(kind, page, how)) return this.#trouble(page, kind)
    if (kind === 'keep') page.older = new Map(page.stored)
    if (kind === 'crash') return this.#crash(page, how)
    if (['freeze', 'hang', 'cache', 'duplicate'].includes(kind)) page.disturbed = Infinity
    const isRunning = page.tab.state === 'visible' || page.tab.state === 'hidden'
    this.#trouble(page, isRunning ? kind : 'wake')
    if (!isRunning) this.#wake(page)
    else if (kind === 'reload') await this.#reload(page, how)
    else if (kind === 'leave') this.#leave(page, how)
    else if (kind === 'duplicate') this.#duplicate(page)
    else if (kind === 'freeze') page.tab.freeze()
    else if (kind === 'look') this.#look(page)
    else if (kind === 'hang') this.#hang(page)
    else if (kind === 'cache') page.tab.bfcache()
    else this.#actOnVoice(kind, page, how)
  }

  #actOnNetwork(kind: Act[0], page: Page, how: number): boolean {
    const { device } = page
    // What becomes of the socket that they share becomes of all of them.
    const isShared = this.#schedule.sockets === 'shared' && device.connections.length > 0
    const disturbance = kind === 'cut' ? 1 : ['deafen', 'hold', 'delay'].includes(kind) ? Infinity : 0
    for (const each of this.living) if (each === page || (isShared && each.user === page.user)) each.disturbed += disturbance
    if (kind === 'cut') device.cut()
    else if (kind === 'deafen') device.cut({ unaware: (['client', 'relay', 'both'] as const)[how % 3] ?? 'both' })
    else if (kind === 'hold') device.hold([undefined, 'down', 'down', 'up'][how % 4] as 'down')
    else if (kind === 'delay') for (const connection of device.connections) connection.hold('up')
    else if (kind === 'release') {
      device.release()
      for (const connection of device.connections) connection.release()
    } else return false
    return true
  }

  #actOnVoice(kind: Act[0], page: Page, how: number): void {
    const voices = page.voices.filter(({ session }) => !session.closed)
    const voice = voices[how % voices.length] ?? this.#openVoice(page)
    if (kind === 'publish') for (let i = 0; i <= how % 3; i++) this.#publish(voice, how + i)
    else if (kind === 'listen') this.#listen(how % 9 === 0 ? this.#openVoice(page) : voice, how >= BROADCASTS ? '' : (PATTERNS[how % PATTERNS.length] as string), how)
    else if (kind === 'unlisten') this.#unlisten(voice)
    else if (kind === 'enter') this.#enter(voice, how)
    else if (kind === 'set') this.#set(voice)
    else if (kind === 'quit') this.#quit(voice)
  }

  /** From now on, mostly; else with what was last, or with what was after something. */
  #listen(voice: Voice, pattern: string, how: number): void {
    const last = this.pages.flatMap(({ voices }) => voices.flatMap(({ ears }) => ears)).filter(ear => ear.last && ear.voice.page.user === voice.page.user).at(-1)?.last
    listen(voice, pattern, this.#moments, how % 5 === 3 ? 2 : how % 5 === 4 ? last : undefined)
  }

  #start(tab: TestTab, user: string, stored?: Map<string, string>): Page {
    const { network } = this
    const page = startPage({ name: `p${this.pages.length}`, user, tab, network, moments: this.#moments, outbox: this.#schedule.outbox, sockets: this.#schedule.sockets, stored, ...this.#habitat })
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
    const topic = how >= BROADCASTS ? '' : (TOPICS[how % 13 === 12 ? 3 : how % 3] as string)
    const to = how % 6 === 5 ? { to: ['witness', USERS[how % 2] as string] } : {}
    this.#spoken.push(say(voice, topic, { volatile: how % 5 === 4, echo: how % 7 !== 6, bulk: this.#bulk, ...to }, this.network, this.#moments))
  }

  #serve(how: number): void {
    if (!this.network.relay.isUp) return
    const topic = how >= BROADCASTS ? '' : (TOPICS[how % TOPICS.length] as string)
    const number = ++this.#served
    const bulk = this.#bulk
    const { clock } = this.network
    const moments = this.#moments
    const spoken: Spoken = { by: 'server', topic, number, said: moments.next(), saidTime: clock.now(), kept: true, echo: true, to: undefined, outcome: undefined }
    this.#spoken.push(spoken)
    const { relay } = this.network
    const data = { by: 'server', number, ...(bulk !== '' && { bulk }) }
    void (topic === '' ? relay.broadcast(data) : relay.publish(topic, data)).then(({ offset }) => (spoken.outcome = { at: moments.next(), time: clock.now(), offset }))
  }

  #unlisten(voice: Voice): void {
    const ear = voice.ears.find(({ subscription }) => subscription.active)
    if (!ear) return
    ear.subscription.unsubscribe()
    ear.endedAt = ++this.#moment
    ear.endedTime = this.network.clock.now()
  }

  #enter(voice: Voice, how: number): void {
    if (!voice.membership) this.#memberships.push((voice.membership = { id: voice.id(), since: this.#now(), ended: undefined, page: voice.page }))
    voice.said = how
    voice.room.enter(how)
  }

  /** It is no member any more; `isTold`: the relay hears of it, if it hears anything */
  #exit(voice: Voice, isTold = false): void {
    const { membership, page } = voice
    voice.said = voice.membership = undefined
    if (!membership) return
    const now = this.#now()
    const held = now.time - (page.connected.at(-1)?.time ?? Infinity)
    membership.ended = { ...now, promptly: isTold && held > 500 }
  }

  #set(voice: Voice): void {
    const value = this.#writes.length + 1
    this.#writes.push({ by: voice, page: voice.page, value, time: this.network.clock.now() })
    const state = (voice.state ??= voice.session.state(STATE, 0))
    state.set(value)
  }

  /** Another tab with a copy of what this one has stored, as browsers make one. */
  #duplicate(page: Page): void {
    if (this.living.length >= MAX_PAGES) return
    const next = this.#start(page.tab.duplicate(), page.user, new Map(page.stored))
    next.disturbed = Infinity
    page.hasTwin = next.hasTwin = true
    openVoice(next)
  }

  /** It leaves the room, or closes. */
  #quit(voice: Voice): void {
    if (voice.said !== undefined) {
      this.#exit(voice, voice.page.hub.status.state === 'connected')
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
    // Half of the time it stays away until the next restart.
    const isBack = how % 2 === 0
    const way = (['close', 'kill', 'unplug'] as const)[Math.floor(how / 3) % 3] ?? 'kill'
    if (isUp) {
      relay.stop({ how: way, spread: 500 })
      this.#restarts.push({ ...this.#now(), lost, how: !isBack || way === 'unplug' ? 'slow' : way === 'close' ? 'spread' : 'quick' })
    }
    if (!isUp || isBack) this.#startRelay(engine)
  }

  #startRelay(engine: Engine): void {
    const kept = engine instanceof SlowEngine ? engine.next() : engine
    this.network.relay.start(this.#restarts.at(-1)?.lost ? undefined : kept)
  }

  async #reload(page: Page, how: number): Promise<void> {
    const tab = page.tab.reload()
    await this.network.settle()
    // It may be gone for longer than a crash goes unnoticed.
    if (this.#schedule.sockets === 'shared' && how % 4 === 3) await this.network.advance(300)
    page.successor = this.#replace(page, tab, page.stored, how % 3 > 0)
  }

  /** The process ends; perhaps the browser restores the page, perhaps as it was some time ago. */
  #crash(page: Page, how: number): void {
    const stored = new Map((how % 3 === 1 && page.older) || page.stored)
    page.tab.crash()
    this.#trouble(page, 'crash', how % 3 === 0)
    if (how % 3 === 0) this.#end(page)
    else {
      page.disturbed = Infinity
      page.hasTwin = true
      this.#replace(page, this.browser.openTab({ sessionStorage: Object.fromEntries(stored) }), stored)
    }
  }

  #leave(page: Page, how: number): void {
    if (how % 2 === 0) page.tab.close()
    else {
      for (const voice of page.voices) this.#exit(voice, page.hub.status.state === 'connected')
      void page.hub.close()
    }
    this.#end(page)
  }

  #end(page: Page): void {
    page.endedAt = ++this.#moment
    for (const voice of page.voices) this.#exit(voice)
    page.device.end()
  }

  #replace(page: Page, tab: TestTab, stored: Map<string, string>, entersAgain = true): Page {
    const members = page.voices.flatMap(({ membership, said = 0 }) => (membership ? [{ membership, said }] : []))
    for (const voice of page.voices) voice.said = voice.membership = undefined
    const open = page.voices.filter(({ session }) => !session.closed).length
    this.#end(page)
    const next = this.#start(tab, page.user, stored)
    next.disturbed = page.disturbed
    next.hasTwin = page.hasTwin
    // The app opens what it had open.
    for (let i = 0; i < Math.max(open, 1); i++) openVoice(next)
    // And mostly those who were members are so again, and say something else.
    for (const { membership, said } of members) {
      const voice = entersAgain ? next.voices.find(each => each.id() === membership.id) : undefined
      if (voice) {
        voice.membership = membership
        membership.page = next
        this.#enter(voice, said + 1)
      } else membership.ended = { ...this.#now(), promptly: false }
    }
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

function limitsOf({ room, page, rate, resume, bulk }: Schedule): Partial<Limits> {
  return {
    ping: 2000,
    grace: 4000,
    reload: 1000,
    resume,
    page,
    ...(bulk > 0 && { unreadSize: 80_000 }),
    ...(room === 'narrow' && { buffer: 400 }),
    ...(rate === 'narrow' && { publishes: NARROW_RATE, waiting: 12 }),
  }
}

const TROUBLES: readonly string[] = ['cut', 'deafen', 'hold', 'delay', 'release', 'reload', 'leave', 'crash', 'freeze', 'hang', 'cache', 'wake', 'look', 'duplicate']

function isTrouble(kind: Act[0]): kind is TroubleFacts['kind'] {
  return TROUBLES.includes(kind)
}
