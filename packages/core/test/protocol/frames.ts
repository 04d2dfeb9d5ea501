import type { ClientFrame, RelayFrame } from '@earshot/core/protocol'

/** What a field may be, by a name; with `?` it may be left out. */
export type Kind = 'text' | 'empty' | 'token' | 'count' | 'time' | 'flag' | 'given' | 'user' | 'users' | 'tags' | 'subs' | 'patterns' | 'indexes' | 'message' | 'messages' | 'members' | 'member' | 'topics'
type Optional = `${Kind}?`
type FieldsOf<Frame extends { t: string }, Name extends Frame['t']> = { [Field in Exclude<keyof Extract<Frame, { t: Name }>, 't'>]-?: Kind | Optional }

/** Every field of every frame that a client sends: the compiler counts them. */
export const clientFields: { [Name in ClientFrame['t']]: FieldsOf<ClientFrame, Name> } = {
  hello: { v: 'count', token: 'token?', codecs: 'tags?' },
  token: { token: 'token' },
  attach: {
    s: 'count',
    session: 'empty',
    attach: 'count',
    tag: 'text',
    tags: 'tags',
    secret: 'text',
    record: 'text?',
    position: 'text?',
    subs: 'subs',
    done: 'count',
    user: 'user?',
    tab: 'text?',
  },
  detach: { s: 'count', reload: 'flag' },
  lost: { tab: 'text' },
  subscribe: { s: 'count', pattern: 'empty' },
  unsubscribe: { s: 'count', pattern: 'empty' },
  publish: {
    s: 'count',
    topic: 'empty',
    data: 'given',
    tag: 'text',
    clock: 'count',
    time: 'time',
    to: 'users?',
    echo: 'flag?',
    retain: 'flag?',
    volatile: 'flag?',
    done: 'count?',
  },
  presence: { s: 'count', topic: 'text', here: 'flag', data: 'given', since: 'time', clock: 'count' },
  watch: { s: 'count', topic: 'text', on: 'flag' },
  history: { s: 'count', q: 'count', patterns: 'patterns', limit: 'count', before: 'count?', since: 'text?' },
  occupancy: { s: 'count', q: 'count', topic: 'text' },
  cursor: { s: 'count', offset: 'count' },
  pong: {},
}

/** The same of what a relay sends. */
export const relayFields: { [Name in RelayFrame['t']]: FieldsOf<RelayFrame, Name> } = {
  welcome: { v: 'count', user: 'user', epoch: 'text', ping: 'count', frame: 'count', window: 'count', codec: 'text?' },
  renew: {},
  attached: { s: 'count', attach: 'count', session: 'empty', record: 'text', resumed: 'flag', settled: 'count' },
  detached: { s: 'count', code: 'text', reason: 'empty', spread: 'count?' },
  subscribed: { s: 'count', pattern: 'empty', offset: 'count' },
  ack: { s: 'count', tag: 'text', clock: 'count', offset: 'count' },
  refused: { s: 'count', what: 'text', code: 'text', reason: 'empty', topic: 'empty?', tag: 'text?', clock: 'count?', q: 'count?' },
  message: { s: 'indexes', m: 'message' },
  page: { s: 'count', m: 'messages', offset: 'count' },
  position: { s: 'count', offset: 'count' },
  gap: { s: 'count', topics: 'topics' },
  roster: { s: 'count', topic: 'text', members: 'members', young: 'flag' },
  member: { s: 'indexes', topic: 'text', m: 'member' },
  gone: { s: 'indexes', topic: 'text', id: 'text', clock: 'count' },
  past: { s: 'count', q: 'count', m: 'messages', gap: 'flag', more: 'flag' },
  count: { s: 'count', q: 'count', n: 'count' },
  ping: {},
  bye: { code: 'text', reason: 'empty', spread: 'count' },
}

const long = (length: number): string => 'x'.repeat(length)
const list = (length: number, item: unknown = 'a'): unknown[] => Array.from({ length }, () => item)
const most = Number.MAX_SAFE_INTEGER
const noCounts = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, most + 1, 1e300, '1', null, true, [], {}, [1], 1n]
const noTexts = [1, null, true, [], {}, ['a'], Number.NaN]

/** Data inside so many objects or arrays. */
export function nested(levels: number, wrap: (inner: unknown) => unknown = inner => [inner]): unknown {
  let data: unknown = 1
  for (let level = 0; level < levels; level++) data = wrap(data)
  return data
}

/** A message and a member as they travel, with one part replaced. */
const messageWith = (at: number, part: unknown): unknown[] => Object.assign(['rooms/1', 'id', 'tag', 1, 1, 'ada', 7, { text: 'hi' }], { [at]: part })
const memberWith = (at: number, part: unknown): unknown[] => Object.assign(['id', null, { status: 'here' }, 1, 2], { [at]: part })
const noData = [undefined, Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, Symbol('s'), [undefined], { a: { b: Number.NaN } }]
const hostileData = [nested(65), nested(65, inner => ({ inner })), JSON.parse('{"__proto__":1}'), JSON.parse('[{"a":{"__proto__":null}}]')]
const data = [0, -1.5, Uint8Array.of(0, 255), { bytes: [Uint8Array.of()] }, '\u0001', '', false, null, [], {}, { constructor: 1, toString: [] }, nested(64), nested(64, inner => ({ inner }))]

