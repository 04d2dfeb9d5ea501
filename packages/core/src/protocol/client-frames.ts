import { FrameReader, isCount, isFlag, isGiven, isMaybeEmpty, isText, isTime, listOf, maybe, orNull, tupleOf } from './reader.ts'

/** A pattern and the offset its subscription began at, `null` for now; the pattern `''` stands for broadcasts. */
export type SubscriptionEntry = readonly [pattern: string, start: number | null]

/** The first frame on a connection: who wants to connect, and in which version. */
export interface HelloFrame {
  readonly t: 'hello'
  readonly v: number
  readonly token?: string
  /** Codecs that the client knows beside JSON. */
  readonly codecs?: readonly string[]
}

/** A newer token for the connection: an answer to `renew`, or ahead of it. */
export interface TokenFrame {
  readonly t: 'token'
  readonly token: string
}

/** Binds a session to this connection under the index `s`, with all that the relay may have forgotten. */
export interface AttachFrame {
  readonly t: 'attach'
  readonly s: number
  /** Session id; `''` for what a hub publishes outside any session. */
  readonly session: string
  /** Rises with each attach of the session: the relay obeys the highest. */
  readonly attach: number
  /** Names the document: the page load whose numbers begin here. */
  readonly tag: string
  /** Earlier documents of the tab that have publishes to send again, or for the first time. */
  readonly tags: readonly string[]
  /** Chosen by the tab at random and kept with the id: proves that the id is its own. */
  readonly secret: string
  /** What the relay called its record of the session. */
  readonly record?: string
  /** Where the session has come to in the log; absent before its first position. */
  readonly position?: string
  readonly subs: readonly SubscriptionEntry[]
  /** Of the kept publishes of this document, the clock of the last whose outcome is known. */
  readonly done: number
  /** Whose session it is, `null` for nobody's: where tabs share a connection it is refused on one of somebody else. */
  readonly user?: string | null
  /** Names the page among those that share a connection. */
  readonly tab?: string
}

/** The session ends for good; with `reload`, its page unloads and may be back in two seconds. */
export interface DetachFrame {
  readonly t: 'detach'
  readonly s: number
  readonly reload: boolean
}

/** A page that shared a connection has crashed, which another one says for it: its sessions are members no more, but may come back. */
export interface LostFrame {
  readonly t: 'lost'
  readonly tab: string
}

export interface SubscribeFrame {
  readonly t: 'subscribe'
  readonly s: number
  readonly pattern: string
}

export interface UnsubscribeFrame {
  readonly t: 'unsubscribe'
  readonly s: number
  readonly pattern: string
}

/** A message to publish. A kept one has the number (`tag`, `clock`); a volatile one is not answered. */
export interface PublishFrame {
  readonly t: 'publish'
  readonly s: number
  readonly topic: string
  readonly data: unknown
  readonly tag: string
  readonly clock: number
  readonly time: number
  /** Users that may hear it. */
  readonly to?: readonly string[]
  /** Whether the session hears it too. @default true */
  readonly echo?: boolean
  readonly retain?: boolean
  readonly volatile?: boolean
  /** As in `attach`. */
  readonly done?: number
}

/** The session's entry among a topic's members changed or ended. */
export interface PresenceFrame {
  readonly t: 'presence'
  readonly s: number
  readonly topic: string
  readonly here: boolean
  readonly data: unknown
  readonly since: number
  readonly clock: number
}

/** A topic's members are of interest, or no more. */
export interface WatchFrame {
  readonly t: 'watch'
  readonly s: number
  readonly topic: string
  readonly on: boolean
}

/** Asks for a part of the past; answered by `past` with the same `q`. */
export interface HistoryFrame {
  readonly t: 'history'
  readonly s: number
  readonly q: number
  readonly patterns: readonly string[]
  readonly limit: number
  /** Only what is older than this offset. */
  readonly before?: number
  /** Only what is later than this position. */
  readonly since?: string
}

/** Asks how many sessions listen to a topic; answered by `count`. */
export interface OccupancyFrame {
  readonly t: 'occupancy'
  readonly s: number
  readonly q: number
  readonly topic: string
}

/** How far the session has read: said every 128 messages or 64 KB. */
export interface CursorFrame {
  readonly t: 'cursor'
  readonly s: number
  readonly offset: number
}

/** The answer to a ping. */
export interface PongFrame {
  readonly t: 'pong'
}

export type ClientFrame =
  | HelloFrame
  | TokenFrame
  | AttachFrame
  | DetachFrame
  | LostFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | PublishFrame
  | PresenceFrame
  | WatchFrame
  | HistoryFrame
  | OccupancyFrame
  | CursorFrame
  | PongFrame

const isToken = (value: unknown): boolean => typeof value === 'string' && value.length <= 16_384

/** What a relay reads. Topics, patterns and data are checked where they are used: bad ones are refused by name. */
export const clientFrames: FrameReader<ClientFrame> = new FrameReader<ClientFrame>({
  hello: { v: isCount, token: maybe(isToken), codecs: maybe(listOf(isText, 7)) },
  token: { token: isToken },
  attach: {
    s: isCount,
    session: isMaybeEmpty,
    attach: isCount,
    tag: isText,
    tags: listOf(isText, 7),
    secret: isText,
    record: maybe(isText),
    position: maybe(isText),
    subs: listOf(tupleOf(isMaybeEmpty, orNull(isCount))),
    done: isCount,
    user: maybe(orNull(isText)),
    tab: maybe(isText),
  },
  detach: { s: isCount, reload: isFlag },
  lost: { tab: isText },
  subscribe: { s: isCount, pattern: isMaybeEmpty },
  unsubscribe: { s: isCount, pattern: isMaybeEmpty },
  publish: {
    s: isCount,
    topic: isMaybeEmpty,
    data: isGiven,
    tag: isText,
    clock: isCount,
    time: isTime,
    to: maybe(listOf(isMaybeEmpty, 1000)),
    echo: maybe(isFlag),
    retain: maybe(isFlag),
    volatile: maybe(isFlag),
    done: maybe(isCount),
  },
  presence: { s: isCount, topic: isText, here: isFlag, data: isGiven, since: isTime, clock: isCount },
  watch: { s: isCount, topic: isText, on: isFlag },
  history: { s: isCount, q: isCount, patterns: listOf(isMaybeEmpty, 1000), limit: isCount, before: maybe(isCount), since: maybe(isText) },
  occupancy: { s: isCount, q: isCount, topic: isText },
  cursor: { s: isCount, offset: isCount },
  pong: {},
})
