import type { EarshotError, HubStatus } from '@earshot/core'
import type { ClientFrame, RelayFrame, WelcomeFrame } from '@earshot/core/protocol'

/** Characters of a frame that a relay takes at most, until it has said so itself. */
export const FRAME_LIMIT = 262_144

/** Frames about a connection itself. */
type ConnectionFrame = Extract<RelayFrame, { t: 'welcome' | 'ping' | 'renew' | 'bye' }>
/** Frames from the relay about sessions. */
export type SessionNews = Exclude<RelayFrame, ConnectionFrame>
/** Frames to the relay about sessions. */
export type SessionFrame = Exclude<ClientFrame, { t: 'hello' | 'token' | 'pong' | 'lost' }>

/** What a connection tells. */
export interface WireHost {
  /** The connection is made. */
  welcomed(welcome: WelcomeFrame): void
  /** A frame about sessions, how many characters it had, and the line that it was, if it came as one. */
  take(frame: SessionNews, size: number, line: string | undefined): void
  /** Everything that came at once was taken. */
  taken(): void
  /** The page leaves or freezes: the last that can be said. It may be back. */
  leaving(): void
  /** The connection is gone. */
  cut(): void
  /** No further attempt will be made. */
  gaveUp(cause: EarshotError): void
  status(status: HubStatus): void
  report(error: EarshotError): void
}

/** A tab's connection to a relay, over a socket of its own or another tab's: made again whenever it is lost. */
export interface Wire {
  readonly isOpen: boolean
  /** For good. */
  readonly isClosed: boolean
  /** Characters of a frame at most. */
  readonly frameLimit: number
  /** Kept publishes of a session that may be under way without an answer. */
  readonly window: number
  /** Counts connections, so that what was begun on one is not ended on the next. */
  readonly life: number
  connect(): void
  say(frame: SessionFrame): void
  /** Sends an encoded frame together with what else is said in this turn; a volatile one not, when too much waits to be sent. */
  write(line: string, volatile?: boolean): void
  /** Ends it for good; what was said before is still sent. */
  close(): void
}

/** Makes a connection that tells its host what happens. */
export type OpenWire = (host: WireHost) => Wire
