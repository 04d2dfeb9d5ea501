import { EarshotError, type ErrorReasons, type TransportLink } from '@earshot/core'
import type { FullEnvironment } from '../page/environment.ts'
import type { HistoryRings, Kept } from './history-rings.ts'
import { type KeptRecord, readSaid, type Said } from './items.ts'
import type { Peer, PeerSession } from './peer.ts'
import { type Answer, Questions } from './questions.ts'
import { Roll } from './roll.ts'
import { type EncodedItem, type Frame, type Item, readFrame, readItem } from './wire.ts'

/** Tabs that are asked who they are. */
const MAX_INTRODUCED = 500
/** A greeting may be lost: who is still not known by then is greeted again when it says something. */
const INTRODUCTION_INTERVAL = 1000
const MAX_SESSIONS = 200
const MAX_HELD = 256
const MAX_ENTRIES = 10_000
/** The longest a beat may be good for: five minutes. */
const MAX_TICKS = 150
const REPORT_INTERVAL = 10_000

/** What siblings need of their tab. */
export interface SiblingsHost {
  readonly link: TransportLink
  readonly env: FullEnvironment
  /** Names of tab locks begin with it. */
  readonly lockBase: string
  readonly history: HistoryRings
  /** This tab's name; `''` while it is away. */
  node(): string
  /** Everything there is to know of this tab, as items. */
  describe(): EncodedItem[]
  /** The number of the next item that will be posted. */
  position(): number
  /** Posts to one sibling, after what waits. */
  address(node: string, item: () => Item): void
  /** What is kept of what was posted, or the number of the first item that is. */
  resend(from: number, to: number): EncodedItem[] | number
  /** Does anyone, here or elsewhere, want this topic? */
  wanted(topic: string): boolean
  /** Forgets what nobody wants any more. */
  tidy(): void
  /** Says its members anew: a sibling believed that this tab was gone. */
  renew(): void
  /** A sibling was met, answered or went: whoever waits looks again. */
  changed(): void
}

/** The other tabs: who they are, what they want, and what they say, each in its order. */
export class Siblings {
  readonly roll: Roll
  readonly #host: SiblingsHost
  readonly #questions: Questions
  /** When unknown tabs were last told who this one is. */
  readonly #introduced = new Map<string, number>()
  readonly #versions = new Set<number>()
  #lastReport = -REPORT_INTERVAL

  constructor(host: SiblingsHost) {
    this.#host = host
    this.#questions = new Questions(host.env.clock)
    this.roll = new Roll(host, node => {
      this.#questions.went(node)
      host.changed()
    })
  }

  /** Takes in whatever was posted. */
  receive(input: unknown): void {
    const frame = readFrame(input)
    if (!frame) return this.#violation('no-frame')
    if ('version' in frame) return this.#foreign(frame.version)
    const { f, n, to, m } = frame
    if (f === this.#host.node() || (to !== undefined && to !== this.#host.node())) return
    let peer = this.roll.peers.get(f)
    if (peer) this.roll.heard(peer)
    if (n === 0) {
      for (const item of m) this.#handle(f, peer, item)
      if (!this.roll.peers.has(f)) this.introduce(f)
    } else {
      if (!peer && readItem(m[0])?.[0] === 'h') peer = this.#meet(f, n)
      if (peer) this.#inOrder(peer, frame)
      else this.introduce(f)
    }
  }

  /** Tells a sibling everything about this tab; it answers with a welcome. */
  introduce(node: string): void {
    const now = this.#host.env.clock.now()
    const last = this.#introduced.get(node)
    // The distance, so that a clock that is set back does not silence it.
    if (last === undefined ? this.#introduced.size >= MAX_INTRODUCED : Math.abs(now - last) < INTRODUCTION_INTERVAL) return
    this.#introduced.set(node, now)
    this.#host.address(node, () => ['h', this.#host.position(), this.#host.describe(), ''])
  }

  /** Asks every sibling; resolves when all have answered or gone, at the latest after a second. */
  ask(post: (id: number) => void): Promise<Answer[]> {
    return this.#questions.ask([...this.roll.peers.values()].filter(peer => peer.state === 'here').map(peer => peer.node), post)
  }

  /** This tab goes away. What is known of siblings is kept for the return. */
  leave(): void {
    this.roll.leave()
    this.#introduced.clear()
    this.#questions.end()
  }

  /** Items of one sibling, each once and in order; what is missing is asked for again. */
  #inOrder(peer: Peer, frame: Frame): void {
    if (frame.n <= peer.expected) {
      this.#take(peer, frame.n, frame.m)
      this.#release(peer)
      return
    }
    peer.held.push(frame)
    if (peer.held.length > MAX_HELD) this.#gap(peer, Math.min(...peer.held.map(held => held.n)))
    else this.#catchUp(peer, frame.n)
  }

  #take(peer: Peer, first: number, items: readonly EncodedItem[]): void {
    for (const [index, item] of items.entries()) {
      if (first + index !== peer.expected) continue
      peer.expected++
      this.#handle(peer.node, peer, item)
    }
  }

