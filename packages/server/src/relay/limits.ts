import type { Rate } from './rate.ts'

/** Bounds of what clients may do and what the relay keeps for them. Times are in milliseconds, sizes in characters of encoded frames. */
export interface Limits {
  /** A frame. @default 262,144 */
  readonly frame: number
  /** Sessions of a connection. @default 100 */
  readonly sessions: number
  /** Patterns of a session. @default 1000 */
  readonly subscriptions: number
  /** Topics on which a session is present or watches members. @default 200 */
  readonly presences: number
  /** Publishes of a session. @default 200 a second, 1000 at once */
  readonly publishes: Rate
  /** Frames of a connection, all kinds. @default 2000 a second, 10,000 at once */
  readonly frames: Rate
  /** Frames of a session that wait for an answer of `authorize` or the engine: a quarter of them publishes, unless a client overdoes it. @default 1000 */
  readonly waiting: number
  /** Unsent bytes of a socket: beyond it its sessions are caught up from the log later, and volatile messages are skipped. @default 262,144 */
  readonly buffer: number
  /** Messages that a session was sent and has not reported as read: beyond it the session is caught up from the log later. @default 512 */
  readonly unread: number
  /** The same in characters. @default 262,144 */
  readonly unreadSize: number
  /** Messages of a page or an answer. @default 1000 */
  readonly page: number
  /** Characters of a page or an answer. @default 65,536 */
  readonly pageSize: number
  /** How long `authenticate` and `authorize` may take. @default 5000 */
  readonly decision: number
  /** How long a connection may stay silent before its hello. @default 10,000 */
  readonly hello: number
  /** Between pings; a connection that has said nothing for 2.5 of them is closed. @default 25,000 */
  readonly ping: number
  /** How long a session that was cut off stays a member. @default 10,000 */
  readonly grace: number
  /** How long a session whose page unloads stays a member. @default 2000 */
  readonly reload: number
  /** How long a session that was cut off may come back as the same. @default 120,000 */
  readonly resume: number
}

/** What holds unless an option says otherwise. */
export const DEFAULT_LIMITS: Limits = {
  frame: 262_144,
  sessions: 100,
  subscriptions: 1000,
  presences: 200,
  publishes: { perSecond: 200, burst: 1000 },
  frames: { perSecond: 2000, burst: 10_000 },
  waiting: 1000,
  buffer: 262_144,
  unread: 512,
  unreadSize: 262_144,
  page: 1000,
  pageSize: 65_536,
  decision: 5000,
  hello: 10_000,
  ping: 25_000,
  grace: 10_000,
  reload: 2000,
  resume: 120_000,
}
