import { EarshotError } from '@earshot/core'
import type { Rate } from './rate.ts'

/** Bounds of what clients may do and what the relay keeps for them. Times are in milliseconds, sizes in characters of encoded frames. */
export interface Limits {
  /** Connections; those beyond are asked to come back later. @default 20,000 */
  readonly connections: number
  /** Connections of one user, for those that a token names. @default 200 */
  readonly connectionsPerUser: number
  /** A frame. @default 262,144 */
  readonly frame: number
  /** Sessions of a connection, which all tabs of a browser may share. @default 1000 */
  readonly sessions: number
  /** Patterns of a session. @default 1000 */
  readonly subscriptions: number
  /** Characters of these patterns in an attach, but no more than half a frame. @default 131,072 */
  readonly subscriptionSize: number
  /** Ways in which the wildcards of a connection's patterns stand, as in `*`, a level and `*`: each costs every publish 3 µs at most. Those of a question for the past have the same bound. @default 100 */
  readonly shapes: number
  /** Topics on which a session is present or watches members. @default 200 */
  readonly presences: number
  /** Characters of what a session says as a member, over all topics. @default 65,536 */
  readonly presenceSize: number
  /** Publishes of a session. @default 200 a second, 1000 at once */
  readonly publishes: Rate
  /** Frames of a session, all kinds; and of a connection, those that are no session's, with ten times as many of sessions that are not attached any more. @default 2000 a second, 10,000 at once */
  readonly frames: Rate
  /** Frames of a session that wait for an answer of `authorize` or the engine: a quarter of them publishes, unless a client overdoes it. So many outcomes of publishes are kept, too. @default 1000 */
  readonly waiting: number
  /** Characters of these frames. @default 1,048,576 */
  readonly waitingSize: number
  /** Unsent bytes of a socket: beyond it its sessions are caught up from the log later, volatile messages are skipped, and nothing more is taken from it. @default 262,144 */
  readonly buffer: number
  /** Messages that a session was sent and has not reported as read, 160 at least: beyond it the session is caught up from the log later. @default 512 */
  readonly unread: number
  /** The same in characters, 73,728 at least. @default 262,144 */
  readonly unreadSize: number
  /** Messages of a page or an answer, 10,000 at most. @default 1000 */
  readonly page: number
  /** Characters of a page; an answer may have four times as many. @default 65,536 */
  readonly pageSize: number
  /** How long `authenticate` and `authorize` may take. @default 5000 */
  readonly decision: number
  /** How long the engine may take for an answer. @default 10,000 */
  readonly engine: number
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
  /** Sessions that were cut off and may come back, over all connections: beyond it those are forgotten first of whom there are most – of a user, or a connection without one –, the one gone for longest. @default 100,000 */
  readonly remembered: number
}

/** What holds unless an option says otherwise. */
export const DEFAULT_LIMITS: Limits = {
  connections: 20_000,
  connectionsPerUser: 200,
  frame: 262_144,
  sessions: 1000,
  subscriptions: 1000,
  subscriptionSize: 131_072,
  shapes: 100,
  presences: 200,
  presenceSize: 65_536,
  publishes: { perSecond: 200, burst: 1000 },
  frames: { perSecond: 2000, burst: 10_000 },
  waiting: 1000,
  waitingSize: 1_048_576,
  buffer: 262_144,
  unread: 512,
  unreadSize: 262_144,
  page: 1000,
  pageSize: 65_536,
  decision: 5000,
  engine: 10_000,
  hello: 10_000,
  ping: 25_000,
  grace: 10_000,
  reload: 2000,
  resume: 120_000,
  remembered: 100_000,
}

/** The longest that a timer waits, and more than anything else needs. */
const MOST = 2 ** 31 - 1

/** What else a limit may be, at least and at most; most are 1 or more. */
const RANGES: Partial<Record<string, readonly [least: number, most: number]>> = {
  // Clients read no larger pages and lists of indexes.
  page: [1, 10_000],
  sessions: [1, 10_000],
  // They report every 128 messages or 65,536 characters, and up to 32 or 8192 more count until the next report: with less they would wait for ever.
  unread: [160, MOST],
  unreadSize: [73_728, MOST],
  ...Object.fromEntries(['subscriptions', 'subscriptionSize', 'shapes', 'presences', 'presenceSize', 'grace', 'reload', 'resume', 'remembered'].map(name => [name, [0, MOST] as const])),
}

/**
 * Bounds with their defaults.
 * @throws `invalid-options`
 */
export function limitsOf(given: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw refused(name, value, `one of ${Object.keys(DEFAULT_LIMITS).join(', ')}`)
    if (name === 'publishes' || name === 'frames') {
      const { perSecond, burst } = Object(value) as Partial<Rate>
      if (!isFrom(perSecond, Number.MIN_VALUE) || !isFrom(burst, 1)) throw refused(name, value, '{ perSecond, burst }, more than 0 and 1 or more')
      continue
    }
    const [least, most] = RANGES[name] ?? [1, MOST]
    if (!Number.isInteger(value) || !isFrom(value, least, most)) throw refused(name, value, `a whole number from ${least} to ${most}`)
  }
  return { ...DEFAULT_LIMITS, ...given }
}

function isFrom(value: unknown, least: number, most = Number.MAX_VALUE): boolean {
  return typeof value === 'number' && value >= least && value <= most
}

function refused(name: string, value: unknown, allowed: string): EarshotError {
  return new EarshotError('invalid-options', `limits.${name} is ${JSON.stringify(value)}: it must be ${allowed}`, { name: `limits.${name}`, value })
}