  /** What waited for what was missing. */
  #release(peer: Peer): void {
    const held = peer.held.sort((one, other) => one.n - other.n)
    peer.held = []
    for (const frame of held) this.#inOrder(peer, frame)
  }

  /** It has said everything before `position`: what is missing of that is asked for. */
  #catchUp(peer: Peer, position: number): void {
    const from = Math.max(peer.expected, peer.asked + 1)
    if (position <= from) return
    peer.asked = position - 1
    this.#host.address(peer.node, () => ['?', from, position - 1])
  }

  /** Messages are lost for good: that is said, and the sibling is asked what else has changed. */
  #gap(peer: Peer, first: number): void {
    peer.asked = 0
    peer.expected = Math.max(peer.expected, first)
    this.#tellGap(peer)
    this.#introduced.delete(peer.node)
    this.introduce(peer.node)
    this.#release(peer)
  }

  /**
   * Both had joined before they met: it was frozen, greetings were lost, or one took the other for gone. What each published
   * meanwhile was not posted for the other's sake. The other hears of it if there is something to hear.
   */
  #late(peer: Peer): void {
    if (!this.roll.settled) return
    this.#tellGap(peer)
    if (this.roll.apart) this.#host.address(peer.node, () => ['x', 0])
  }

  #tellGap(peer: Peer): void {
    const session = [...peer.sessions.values()].find(({ id }) => id !== '')
    this.#host.link.gap(session ? { from: session.id } : {})
  }

  #handle(node: string, known: Peer | undefined, encoded: EncodedItem): void {
    const said = readSaid(encoded)
    if (!said) return this.#violation('no-item')
    if (said.kind === 'hello') return this.#hello(node, known, said)
    if (said.kind === 'welcome') return this.#welcome(node, known, said)
    const peer = known ?? this.roll.peers.get(node)
    if (peer) this.#said(peer, said, encoded)
  }

  #said(peer: Peer, said: Said, encoded: EncodedItem): void {
    switch (said.kind) {
      case 'publication':
        return this.#deliver(peer, said, encoded)
      case 'bye':
        return this.roll.bye(peer, said.persisted)
      case 'missing': {
        const items = this.#host.resend(said.from, said.to)
        return this.#host.address(peer.node, () => (typeof items === 'number' ? ['x', items] : ['r', said.from, items]))
      }
      case 'again':
        peer.asked = 0
        // It never said what held frames would follow on: they are forged, and would be asked about for ever.
        if (said.items.length === 0) peer.held = []
        this.#take(peer, said.from, said.items)
        return this.#release(peer)
      case 'gone':
        if (said.first === 0) {
          this.#tellGap(peer)
          this.#host.renew()
        } else if (peer.asked > 0) this.#gap(peer, said.first)
        return
      case 'question':
        return this.#answer(peer, said)
      case 'answer':
        return this.#heardAnswer(peer, said)
      case 'beat':
        peer.ticks = Math.min(said.ticks, MAX_TICKS)
        return
      default:
        // Late items of a tab that is gone must not bring its members or wishes back.
        if (peer.state === 'here') this.#changed(peer, said)
    }
  }

  /** Its sessions, what they listen to, and where they are present. */
  #changed(peer: Peer, said: Said): void {
    if (said.kind === 'session') {
      const { number, id, userId, tag } = said
      if (peer.sessions.get(number)?.id === id || peer.sessions.size >= MAX_SESSIONS) return
      peer.sessions.set(number, { id, userId, key: `${id}.${tag}`, members: new Map() })
      return
    }
    const session = 'number' in said ? peer.sessions.get(said.number) : undefined
    if (!session) return
    if (said.kind === 'end') {
      this.roll.end(session)
      peer.sessions.delete(said.number)
    } else if (said.kind === 'listen') {
      this.roll.interest.set(session, said.pattern, said.on)
      if (!said.on) this.#host.tidy()
    } else if (said.kind === 'present') this.#present(session, said)
  }

  #present({ id, userId, members }: PeerSession, { topic, data, since, clock, here }: Extract<Said, { kind: 'present' }>): void {
    const { link } = this.#host
    if (!here) {
      members.delete(topic)
      link.gone(topic, id, clock)
    } else if (members.size < MAX_ENTRIES) {
      members.set(topic, clock)
      link.member(topic, { id, userId, data, since, clock })
    }
  }

  #deliver(peer: Peer, said: Extract<Said, { kind: 'publication' }>, encoded: EncodedItem): void {
    const session = peer.sessions.get(said.number)
    if (!session) return
    const { topic, clock, time, data, to, volatile } = said
    const { id: from, userId, key } = session
    if (!volatile && !to && this.#host.wanted(topic)) {
      // Listeners get `data` itself: the ring keeps a copy where the item is not text.
      const item = typeof encoded === 'string' ? encoded : structuredClone(encoded)
      this.#host.history.add({ topic, id: `${key}:${clock}`, clock, from, userId, key, node: peer.node, item })
    }
    this.#host.link.deliver({ topic, data, from, userId, key, clock, time }, to)
  }

  #hello(node: string, known: Peer | undefined, { position, items, previous }: Extract<Said, { kind: 'hello' }>): void {
    const peer = known ?? this.#meet(node, position)
    if (!peer || peer.state !== 'here') return
    this.#describe(peer, items)
    const before = this.roll.peers.get(previous)
    // It misses nothing but what it can be sent again, if nobody was met between its goodbye and its return.
    const vouch = before?.state === 'away' && before.metCount === this.roll.met - 1
    if (before && before !== peer) this.roll.drop(before)
    this.#host.address(node, () => ['w', this.#host.position(), this.#host.describe(), vouch ? 1 : 0])
    // Who joins is known by its first item.
    if (!known) this.#late(peer)
    this.#host.changed()
  }

  #welcome(node: string, known: Peer | undefined, { position, items, vouch }: Extract<Said, { kind: 'welcome' }>): void {
    const peer = known ?? this.#meet(node, position)
    if (!peer || peer.state !== 'here') return
    if (!known || !vouch) this.roll.vouched = false
    this.#introduced.delete(node)
    this.#describe(peer, items)
    this.#catchUp(peer, position)
    if (!known) this.#late(peer)
    this.#host.changed()
  }

  /** Takes in all there is to know of a sibling: what is not named any more is gone. */
  #describe(peer: Peer, items: readonly EncodedItem[]): void {
    peer.met = true
    this.roll.watch(peer)
    const before = [...peer.sessions.values()].map(session => ({ session, members: new Map(session.members) }))
    for (const { session } of before) {
      this.roll.interest.drop(session)
      session.members.clear()
    }
    for (const item of items) this.#handle(peer.node, peer, item)
    for (const { session, members } of before) {
      for (const [topic, clock] of members) if (!session.members.has(topic)) this.#host.link.gone(topic, session.id, clock)
    }
  }

  /** Answers for what this tab published, for tabs that are not there to answer, and with values that their writer may have forgotten. */
  #answer(peer: Peer, { id, patterns, limit, since, before }: Extract<Said, { kind: 'question' }>): void {
    const { history } = this.#host
    const kept = history.find(patterns, limit, since, before).filter(({ node, isLoose }) => isLoose || this.roll.peers.get(node)?.state !== 'here')
    const records = kept.map(({ from, userId, key, item }): KeptRecord => [from, userId ?? null, key, item])
    const has = since !== undefined && history.has(since.id, since.topic)
    this.#host.address(peer.node, () => ['a', id, this.#host.position(), records, has ? 1 : 0])
  }

  #heardAnswer(peer: Peer, { id, position, records, has }: Extract<Said, { kind: 'answer' }>): void {
    this.#catchUp(peer, position)
    const kept = records.flatMap(([from, userId, key, item]): Kept[] => {
      const said = readSaid(item)
      if (said?.kind !== 'publication') return []
      const { topic, clock } = said
      return [{ topic, clock, id: `${key}:${clock}`, from, userId: userId ?? undefined, key, node: peer.node, item }]
    })
    this.#questions.answered(id, peer.node, { kept, has })
  }

  #meet(node: string, expected: number): Peer | undefined {
    const peer = this.roll.meet(node, expected)
    if (!peer) this.#violation('too-many-tabs')
    return peer
  }

  /** Throttled: a script that floods the channel must not flood the app's error handler. */
  #violation(reason: ErrorReasons['protocol-violation']): void {
    const now = this.#host.env.clock.now()
    if (now >= this.#lastReport && now - this.#lastReport < REPORT_INTERVAL) return
    this.#lastReport = now
    this.#host.link.report(new EarshotError('protocol-violation', reason))
  }

  #foreign(version: number): void {
    if (this.#versions.has(version) || this.#versions.size >= 16) return
    this.#versions.add(version)
    this.#host.link.report(new EarshotError('protocol-version', 'other-version', { value: version }))
  }
}
