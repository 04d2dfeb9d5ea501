import {
  type BroadcastChannelLike,
  type Cancel,
  type Capabilities,
  EarshotError,
  type History,
  type HistoryOptions,
  type Member,
  type Message,
  type PageEventLike,
  type PublishOptions,
  randomId,
  type TransportConnection,
  type TransportLink,
  type TransportSession,
} from '@earshot/core'
import type { FullEnvironment } from '../page/environment.ts'
import { capabilitiesOf } from './capabilities.ts'
import { Heartbeat } from './heartbeat.ts'
import { HistoryRings, lastOf, revive } from './history-rings.ts'
import { Interest } from './interest.ts'
import { expectedTabs, Waiting } from './joining.ts'
import { Leadership } from '../page/leadership.ts'
import type { MeshLimits } from './limits.ts'
import { type Hold, holdLock } from '../page/locks.ts'
import { Outgoing } from './outgoing.ts'
import { announce, describeSession, Identities, type OwnSession } from './sessions.ts'
import type { Answer } from './questions.ts'
import { Siblings } from './siblings.ts'
import { encodeItem, type EncodedItem } from './wire.ts'

/** Siblings that hold a lock but do not answer are not waited for beyond this. */
const WELCOME_LIMIT = 300
/** How long a tab that cannot know who is there waits for welcomes. */
const BLIND_LIMIT = 100

/** One tab's end of the mesh. */
export class Mesh implements TransportConnection {
  readonly #link: TransportLink
  readonly #env: FullEnvironment
  readonly #base: string
  readonly #identities: Identities
  readonly #leadership: Leadership
  readonly #history: HistoryRings
  readonly #siblings: Siblings
  readonly #out: Outgoing
  readonly #heartbeat: Heartbeat
  readonly #interest = new Interest()
  readonly #sessions = new Map<number, OwnSession>()
  /** What waits for siblings to be met, to answer or to go. */
  readonly #waiting: Waiting
  #sessionCount = 0
  /** This tab's name in this life, and in the one before. */
  #node = ''
  #previous = ''
  /** Counts joins and leaves, so that what was begun before one of them is not ended after it. */
  #life = 0
  #lock: Hold | undefined
  /** Resolves when the tab has joined; once it has left, when it has joined again. */
  #joined: Promise<void> = Promise.resolve()
  #hasJoined: (() => void) | undefined
  #closed = false

