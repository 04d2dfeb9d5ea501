import type { ErrorCode } from '../base/error-codes.ts'
import { FrameReader, isCount, isFlag, isMaybeEmpty, isText, listOf, maybe, orNull } from './reader.ts'
import { isMember, isMessage, type WireMember, type WireMessage } from './wire-message.ts'

/** The connection is made. */
export interface WelcomeFrame {
  readonly t: 'welcome'
  readonly v: number
  /** Whom the token proved; `null`: nobody. */
  readonly user: string | null
  /** Names the life of the log. */
  readonly epoch: string
  /** Milliseconds between pings. */
  readonly ping: number
  /** Characters of a frame at most. */
  readonly frame: number
  /** Kept publishes of a session that may be under way without an answer. */
  readonly window: number
  /** What both ends speak from now on. @default JSON */
  readonly codec?: string
}

/** Asks for a newer token before the connection's is over. */
export interface RenewFrame {
  readonly t: 'renew'
}

/** The session is bound. What follows brings it from its position to the head of the log. */
export interface AttachedFrame {
  readonly t: 'attached'
  readonly s: number
  readonly attach: number
  /** The id it goes by: another one when somebody else holds the one asked for. */
  readonly session: string
  /** To be presented at the next attach. */
  readonly record: string
  /** Whether the record presented was known: then what was not acknowledged may be sent again. */
  readonly resumed: boolean
  /** Of this document's kept publishes, the clock of the last one settled. */
  readonly settled: number
}

/** The session was bound elsewhere, or ended by the relay: nothing more comes under this index. */
export interface DetachedFrame {
  readonly t: 'detached'
  readonly s: number
  readonly code: ErrorCode
  readonly reason: string
  /** It may attach again, any time within so many milliseconds. */
  readonly spread?: number
}

/** A pattern is listened to; its messages are those after `offset`. */
export interface SubscribedFrame {
  readonly t: 'subscribed'
  readonly s: number
  readonly pattern: string
  readonly offset: number
}

/** A publish is in the log. A fact, not a position. */
export interface AckFrame {
  readonly t: 'ack'
  readonly s: number
  readonly tag: string
  readonly clock: number
  readonly offset: number
}

/** Something was refused; its fields say what. */
export interface RefusedFrame {
  readonly t: 'refused'
  readonly s: number
  readonly what: string
  readonly code: ErrorCode
  readonly reason: string
  /** Topic or pattern. */
  readonly topic?: string
  readonly tag?: string
  readonly clock?: number
  readonly q?: number
}

/** A live message, for these sessions of the connection. It moves their cursors when it has an offset. */
export interface MessageFrame {
  readonly t: 'message'
  readonly s: readonly number[]
  readonly m: WireMessage
}

/** Messages that were missed, in order. It moves the cursor to `offset`. */
export interface PageFrame {
  readonly t: 'page'
  readonly s: number
  readonly m: readonly WireMessage[]
  readonly offset: number
}

/** Everything up to `offset` that the session may hear was sent before. It moves the cursor. */
export interface PositionFrame {
  readonly t: 'position'
  readonly s: number
  readonly offset: number
}

/** What was missed is not kept any more, on these topics or patterns. */
export interface GapFrame {
  readonly t: 'gap'
  readonly s: number
  readonly topics: readonly string[]
}

/** All members of a topic. A young one comes from a relay that may not know all of them yet: keep those you know until the next. */
export interface RosterFrame {
  readonly t: 'roster'
  readonly s: number
  readonly topic: string
  readonly members: readonly WireMember[]
  readonly young: boolean
}

/** A member entered or changed. */
export interface MemberFrame {
  readonly t: 'member'
  readonly s: readonly number[]
  readonly topic: string
  readonly m: WireMember
}

/** A member left: everything of it up to this clock is over. */
export interface GoneFrame {
  readonly t: 'gone'
  readonly s: readonly number[]
  readonly topic: string
  readonly id: string
  readonly clock: number
}

/** The answer to `history`. `gap`: something between is not kept any more; `more`: what was asked for goes on after these. */
export interface PastFrame {
  readonly t: 'past'
  readonly s: number
  readonly q: number
  readonly m: readonly WireMessage[]
  readonly gap: boolean
  readonly more: boolean
}

/** The answer to `occupancy`. */
export interface CountFrame {
  readonly t: 'count'
  readonly s: number
  readonly q: number
  readonly n: number
}

/** Asks for a sign of life: `pong`, sent by the page's own code. */
export interface PingFrame {
  readonly t: 'ping'
}

/** Says why the socket is closed next, and within how many milliseconds clients should spread their return. */
export interface ByeFrame {
  readonly t: 'bye'
  readonly code: ErrorCode
  readonly reason: string
  readonly spread: number
}

export type RelayFrame =
  | WelcomeFrame
  | RenewFrame
  | AttachedFrame
  | DetachedFrame
  | SubscribedFrame
  | AckFrame
  | RefusedFrame
  | MessageFrame
  | PageFrame
  | PositionFrame
  | GapFrame
  | RosterFrame
  | MemberFrame
  | GoneFrame
  | PastFrame
  | CountFrame
  | PingFrame
  | ByeFrame

const isIndexes = listOf(isCount)

/** What a client reads. */
export const relayFrames: FrameReader<RelayFrame> = new FrameReader<RelayFrame>({
  welcome: { v: isCount, user: orNull(isText), epoch: isText, ping: isCount, frame: isCount, window: isCount, codec: maybe(isText) },
  renew: {},
  attached: { s: isCount, attach: isCount, session: isMaybeEmpty, record: isText, resumed: isFlag, settled: isCount },
  detached: { s: isCount, code: isText, reason: isMaybeEmpty, spread: maybe(isCount) },
  subscribed: { s: isCount, pattern: isMaybeEmpty, offset: isCount },
  ack: { s: isCount, tag: isText, clock: isCount, offset: isCount },
  refused: {
    s: isCount,
    what: isText,
    code: isText,
    reason: isMaybeEmpty,
    topic: maybe(isMaybeEmpty),
    tag: maybe(isText),
    clock: maybe(isCount),
    q: maybe(isCount),
  },
  message: { s: isIndexes, m: isMessage },
  page: { s: isCount, m: listOf(isMessage), offset: isCount },
  position: { s: isCount, offset: isCount },
  gap: { s: isCount, topics: listOf(isMaybeEmpty, 100_000) },
  roster: { s: isCount, topic: isText, members: listOf(isMember, 1_000_000), young: isFlag },
  member: { s: isIndexes, topic: isText, m: isMember },
  gone: { s: isIndexes, topic: isText, id: isText, clock: isCount },
  past: { s: isCount, q: isCount, m: listOf(isMessage), gap: isFlag, more: isFlag },
  count: { s: isCount, q: isCount, n: isCount },
  ping: {},
  bye: { code: isText, reason: isMaybeEmpty, spread: isCount },
})