const messages = {
  good: [messageWith(0, ''), messageWith(1, ''), messageWith(4, -0.5), messageWith(5, null), messageWith(6, 0), ...data.map(each => messageWith(7, each))],
  bad: [
    ...[0, 1].flatMap(at => [...noTexts, long(4097)].map(part => messageWith(at, part))),
    ...['', long(4097), 1, null].map(part => messageWith(2, part)),
    ...noCounts.flatMap(part => [messageWith(3, part), messageWith(6, part)]),
    ...[Number.NaN, Number.NEGATIVE_INFINITY, '1', null].map(part => messageWith(4, part)),
    ...['', 1, {}, long(4097)].map(part => messageWith(5, part)),
    ...[...noData, ...hostileData].map(part => messageWith(7, part)),
    messageWith(0, 'a').slice(0, 7),
    [...messageWith(0, 'a'), 1],
    Object.assign({}, messageWith(0, 'a')),
    'text',
    null,
  ],
}
const members = {
  good: [memberWith(1, 'ada'), memberWith(3, -1), ...data.map(each => memberWith(2, each))],
  bad: [
    ...[...noTexts, '', long(4097)].map(part => memberWith(0, part)),
    ...['', 1, {}].map(part => memberWith(1, part)),
    ...[...noData, ...hostileData].map(part => memberWith(2, part)),
    ...[Number.NaN, '1', null].map(part => memberWith(3, part)),
    ...noCounts.map(part => memberWith(4, part)),
    [],
    memberWith(0, 'id').slice(1),
    null,
  ],
}

interface Examples {
  /** Taken as they are, bounds among them; the first is the usual one. */
  readonly good: readonly unknown[]
  readonly bad: readonly unknown[]
}

const textsUpTo = (length: number): Examples => ({ good: ['name', 'x', '__proto__', 'ü\n\ud800', long(length)], bad: [...noTexts, '', long(length + 1)] })
const textsIn = (length: number, least: unknown[]): Examples => ({
  good: [['rooms/*', 'a'], [], list(length)],
  bad: [list(length + 1), [long(4097)], [1], [null], [['a']], ['a', undefined], { 0: 'a', length: 1 }, 'a', null, 1, ...least],
})

/** What each kind of field is and is not. */
const examples: Record<Kind, Examples> = {
  text: textsUpTo(4096),
  empty: { good: ['name', '', long(4096)], bad: [...noTexts, long(4097)] },
  token: { good: ['secret', '', long(16_384)], bad: [...noTexts, long(16_385)] },
  count: { good: [1, 0, most], bad: noCounts },
  time: { good: [1767225600000, 0, -1, 0.5, Number.MAX_VALUE], bad: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '1', null, true, [], {}, 1n] },
  flag: { good: [true, false], bad: [0, 1, 'true', null, [], {}] },
  given: { good: [{ text: 'hi' }, ...data, ...hostileData], bad: [] },
  user: { good: ['ada', null, long(4096)], bad: ['', 1, true, [], {}, long(4097)] },
  users: textsIn(1000, []),
  tags: textsIn(7, [['']]),
  subs: {
    good: [[['rooms/*', 3]], [], [['', null], ['a', 0]], list(10_000, ['a', 1])],
    bad: [list(10_001, ['a', 1]), ['a'], [['a']], [['a', 1, 2]], [[1, 1]], [['a', -1]], [['a', '1']], [['a', undefined]], [[long(4097), 1]], [{ 0: 'a', 1: 1 }], {}, null],
  },
  patterns: textsIn(1000, []),
  indexes: { good: [[0], [], [0, 1, most], list(10_000, 1)], bad: [list(10_001, 1), Array(2), [-1], ['0'], [null], [[0]], 0, null, {}] },
  message: { good: [messageWith(0, 'rooms/1'), ...messages.good], bad: messages.bad },
  messages: { good: [[messageWith(0, 'rooms/1')], [], messages.good, list(10_000, messageWith(0, 'a'))], bad: [...messages.bad.map(each => [messageWith(0, 'a'), each]), list(10_001, messageWith(0, 'a')), {}, null] },
  member: { good: [memberWith(0, 'id'), ...members.good], bad: members.bad },
  members: { good: [[memberWith(0, 'id')], [], members.good], bad: [...members.bad.map(each => [memberWith(0, 'id'), each]), {}, null] },
  topics: textsIn(100_000, []),
}

/** The usual frame of a kind, with every field. */
export function fullFrame(t: string, fields: Record<string, string>): Record<string, unknown> {
  return { t, ...Object.fromEntries(Object.entries(fields).map(([field, kind]) => [field, examplesOf(kind).good[0]])) }
}

export function examplesOf(kind: string): Examples {
  const found = examples[kind.replace('?', '') as Kind]
  if (!found) throw new Error(`There is no field of the kind ${kind}`)
  return found
}
