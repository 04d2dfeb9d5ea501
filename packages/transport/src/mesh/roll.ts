import type { TransportLink } from '@earshot/core'
import type { FullEnvironment } from '../page/environment.ts'
import { promptly } from '../page/promptly.ts'
import { Interest } from './interest.ts'
import { holdLock } from '../page/locks.ts'
import { Peer, type PeerSession } from './peer.ts'

/** A reload looks like a close: a session that says goodbye leaves when it is not back after this long. */
const LEAVE_DELAY = 2000
/** A freed lock may overtake the goodbye: for this long after the lock, and after all that comes later, one is waited for. */
const GOODBYE_DELAY = 100
/** A page in the back/forward cache finds what it missed for this long. */
const AWAY_LIMIT = 120_000
/** Messages of a dead tab may still be under way. */
const LOST_LIMIT = 60_000
/** Without locks: a tab is gone after this many silent ticks of 2 s, unless it says otherwise. */
export const VISIBLE_TICKS = 3

const MAX_PEERS = 500

/** What the roll needs of its tab. */
export interface RollHost {
  readonly link: Pick<TransportLink, 'gone' | 'gap'>
  readonly env: FullEnvironment
  /** Names of tab locks begin with it. */
  readonly lockBase: string
  /** Forgets what nobody wants any more. */
  tidy(): void
}

/** Which siblings there are: met by what they say, gone by the freeing of their lock, a goodbye, or silence. */
export class Roll {
  readonly interest: Interest = new Interest()
  readonly peers: Map<string, Peer> = new Map()
  readonly #host: RollHost
  /** Nobody needs to wait for this sibling any more. */
  readonly #went: (node: string) => void
  /** Siblings met in all. */
  met = 0
  /** Siblings have said what they want. */
  settled = false
  /** After an absence: each sibling was there all the time and saw nobody new. */
  vouched = true
  /** Something was not posted, or somebody was taken for gone. */
  apart = false

  constructor(host: RollHost, went: (node: string) => void) {
    this.#host = host
    this.#went = went
  }

  /** A sibling is heard of for the first time; nothing when there are more than can be. */
  meet(node: string, expected: number): Peer | undefined {
    if (this.peers.size >= MAX_PEERS) return undefined
    const peer = new Peer(node, expected, VISIBLE_TICKS)
    this.peers.set(node, peer)
    this.met++
    this.watch(peer)
    return peer
  }

  /** Waits for the sibling's lock: it is granted the moment the sibling is gone, however it went. */
  watch(peer: Peer): void {
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
    this.#went(peer.node)
    this.heard(peer)
  }

  /** Anything came from a sibling: it is not silent, and if it is lost its goodbye may be next. */
  heard(peer: Peer): void {
    peer.ticks = Math.max(peer.ticks, VISIBLE_TICKS)
    if (peer.state !== 'lost') return
    const { clock } = this.#host.env
    peer.timer?.()
    peer.timer = promptly(clock, GOODBYE_DELAY, () => {
      peer.state = 'gone'
      this.#forget(peer)
      peer.timer = clock.after(LOST_LIMIT, () => this.drop(peer))
    })
  }

  /** It said goodbye. To the back/forward cache: it may want what it misses. */
  bye(peer: Peer, persisted: boolean): void {
    // What was forgotten cannot be kept for its return any more.
    if (peer.state === 'gone') return
    const { clock } = this.#host.env
    peer.timer?.()
    peer.watch?.release()
    peer.watch = undefined
    peer.state = persisted ? 'away' : 'leaving'
    peer.metCount = this.met
    if (!persisted) this.#uninterest(peer.sessions.values())
    this.#went(peer.node)
    peer.timer = clock.after(LEAVE_DELAY, () => {
      this.#unmember(peer)
      if (persisted) peer.timer = clock.after(AWAY_LIMIT, () => this.drop(peer))
      else this.drop(peer)
    })
  }

  #forget(peer: Peer): void {
    // What came before these never will.
    if (peer.held.length > 0) this.#host.link.gap({})
    peer.held = []
    this.#unmember(peer)
    this.#uninterest(peer.sessions.values())
  }

  #unmember(peer: Peer): void {
    for (const session of peer.sessions.values()) this.#endMembers(session)
  }

  /** A session of it ended for good. */
  end(session: PeerSession): void {
    this.#endMembers(session)
    this.#uninterest([session])
  }

  #endMembers({ id, members }: PeerSession): void {
    for (const [topic, clock] of members) this.#host.link.gone(topic, id, clock)
    members.clear()
  }

  #uninterest(sessions: Iterable<PeerSession>): void {
    for (const session of sessions) this.interest.drop(session)
    this.#host.tidy()
  }

  /** This tab goes away: nobody is watched any more. What is known of siblings is kept for the return. */
  leave(): void {
    // What it does not know to be whole, it does not know the next time either.
    if (this.settled) this.vouched = true
    this.settled = false
    for (const peer of this.peers.values()) {
      peer.timer?.()
      peer.watch?.release()
      peer.watch = undefined
      peer.met = false
      peer.asked = 0
      peer.held = []
    }
  }

  /** This tab is back: siblings that did not welcome it are gone. Gives whether what was missed is known to be recovered. */
  settle(): boolean {
    this.settled = true
    for (const peer of [...this.peers.values()]) if (!peer.met) this.drop(peer)
    return this.vouched && this.peers.size > 0
  }

  /** Without locks: one more silent tick for everybody. */
  tick(): void {
    for (const peer of [...this.peers.values()]) if (peer.state === 'here' && --peer.ticks < 0) this.drop(peer)
  }

  /** A sibling is gone for good: its members leave, its interest ends. */
  drop(peer: Peer): void {
    peer.timer?.()
    peer.watch?.release()
    // What it said while this tab was away cannot be asked for any more.
    if (!peer.met) this.vouched = false
    this.apart = true
    this.#forget(peer)
    this.peers.delete(peer.node)
    this.#went(peer.node)
  }
}