  constructor(link: TransportLink, name: string, limits: MeshLimits, env: FullEnvironment) {
    this.#link = link
    this.#env = env
    this.#base = `earshot:${name}:${link.namespace}`
    this.#identities = new Identities(env, this.#base, link.tag, () => this.#rejoin())
    this.#leadership = new Leadership(env, this.#base, error => link.report(error))
    this.#history = new HistoryRings(limits.messages, limits.topics)
    this.#out = new Outgoing(limits, error => link.report(error))
    this.#waiting = new Waiting(env.clock)
    this.#siblings = new Siblings({
      link,
      env,
      lockBase: `${this.#base}:tab:`,
      history: this.#history,
      node: () => this.#node,
      describe: () => this.#describe(),
      position: () => this.#out.position,
      address: (node, item) => this.#out.address(node, item),
      resend: (from, to) => this.#out.resend(from, to),
      wanted: topic => this.#wanted(topic),
      tidy: () => this.#tidy(),
      renew: () => this.#identities.renew(this.#sessions.values()),
      changed: () => this.#waiting.changed(),
    })
    this.#heartbeat = new Heartbeat(env, ticks => this.#out.say(['t', ticks]), () => this.#siblings.roll.tick())
    this.#sessions.set(0, this.#identities.root())
    for (const [event, listener] of this.#pageListeners) env.page?.addEventListener(event, listener, true)
    this.#join(false)
  }

  get capabilities(): Capabilities {
    return capabilitiesOf(this.#env)
  }

  // What the hub tells.

  openSession(handle: TransportSession): void {
    const session = this.#identities.open(handle)
    const number = ++this.#sessionCount
    this.#sessions.set(number, session)
    handle.identify(session.id, session.incarnation)
    if (!this.#out.greeted) return // joining claims and announces every session
    this.#out.shut()
    // What it has said meanwhile follows on who it is, though it may be closed again.
    void this.#identities.claim(session).then(() => this.#out.open(announce(number, session)))
  }

  closeSession(id: string): void {
    const [number, session] = this.#numbered(id)
    if (!session) return
    this.#sessions.delete(number)
    this.#interest.drop(session)
    this.#identities.forget(session)
    this.#tell(['e', number])
    this.#tidy()
  }

  publish(message: Message & { readonly key: string }, data: unknown, options: PublishOptions): Promise<{ offset?: number }> | undefined {
    const { topic, clock, time, from, userId, key, id } = message
    const to = options.to as readonly string[] | undefined
    const [number] = this.#numbered(from)
    const item = encodeItem(['p', number, topic, clock, time, data, to ?? null, options.volatile ? 1 : 0], topic)
    if (this.#out.isFull) return Promise.reject(new EarshotError('outbox-full', 'joining', { topic }))
    if (!options.volatile && !to && this.#wanted(topic)) this.#history.add({ topic, id, clock, from, userId, key, node: this.#node, item })
    // While siblings are not known yet, they may want anything.
    const { roll } = this.#siblings
    if (roll.settled && this.#out.isOpen && !roll.interest.wants(topic, to)) {
      roll.apart ||= !options.volatile
      return undefined
    }
    if (!this.#env.BroadcastChannel) return undefined
    this.#out.say(item)
    return this.#out.isOpen ? undefined : this.#joined.then(() => ({}))
  }

  interest(id: string, pattern: string, on: boolean): void {
    const [number, session] = this.#numbered(id)
    if (!session) return
    this.#interest.set(session, pattern, on)
    this.#tell(['i', number, pattern, on ? 1 : 0])
    if (!on) this.#tidy()
  }

  presence(topic: string, { id, data = null, since, clock }: Member, here: boolean): void {
    const [number, session] = this.#numbered(id)
    if (!session) return
    const item = encodeItem(['m', number, topic, here ? data : null, since, clock, here ? 1 : 0], topic)
    if (here) session.entries.set(topic, item)
    else session.entries.delete(topic)
    this.#tell(item)
  }

  async watch(): Promise<void> {
    // Everybody hears of all members: there is nothing to ask for.
    await this.#joined
  }

  async sync(): Promise<void> {
    await this.#ask([], 0, undefined, undefined)
  }

  async history(pattern: string | readonly string[], { limit = 100, before, since }: HistoryOptions): Promise<History> {
    const patterns = [pattern].flat()
    // A position of a relay's log says nothing here: everything may be missing since.
    const from = typeof since === 'object' ? since : undefined
    const answers = await this.#ask(patterns, limit, from, before)
    const own = this.#history.find(patterns, limit, from, before)
    const kept = lastOf([...own, ...answers.flatMap(answer => answer.kept)], limit, from, before)
    const gap = since !== undefined && !(from && (this.#history.has(from.id, from.topic) || answers.some(answer => answer.has)))
    return { messages: kept.flatMap(revive), gap }
  }

  async occupancy(topic: string): Promise<number> {
    await this.sync()
    return [...this.#siblings.roll.interest.sessions(topic)].filter(({ id }) => id !== '').length
  }

  claim(id: string, task: () => unknown): Promise<boolean> {
    return this.#leadership.claim(id, task)
  }

  lead(task: () => void | (() => void)): Cancel {
    return this.#leadership.add(task)
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      for (const [event, listener] of this.#pageListeners) this.#env.page?.removeEventListener(event, listener, true)
      this.#leadership.close()
      this.#leave(false)
      this.#settle()
      for (const peer of [...this.#siblings.roll.peers.values()]) this.#siblings.roll.drop(peer)
    }
    return Promise.resolve()
  }

  // Joining and leaving.

  readonly #pageListeners: [Parameters<NonNullable<FullEnvironment['page']>['addEventListener']>[0], (event: PageEventLike) => void][] = [
    ['pagehide', event => this.#leave(event.persisted === true)],
    ['pageshow', () => this.#join(true)],
    // A frozen waiter is granted the lead and keeps it; the lock that proves that this tab exists stays.
    ['freeze', () => this.#leadership.yield()],
    [
      'resume',
      () => {
        this.#leadership.contend()
        void this.sync()
      },
    ],
    ['visibilitychange', () => this.#heartbeat.beat()],
  ]

  #join(returning: boolean): void {
    if (this.#node !== '' || this.#closed) return
    const { BroadcastChannel, random } = this.#env
    if (!BroadcastChannel) {
      this.#link.status({ state: 'disconnected', cause: new EarshotError('unsupported', 'no-channel') })
      return
    }
    this.#node = randomId(random)
    this.#link.status({ state: 'connecting' })
    this.#expect()
    const life = ++this.#life
    void this.#enter(life, returning)
      .catch((error: unknown) => this.#link.report(error))
      .then(() => {
        if (life === this.#life) this.#settle()
      })
  }

  async #enter(life: number, returning: boolean): Promise<void> {
    const left = (): boolean => life !== this.#life
    if (returning) this.#identities.renew(this.#sessions.values())
    await this.#prove(left)
    // The live map: sessions that are opened meanwhile are claimed too.
    for (const session of this.#sessions.values()) if (session.id !== '' && !left()) await this.#identities.claim(session)
    if (left()) return
    this.#hello(returning)
    const expected = await expectedTabs(this.#env.locks, `${this.#base}:tab:`)
    const met = (): boolean => expected?.every(node => node === this.#node || this.#siblings.roll.peers.get(node)?.met) ?? false
    await this.#waiting.until(() => left() || met(), expected ? WELCOME_LIMIT : BLIND_LIMIT)
    if (left()) return
    // Whoever is there, but has not heard the hello or was not heard, answers this by one.
    if (!met()) this.#out.say(['q', 0, [], 0, null, null])
    const whole = this.#siblings.roll.settle()
    this.#link.status({ state: 'connected' })
    if (returning && !whole) this.#link.gap({})
    if (!this.#env.locks) this.#heartbeat.start()
    this.#leadership.contend()
  }

  /** Takes the lock that proves that this tab lives. Where locks are denied, heartbeats stand in and no id is kept. */
  async #prove(left: () => boolean): Promise<void> {
    const { locks, random } = this.#env
    if (!locks) return
    this.#lock?.release()
    this.#lock = holdLock(locks, `${this.#base}:tab:${this.#node}`, {}, () => this.#rejoin())
    try {
      await this.#lock.granted
    } catch {
      if (left()) return
      this.#env.locks = null
      for (const session of this.#sessions.values()) {
        if (session.id === '') continue
        session.slot = undefined
        this.#identities.revive(session, randomId(random), 1)
      }
    }
  }

  /** Listens, says who this tab is, then lets out what waited. */
  #hello(returning: boolean): void {
    const channel: BroadcastChannelLike = new (this.#env.BroadcastChannel as NonNullable<FullEnvironment['BroadcastChannel']>)(`${this.#base}`)
    channel.onmessage = event => this.#siblings.receive(event.data)
    // What could not be read here is asked for again: its number is missing.
    channel.onmessageerror = () => void this.sync()
    this.#out.start(channel, this.#node, ['h', 1, this.#describe(), returning ? this.#previous : ''])
  }

  #leave(persisted: boolean): void {
    if (this.#node === '') return
    this.#life++
    this.#out.stop(['b', persisted ? 1 : 0])
    this.#previous = this.#node
    this.#node = ''
    this.#siblings.leave()
    this.#waiting.changed()
    this.#heartbeat.stop()
    this.#leadership.leave()
    // The lock of a page that ends is freed by its end: let go of now, it would overtake the goodbye.
    if (persisted || this.#closed) this.#lock?.release()
    for (const session of this.#sessions.values()) {
      session.lock?.release()
      session.lock = session.claimed = undefined
    }
    if (!this.#closed) this.#expect()
    this.#link.status({ state: 'disconnected' })
  }

  /** The lock was taken away: siblings believe that this tab is gone. It comes back as another. */
  #rejoin(): void {
    if (this.#closed || this.#node === '') return
    this.#leave(true)
    this.#join(true)
  }

  /** From now on, what needs the others waits until the tab has joined them. */
  #expect(): void {
    if (!this.#hasJoined) this.#joined = new Promise(resolve => (this.#hasJoined = resolve))
  }

  /** … and waits no longer. */
  #settle(): void {
    this.#hasJoined?.()
    this.#hasJoined = undefined
  }

  // Small things.

  /** Nothing but shared values is kept of topics that nobody wants any more. */
  #tidy(): void {
    this.#history.tidy(topic => this.#wanted(topic), this.#link.states)
  }

  #wanted(topic: string): boolean {
    return this.#interest.wants(topic, undefined) || this.#siblings.roll.interest.wants(topic, undefined)
  }

  #numbered(id: string): [number: number, session: OwnSession | undefined] {
    for (const [number, session] of this.#sessions) if (session.id === id) return [number, session]
    return [0, undefined]
  }

  /** Says a change of this tab; before it has joined, its description will. */
  #tell(item: EncodedItem): void {
    if (this.#out.greeted) this.#out.say(item)
  }

  async #ask(patterns: readonly string[], limit: number, since: Message | undefined, before: Message | undefined): Promise<Answer[]> {
    await this.#joined
    const mark = (message: Message | undefined): unknown => (message ? [message.clock, message.from, message.id, message.topic] : null)
    return this.#siblings.ask(id => this.#out.say(['q', id, patterns, limit, mark(since), mark(before)]))
  }

  #describe(): EncodedItem[] {
    return [...this.#heartbeat.describe(), ...[...this.#sessions].flatMap(([number, session]) => describeSession(number, session, this.#interest))]
  }
}
