import type { Cancel } from '@earshot/core'
import type { Hold } from '../page/locks.ts'
import type { Frame } from './wire.ts'

/** One session of a sibling. */
export interface PeerSession {
  readonly id: string
  readonly userId: string | undefined
  /** What ids of its messages begin with. */
  readonly key: string
  /** Topic → its newest member clock. */
  readonly members: Map<string, number>
}

/**
 * How a sibling is. `leaving`: it said goodbye and may be reloading. `away`: it went to the back/forward cache.
 * `lost`: its lock was freed, and no goodbye has come yet. `gone`: none will; only messages that it said before are still taken in.
 */
export type PeerState = 'here' | 'leaving' | 'away' | 'lost' | 'gone'

/** What a tab knows of a sibling: one life of one page. */
export class Peer {
  readonly node: string
  state: PeerState = 'here'
  /** The number of its next item. */
  expected: number
  /** Frames that came before what they follow; bounded. */
  held: Frame[] = []
  /** The last of the items that were asked for again; 0: none were. */
  asked = 0
  readonly sessions: Map<number, PeerSession> = new Map()
  /** The request for its lock: granted when it dies. */
  watch: Hold | undefined
  /** Ends it for good after a while. */
  timer: Cancel | undefined
  /** Without locks: how many more silent ticks it may live. */
  ticks: number
  /** Confirmed since this tab last joined. */
  met = true
  /** How many siblings had been met when it went away. */
  metCount = 0

  constructor(node: string, expected: number, ticks: number) {
    this.node = node
    this.expected = expected
    this.ticks = ticks
  }
}
