import { EarshotError, type TransportLink } from '@earshot/core'
import type { FullEnvironment } from '../page/environment.ts'
import type { HistoryRings, Kept } from './history-rings.ts'
import { Interest } from './interest.ts'
import { type KeptRecord, readSaid, type Said } from './items.ts'
import { holdLock } from './locks.ts'
import { Peer, type PeerSession } from './peer.ts'
import { type EncodedItem, type Frame, type Item, readFrame, readItem } from './wire.ts'

/** A reload looks like a close: a session that says goodbye leaves when it is not back after this long. */
export const LEAVE_DELAY = 2000
/** A freed lock may overtake the goodbye. */
export const GOODBYE_DELAY = 100
/** A page in the back/forward cache finds what it missed for this long. */
export const AWAY_LIMIT = 120_000
/** Messages of a dead tab may still be under way. */
const LOST_LIMIT = 60_000
/** Without locks: a tab is gone after this many silent ticks of 2 s, unless it says otherwise. */
export const VISIBLE_TICKS = 3

const MAX_PEERS = 500
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
  /** A sibling was met, answered or went: whoever waits looks again. */
  changed(): void
}

/** What a sibling answered. */
export interface Answer {
  readonly kept: readonly Kept[]
  /** It has the message that was named. */
  readonly has: boolean
}

interface Question {
  readonly waiting: Set<string>
  readonly answers: Answer[]
  done(answers: Answer[]): void
}

/** The other tabs: who they are, what they want, and what they say, each in its order. */
export class Siblings {
  readonly interest: Interest = new Interest()
  readonly peers: Map<string, Peer> = new Map()
  readonly #host: SiblingsHost
  readonly #questions = new Map<number, Question>()
  readonly #introduced = new Set<string>()
  readonly #versions = new Set<number>()
  #asked = 0
  /** Siblings met in all. */
  #met = 0
  #lastReport = -REPORT_INTERVAL
  /** After an absence: a sibling was there all the time and saw nobody new. */
  vouched = true

  constructor(host: SiblingsHost) {
    this.#host = host
  }

