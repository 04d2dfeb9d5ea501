import fc from 'fast-check'

/** What may happen, as often as it stands here; who it happens to and how are numbers that are taken modulo what there is. */
const ACTS = [
  ...Array.from({ length: 14 }, () => 'publish' as const),
  ...Array.from({ length: 8 }, () => 'wait' as const),
  'serve', 'serve', 'listen', 'listen', 'listen', 'unlisten', 'unlisten', 'cut', 'cut', 'cut', 'deafen', 'hold', 'hold', 'delay', 'release', 'release', 'restart', 'restart',
  'reload', 'reload', 'keep', 'crash', 'crash', 'join', 'leave', 'freeze', 'hang', 'cache', 'wake', 'wake', 'enter', 'enter', 'set', 'set', 'quit', 'quiet',
] as const

/** `look`: a page is hidden, or shown again, where some share a socket. `duplicate`: another tab with a copy of what one has stored. It happens where a test asks for it. */
export type Act = readonly [kind: (typeof ACTS)[number] | 'look' | 'duplicate', who: number, how: number]

/** All that makes a run what it is. */
export interface Schedule {
  readonly seed: number
  /** Whether each page has a socket of its own, or those of one user share it. */
  readonly sockets: 'own' | 'shared'
  /** Milliseconds that a frame takes at most. */
  readonly latency: number
  /** What a connection takes in, and what a relay lets wait for it, in characters. */
  readonly room: 'wide' | 'narrow'
  /** Messages of a topic, and topics, that the log keeps. */
  readonly kept: number
  readonly topics: number
  /** Messages of a page. */
  readonly page: number
  readonly engine: 'memory' | 'slow'
  /** Who decides what is allowed. */
  readonly authorize: 'nobody' | 'at once' | 'slowly'
  /** Publishes of a session at once, and frames that may wait. */
  readonly rate: 'wide' | 'narrow'
  /** How long a relay remembers a session that is away. */
  readonly resume: number
  /** What a client keeps while it waits. */
  readonly outbox: number
  /** Of what tabs post to one another, the share that gets lost. */
  readonly lost: number
  /** Characters that each message has beside its name. */
  readonly bulk: number
  readonly acts: readonly Act[]
}

const act = (sockets: Schedule['sockets']): fc.Arbitrary<Act> => fc.tuple(fc.constantFrom(...ACTS, ...(sockets === 'shared' ? (['look', 'look'] as const) : [])), fc.nat(5), fc.nat(41))

/** Any schedule over such sockets. */
export const schedules = (sockets: Schedule['sockets']): fc.Arbitrary<Schedule> => fc.record({
  sockets: fc.constant(sockets),
  seed: fc.nat(1_000_000),
  latency: fc.constantFrom(0, 5, 40),
  room: fc.constantFrom('wide', 'wide', 'narrow'),
  kept: fc.constantFrom(1000, 1000, 3, 1),
  topics: fc.constantFrom(1000, 1000, 1000, 2),
  page: fc.constantFrom(1000, 3, 1),
  engine: fc.constantFrom('memory', 'memory', 'slow'),
  authorize: fc.constantFrom('nobody', 'nobody', 'at once', 'slowly'),
  rate: fc.constantFrom('wide', 'wide', 'wide', 'narrow'),
  resume: fc.constantFrom(120_000, 120_000, 8000),
  outbox: fc.constantFrom(1000, 1000, 2),
  lost: sockets === 'shared' ? fc.constantFrom(0, 0, 0, 0.04) : fc.constant(0),
  bulk: sockets === 'shared' ? fc.constantFrom(0, 0, 0, 0, 0, 12_000) : fc.constant(0),
  acts: fc.array(act(sockets), { minLength: 4, maxLength: 40, size: 'max' }),
})