  /** Takes in whatever was posted. */
  receive(input: unknown): void {
    const frame = readFrame(input)
    if (!frame) return this.#violation('a frame that makes no sense')
    if ('version' in frame) return this.#foreign(frame.version)
    const { f, n, to, m } = frame
    if (f === this.#host.node() || (to !== undefined && to !== this.#host.node())) return
    let peer = this.peers.get(f)
    if (peer) peer.ticks = Math.max(peer.ticks, VISIBLE_TICKS)
    if (n === 0) for (const item of m) this.#handle(f, peer, item)
    else {
      if (!peer && readItem(m[0])?.[0] === 'h') peer = this.#meet(f, n)
      if (peer) this.#inOrder(peer, frame)
      else this.introduce(f)
    }
  }

  /** Tells a sibling everything about this tab; it answers with a welcome. */
  introduce(node: string): void {
    if (this.#introduced.has(node) || this.#introduced.size >= MAX_PEERS) return
    this.#introduced.add(node)
    this.#host.address(node, () => ['h', this.#host.position(), this.#host.describe(), ''])
  }

  /** Asks every sibling; resolves when all have answered or gone, at the latest after a second. */
  ask(post: (id: number) => void): Promise<Answer[]> {
    const waiting = new Set([...this.peers.values()].filter(peer => peer.state === 'here').map(peer => peer.node))
    if (waiting.size === 0) return Promise.resolve([])
    return new Promise(resolve => {
      const id = ++this.#asked
      const cancel = this.#host.env.clock.after(1000, () => question.done(question.answers))
      const question: Question = {
        waiting,
        answers: [],
        done: answers => {
          cancel()
          this.#questions.delete(id)
          resolve(answers)
        },
      }
      this.#questions.set(id, question)
      post(id)
    })
  }

  /** This tab goes away: nobody is watched any more. What is known of siblings is kept for the return. */
  leave(): void {
    for (const peer of this.peers.values()) {
      peer.watch?.release()
      peer.watch = undefined
      peer.met = false
      peer.asked = false
      peer.held = []
    }
    this.#introduced.clear()
    for (const question of [...this.#questions.values()]) question.done(question.answers)
  }

  /** This tab is back: siblings that did not welcome it are gone. Gives whether what was missed is known to be recovered. */
  settle(): boolean {
    let whole = this.vouched && this.peers.size > 0
    for (const peer of [...this.peers.values()]) {
      if (peer.met) continue
      whole = false
      this.drop(peer)
    }
    return whole
  }

  /** Without locks: one more silent tick for everybody. */
  tick(): void {
    for (const peer of [...this.peers.values()]) if (peer.state === 'here' && --peer.ticks < 0) this.drop(peer)
  }

  /** A sibling is gone for good: its members leave, its interest ends. */
  drop(peer: Peer): void {
    peer.timer?.()
    peer.watch?.release()
    this.#forget(peer)
    this.peers.delete(peer.node)
    this.#went(peer)
  }

  #meet(node: string, expected: number): Peer | undefined {
    if (this.peers.size >= MAX_PEERS) {
      this.#violation(`more than ${MAX_PEERS} tabs`)
      return undefined
    }
    const peer = new Peer(node, expected, VISIBLE_TICKS)
    this.peers.set(node, peer)
    this.#met++
    this.#watch(peer)
    return peer
  }

  /** Waits for the sibling's lock: it is granted the moment the sibling is gone, however it went. */
  #watch(peer: Peer): void {
    const { env, lockBase } = this.#host
    if (!env.locks || peer.watch) return
    const watch = holdLock(env.locks, lockBase + peer.node, { mode: 'shared' })
    peer.watch = watch
    watch.granted.then(
      () => {
        watch.release()
        if (peer.watch === watch && peer.state === 'here') this.#lost(peer)
      },
      () => {}, // withdrawn
    )
  }

  #lost(peer: Peer): void {
    peer.state = 'lost'
    this.#went(peer)
    peer.timer = this.#host.env.clock.after(GOODBYE_DELAY, () => {
      this.#forget(peer)
      peer.timer = this.#host.env.clock.after(LOST_LIMIT, () => this.drop(peer))
    })
  }

  /** It said goodbye. To the back/forward cache: it may want what it misses. */
  #bye(peer: Peer, persisted: boolean): void {
    const { clock } = this.#host.env
    peer.timer?.()
    peer.watch?.release()
    peer.watch = undefined
    peer.state = persisted ? 'away' : 'leaving'
    peer.metCount = this.#met
    if (!persisted) this.#uninterest(peer.sessions.values())
    this.#went(peer)
    peer.timer = clock.after(LEAVE_DELAY, () => {
      this.#unmember(peer)
      if (persisted) peer.timer = clock.after(AWAY_LIMIT, () => this.drop(peer))
      else this.drop(peer)
    })
  }

  #forget(peer: Peer): void {
    this.#unmember(peer)
    this.#uninterest(peer.sessions.values())
  }

  #unmember(peer: Peer): void {
    for (const session of peer.sessions.values()) this.#endMembers(session)
  }

  #endMembers({ id, members }: PeerSession): void {
    for (const [topic, clock] of members) this.#host.link.gone(topic, id, clock)
    members.clear()
  }

  #uninterest(sessions: Iterable<PeerSession>): void {
    for (const session of sessions) this.interest.drop(session)
    this.#tidy()
  }

  /** Nothing is kept of topics that nobody wants any more. */
  #tidy(): void {
    this.#host.history.tidy(topic => this.#host.wanted(topic))
  }

  /** Nobody waits for it any more. */
  #went({ node }: Peer): void {
    for (const question of [...this.#questions.values()]) this.#answered(question, node)
    this.#host.changed()
  }

  #answered(question: Question, node: string): void {
    if (question.waiting.delete(node) && question.waiting.size === 0) question.done(question.answers)
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
    if (position <= peer.expected || peer.asked) return
    peer.asked = true
    this.#host.address(peer.node, () => ['?', peer.expected, position - 1])
  }

  /** Messages are lost for good: that is said, and the sibling is asked what else has changed. */
  #gap(peer: Peer, first: number): void {
    peer.asked = false
    peer.expected = Math.max(peer.expected, first)
    const [session] = peer.sessions.values()
    this.#host.link.gap(session ? { from: session.id } : {})
    this.#introduced.delete(peer.node)
    this.introduce(peer.node)
    this.#release(peer)
  }

  #handle(node: string, known: Peer | undefined, encoded: EncodedItem): void {
    const said = readSaid(encoded)
    if (!said) return this.#violation('an item that makes no sense')
    if (said.kind === 'hello') return this.#hello(node, known, said)
    if (said.kind === 'welcome') return this.#welcome(node, known, said)
    const peer = known ?? this.peers.get(node)
    if (peer) this.#said(peer, said, encoded)
  }

  #said(peer: Peer, said: Said, encoded: EncodedItem): void {
    switch (said.kind) {
      case 'publication':
        return this.#deliver(peer, said, encoded)
      case 'bye':
        return this.#bye(peer, said.persisted)
      case 'missing': {
        const items = this.#host.resend(said.from, said.to)
        return this.#host.address(peer.node, () => (typeof items === 'number' ? ['x', items] : ['r', said.from, items]))
      }
      case 'again':
        peer.asked = false
        this.#take(peer, said.from, said.items)
        return this.#release(peer)
      case 'gone':
        return peer.asked ? this.#gap(peer, said.first) : undefined
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
      this.#endMembers(session)
      this.#uninterest([session])
      peer.sessions.delete(said.number)
    } else if (said.kind === 'listen') {
      this.interest.set(session, said.pattern, said.on)
      if (!said.on) this.#tidy()
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
    const before = this.peers.get(previous)
    // It misses nothing but what it can be sent again, if nobody was met between its goodbye and its return.
    const vouch = before?.state === 'away' && before.metCount === this.#met - 1
    if (before && before !== peer) this.drop(before)
    this.#host.address(node, () => ['w', this.#host.position(), this.#host.describe(), vouch ? 1 : 0])
    this.#host.changed()
  }

  #welcome(node: string, known: Peer | undefined, { position, items, vouch }: Extract<Said, { kind: 'welcome' }>): void {
    const peer = known ?? this.#meet(node, position)
    if (!peer || peer.state !== 'here') return
    if (!known || !vouch) this.vouched = false
    this.#introduced.delete(node)
    this.#describe(peer, items)
    this.#catchUp(peer, position)
    this.#host.changed()
  }

  /** Takes in all there is to know of a sibling: what is not named any more is gone. */
  #describe(peer: Peer, items: readonly EncodedItem[]): void {
    peer.met = true
    this.#watch(peer)
    const before = [...peer.sessions.values()].map(session => ({ session, members: new Map(session.members) }))
    for (const { session } of before) {
      this.interest.drop(session)
      session.members.clear()
    }
    for (const item of items) this.#handle(peer.node, peer, item)
    for (const { session, members } of before) {
      for (const [topic, clock] of members) if (!session.members.has(topic)) this.#host.link.gone(topic, session.id, clock)
    }
  }

  /** Answers for what this tab published, and for tabs that are not there to answer. */
  #answer(peer: Peer, { id, patterns, limit, since, before }: Extract<Said, { kind: 'question' }>): void {
    const { history } = this.#host
    const kept = history.find(patterns, limit, since, before).filter(({ node }) => this.peers.get(node)?.state !== 'here')
    const records = kept.map(({ from, userId, key, item }): KeptRecord => [from, userId ?? null, key, item])
    const has = since !== undefined && history.has(since.id, since.topic)
    this.#host.address(peer.node, () => ['a', id, this.#host.position(), records, has ? 1 : 0])
  }

  #heardAnswer(peer: Peer, { id, position, records, has }: Extract<Said, { kind: 'answer' }>): void {
    this.#catchUp(peer, position)
    const question = this.#questions.get(id)
    if (!question?.waiting.has(peer.node)) return
    const kept = records.flatMap(([from, userId, key, item]): Kept[] => {
      const said = readSaid(item)
      if (said?.kind !== 'publication') return []
      const { topic, clock } = said
      return [{ topic, clock, id: `${key}:${clock}`, from, userId: userId ?? undefined, key, node: peer.node, item }]
    })
    question.answers.push({ kept, has })
    this.#answered(question, peer.node)
  }

  /** Throttled: a script that floods the channel must not flood the app's error handler. */
  #violation(what: string): void {
    const now = this.#host.env.clock.now()
    if (now >= this.#lastReport && now - this.#lastReport < REPORT_INTERVAL) return
    this.#lastReport = now
    this.#host.link.report(new EarshotError('protocol-violation', `A tab posted ${what}; it was ignored. Does another script use this BroadcastChannel?`))
  }

  #foreign(version: number): void {
    if (this.#versions.has(version) || this.#versions.size >= 16) return
    this.#versions.add(version)
    this.#host.link.report(
      new EarshotError('protocol-version', `A tab speaks version ${version} of the mesh: it and this tab do not hear one another until the older one is reloaded`, { value: version }),
    )
  }
}
