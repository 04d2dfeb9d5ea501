import { describe, expect, it } from 'vitest'
import {
  type AnyTopics,
  type Channel,
  createHub,
  type ErrorCode,
  type Hub,
  type HubEvents,
  isEarshotError,
  type MessageStream,
  type Presence,
  type Session,
  type SharedState,
  topic,
} from '@earshot/core'
import { runMicrotasks } from '../src/testing/test-clock.ts'

/** JavaScript callers send anything. */
function bad<T>(value: unknown): T {
  return value as T
}

interface World {
  hub: Hub
  session: Session
  channel: Channel<AnyTopics, AnyTopics, AnyTopics, 'rooms/42'>
  presence: Presence
  state: SharedState
  stream: MessageStream
}

const heard: unknown[] = []

function world(): World {
  heard.length = 0
  const hub = createHub({ onError: error => heard.push(error) })
  const session = hub.openSession({ id: 'one', userId: 'ada' })
  session.subscribe('rooms/*', message => heard.push(message))
  session.onBroadcast(message => heard.push(message))
  const channel = session.channel('rooms/42')
  channel.on('typing', message => heard.push(message))
  const presence = session.presence('rooms/42')
  presence.enter({ here: true })
  presence.subscribe(event => heard.push(event))
  const state = session.state('settings/theme', 'light')
  const stream = session.stream('orders/*')
  hub.publish('orders/1', 'kept')
  return { hub, session, channel, presence, state, stream }
}

/** Everything a call could have changed. */
function facts({ hub, session, channel, presence, state, stream }: World): unknown {
  return {
    stats: hub.stats(),
    topics: hub.topics().sort(),
    counts: hub.count(...hub.topics()),
    listeners: hub.listeners('rooms/1'),
    status: hub.status,
    closed: session.closed,
    channel: channel.name,
    members: presence.members,
    state: state.get(),
    stream: [stream.size, stream.active],
    heard: [...heard],
  }
}

const longAscii = 'x'.repeat(513)
const longBytes = 'ü'.repeat(257) // 257 signs, 514 bytes
const deep = Array.from({ length: 33 }, (_, index) => index).join('/')

/** What no topic and no pattern may be, and what the refusal says of it. */
const names: [string, unknown, RegExp][] = [
  ['empty', '', /must not have an empty level/],
  ['an empty first level', '/a', /must not have an empty level/],
  ['an empty last level', 'a/', /must not have an empty level/],
  ['an empty level between', 'a//b', /must not have an empty level/],
  ['513 ASCII signs', longAscii, /is longer than 512 UTF-8 bytes/],
  ['257 signs of two bytes', longBytes, /is longer than 512 UTF-8 bytes/],
  ['129 signs of four bytes', '🦜'.repeat(129), /is longer than 512 UTF-8 bytes/],
  ['33 levels', deep, /has more than 32 levels/],
  ['a line feed', 'a\nb', /must not hold control characters/],
  ['a NUL', 'a\u0000', /must not hold control characters/],
  ['a DEL', '\u007fa', /must not hold control characters/],
  ['a number', 42, /must be a string/],
  ['undefined', undefined, /must be a string/],
  ['null', null, /must be a string/],
  ['an object', { topic: 'a' }, /must be a string/],
  ['an object without a prototype', Object.create(null), /must be a string/],
  ['a symbol', Symbol('a'), /must be a string/],
  ['a function', () => 'a', /must be a string/],
]
const topicNames: [string, unknown, RegExp][] = [
  ...names,
  ['an array', ['a'], /must be a string/],
  ['a * level', 'a/*', /must not hold a wildcard; subscribe takes patterns/],
  ['a lone *', '*', /must not hold a wildcard/],
  ['a final **', 'a/**', /must not hold a wildcard/],
]
const patternNames: [string, unknown, RegExp][] = [...names, ['** before the end', 'a/**/b', /has \*\* before its last level; use \* there/]]
const publishNames: [string, unknown, RegExp][] = [...topicNames, ['a reserved first level', '$hub/status', /is reserved: only the hub publishes/]]

type Row = [name: string, call: (world: World) => unknown, code: ErrorCode, remedy: RegExp]

/** One row for each call and each bad value. */
function rows<T = never>(calls: Record<string, (value: T, world: World) => unknown>, values: [string, unknown, RegExp][], code: ErrorCode): Row[] {
  return Object.entries(calls).flatMap(([name, call]) =>
    values.map(([kind, value, remedy]): Row => [`${name}, ${kind}`, given => call(bad<T>(value), given), code, remedy]),
  )
}

const nothing = (): void => {}
const notFunctions: [string, unknown, RegExp][] = [undefined, null, 5, 'fn', {}].map(value => [String(value), value, /must be a function/])
const notHooks = notFunctions.filter(([name]) => name !== 'undefined')
const notOptions: [string, unknown, RegExp][] = [null, 5, 'options', true].map(value => [String(value), value, /options is .*: it must be an object/])
const notSignals: [string, unknown, RegExp][] = [{}, 5, 'signal'].map(value => [String(value), { signal: value }, /signal is .*: it must be an AbortSignal/])
const notCounts: [string, unknown, RegExp][] = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', {}].map(value => [
  String(value),
  value,
  /must be a whole number, 0 or more/,
])
const notPolicies: [string, unknown, RegExp][] = ['block', '', 5, {}].map(value => [
  String(value),
  { overflow: value },
  /overflow is .*: it must be one of drop-newest, drop-oldest, latest, error/,
])
const notUsers: [string, unknown, RegExp][] = [undefined, null, '', 5, {}].map(value => [String(value), value, /must be a string that is not empty/])
const asOption = (name: string, values: [string, unknown, RegExp][]): [string, unknown, RegExp][] =>
  values.map(([kind, value, remedy]) => [kind, { [name]: value }, remedy])

const thrown: Row[] = [
  ...rows<string>(
    {
      'session.publish': (name, { session }) => session.publish(name, 1),
      'hub.publish': (name, { hub }) => hub.publish(name, 1),
      'session.publish without an echo': (name, { session }) => session.publish(name, 1, { echo: false }),
    },
    publishNames,
    'invalid-topic',
  ),
  ...rows<string>(
    {
      'session.channel': (name, { session }) => session.channel(name),
      'channel.channel': (name, { channel }) => channel.channel(name),
      'session.presence': (name, { session }) => session.presence(name),
      'session.state': (name, { session }) => session.state(name, 1),
      'hub.listeners': (name, { hub }) => hub.listeners(name),
    },
    topicNames,
    'invalid-topic',
  ),
  ...rows({ 'hub.stats': (name, { hub }) => hub.stats(name) }, topicNames.filter(([, value]) => value), 'invalid-topic'),
  ...rows(
    {
      'session.subscribe': (name, { session }) => session.subscribe(name, nothing),
      'session.subscribe of several': (name, { session }) => session.subscribe(['fine', name], nothing),
      'hub.subscribe': (name, { hub }) => hub.subscribe(name, nothing),
      'session.stream': (name, { session }) => session.stream(name),
      'session.stream of several': (name, { session }) => session.stream(['fine', name]),
      'stream.add': (name, { stream }) => stream.add(name),
      'session.unsubscribe': (name, { session }) => session.unsubscribe(name),
      'hub.count': (name, { hub }) => hub.count('fine', name),
      'hub.closeTopic': (name, { hub }) => hub.closeTopic(name),
    },
    patternNames,
    'invalid-pattern',
  ),
  ...rows(
    { 'hub.topics': (name, { hub }) => hub.topics(name), 'hub.hasSubscribers': (name, { hub }) => hub.hasSubscribers(name) },
    patternNames.filter(([, value]) => value !== undefined),
    'invalid-pattern',
  ),
  ...rows(
    {
      'session.subscribe': (list, { session }) => session.subscribe(list, nothing),
      'session.stream': (list, { session }) => session.stream(list),
      'session.unsubscribe': (list, { session }) => session.unsubscribe(list),
    },
    [['no pattern', [], /must be one pattern at least/]],
    'invalid-options',
  ),
  ...rows(
    {
      'session.subscribe': (listener, { session }) => session.subscribe('a', listener),
      'hub.subscribe': (listener, { hub }) => hub.subscribe('a', listener),
      'session.onBroadcast': (listener, { session }) => session.onBroadcast(listener),
      'hub.onBroadcast': (listener, { hub }) => hub.onBroadcast(listener),
      'channel.on': (listener, { channel }) => channel.on('typing', listener),
      'presence.subscribe': (listener, { presence }) => presence.subscribe(listener),
      'state.subscribe': (listener, { state }) => state.subscribe(listener),
      'hub.on': (listener, { hub }) => hub.on('status', listener),
    },
    notFunctions,
    'invalid-options',
  ),
  ...rows(
    {
      'session.subscribe': (options, { session }) => session.subscribe('a', nothing, options),
      'session.onBroadcast': (options, { session }) => session.onBroadcast(nothing, options),
      'hub.subscribe': (options, { hub }) => hub.subscribe('a', nothing, options),
      'channel.on': (options, { channel }) => channel.on('e', nothing, options),
      'session.stream': (options, { session }) => session.stream('a', options),
    },
    [
      ...notSignals,
      ...notPolicies,
      ...asOption('capacity', notCounts),
      ...asOption('onClose', notHooks),
      ...asOption('onDrop', notHooks),
    ],
    'invalid-options',
  ),
  ...rows(
    {
      'session.subscribe': (options, { session }) => session.subscribe('a', nothing, options),
      'channel.on': (options, { channel }) => channel.on('e', nothing, options),
    },
    [
      ...asOption('concurrency', notCounts.map(([kind, value]) => [kind, value, /concurrency is .*: it must be a whole number, 1 or more/])),
      ['0', { concurrency: 0 }, /whole number, 1 or more/],
      ['a bad queue beside concurrency', { concurrency: 1, capacity: -1 }, /whole number, 0 or more/],
      ['a bad policy beside concurrency', { concurrency: 1, overflow: 'wait' }, /must be one of/],
      ...asOption('replay', notCounts),
      ...asOption('onGap', notHooks),
    ],
    'invalid-options',
  ),
  ...rows(
    {
      'session.stream options': (options, { session }) => session.stream('a', options),
      'channel.on options': (options, { channel }) => channel.on('e', nothing, options),
      'openSession options': (options, { hub }) => hub.openSession(options),
      'createHub options': options => createHub(options),
    },
    notOptions,
    'invalid-options',
  ),
  ...rows(
    {
      'session.publish': (options, { session }) => session.publish('rooms/42', 1, options),
      'session.broadcast': (options, { session }) => session.broadcast(1, options),
      'hub.publish': (options, { hub }) => hub.publish('rooms/42', 1, options),
      'channel.send': (options, { channel }) => channel.send('typing', 1, options),
    },
    [
      ...notSignals,
      ...[5, null, {}, [5], [['ada']]].map((to): [string, unknown, RegExp] => [`to ${JSON.stringify(to)}`, { to }, /to is .*: it must be a user id or an array of them/]),
      ...[-1, Number.NaN, Number.POSITIVE_INFINITY, 'soon', 2 ** 31].map((timeout): [string, unknown, RegExp] => [
        `timeout ${timeout}`,
        { timeout },
        /timeout is .*: it must be milliseconds, from 0 to 2147483647/,
      ]),
    ],
    'invalid-options',
  ),
  ...rows(
    {
      'session.publish': (data, { session }) => session.publish('rooms/42', data),
      'hub.publish': (data, { hub }) => hub.publish('rooms/42', data),
      'session.broadcast': (data, { session }) => session.broadcast(data),
      'hub.broadcast': (data, { hub }) => hub.broadcast(data),
      'channel.send': (data, { channel }) => channel.send('typing', data),
      'state.set': (data, { state }) => state.set(data),
      'state.set by a function': (data, { state }) => state.set(() => data),
    },
    [['undefined', undefined, /publish null for "nothing"/]],
    'invalid-data',
  ),
  ...rows<string>(
    { 'channel.send': (event, { channel }) => channel.send(event, 1) },
    [['a /', 'a/b', /must be one level: a string without "\/"/], ['empty', '', /empty level/], ['a number', 5, /must be one level/], ['a wildcard', '*', /wildcard/]],
    'invalid-topic',
  ),
  ...rows(
    { 'channel.on': (event, { channel }) => channel.on(event, nothing) },
    [
      ['a /', 'a/b', /must be one level/],
      ['empty', '', /must be one level/],
      ['a number', 5, /must be one level/],
      ['an open set', 'a[bc', /close its \[ \]/],
      ['an empty set', 'a[]', /close its \[ \]/],
      ['a range that falls', 'a[z-a]', /rising order/],
    ],
    'invalid-pattern',
  ),
  ...rows({ 'hub.closeUser': (user, { hub }) => hub.closeUser(user) }, notUsers, 'invalid-options'),
  ...rows(
    { 'openSession id': (id, { hub }) => hub.openSession({ id }), 'openSession userId': (userId, { hub }) => hub.openSession({ userId }) },
    notUsers.filter(([, value]) => value !== undefined),
    'invalid-options',
  ),
  ...rows<keyof HubEvents>(
    { 'hub.on': (event, { hub }) => hub.on(event, nothing) },
    ['statuss', 'constructor', '__proto__', '', 5, undefined].map(value => [String(value), value, /must be one of status, subscribed/]),
    'invalid-options',
  ),
  ...rows({ 'hub.onLeader': (task, { hub }) => hub.onLeader(task) }, [['no transport', nothing, /needs a transport/]], 'unsupported'),
  ...rows(
    { createHub: options => createHub(options) },
    [
      ...asOption('capacity', notCounts),
      ...asOption('cache', notCounts),
      ...asOption('onError', notHooks),
      ...asOption('random', notHooks),
      ['clock', { clock: {} }, /clock is an object: it must be a clock/],
      ['null clock', { clock: null }, /must be a clock/],
      ['namespace', { namespace: 5 }, /namespace is 5: it must be a string/],
      ['transport', { transport: {} }, /transport is an object: it must be a transport, e\.g\. broadcastChannel\(\)/],
      ['null transport', { transport: null }, /must be a transport/],
      ['a schema that is none', { topics: { a: {} } }, /topics\["a"\] is undefined: it must be a function/],
      ['a null schema', { topics: { a: null } }, /must be a function/],
    ],
    'invalid-options',
  ),
  ...rows({ createHub: options => createHub(options) }, [['a bad pattern', { topics: { 'a//b': {} } }, /empty level/]], 'invalid-pattern'),
  ...rows({ topic: levels => topic(...bad<[string]>(levels)) }, [
    ['no level', [], /empty level/],
    ['an empty level', ['a', ''], /empty level/],
    ['a / in a level', ['a', 'b/c'], /must be a string without "\/"/],
    ['a wildcard', ['a', '*'], /wildcard/],
    ['a control character', ['a', '\n'], /control characters/],
    ['too many levels', Array.from({ length: 33 }, () => 'a'), /32 levels/],
  ], 'invalid-topic'),
]

const rejected: Row[] = [
  ...rows({ 'session.history': (name, { session }) => session.history(name) }, patternNames, 'invalid-pattern'),
  ...rows({ 'hub.occupancy': (name, { hub }) => hub.occupancy(name) }, topicNames, 'invalid-topic'),
  ...rows({ 'session.history limit': (limit, { session }) => session.history('a', { limit }) }, notCounts, 'invalid-options'),
  ...rows({ 'session.claim': (id, { session }) => session.claim(id, nothing) }, [['no transport', 'a', /needs a transport/]], 'unsupported'),
  ...rows(
    {
      'session.publish': (signal, { session }) => session.publish('rooms/42', 1, { signal }),
      'hub.publish': (signal, { hub }) => hub.publish('rooms/42', 1, { signal }),
      'session.broadcast': (signal, { session }) => session.broadcast(1, { signal }),
      'channel.send': (signal, { channel }) => channel.send('typing', 1, { signal }),
    },
    [['a signal that has fired', AbortSignal.abort(), /aborted by its signal/]],
    'aborted',
  ),
]

/** Calls on what is closed: with the code they are refused with, or none for a documented no-op. */
const afterSession: [string, (world: World) => unknown, ErrorCode | undefined][] = [
  ['publish', ({ session }) => session.publish('rooms/1', 1), 'session-closed'],
  ['publish with options', ({ session }) => session.publish('rooms/1', 1, { echo: false }), 'session-closed'],
  ['broadcast', ({ session }) => session.broadcast(1), 'session-closed'],
  ['subscribe', ({ session }) => session.subscribe('a', nothing), 'session-closed'],
  ['onBroadcast', ({ session }) => session.onBroadcast(nothing), 'session-closed'],
  ['stream', ({ session }) => session.stream('a'), 'session-closed'],
  ['channel', ({ session }) => session.channel('a'), 'session-closed'],
  ['presence', ({ session }) => session.presence('a'), 'session-closed'],
  ['state', ({ session }) => session.state('a', 1), 'session-closed'],
  ['history', ({ session }) => session.history('a'), 'session-closed'],
  ['claim', ({ session }) => session.claim('a', nothing), 'session-closed'],
  ['channel.on', ({ channel }) => channel.on('e', nothing), 'session-closed'],
  ['channel.send', ({ channel }) => channel.send('e', 1), 'session-closed'],
  ['channel.channel', ({ channel }) => channel.channel('in'), 'session-closed'],
  ['channel.presence', ({ channel }) => channel.presence, 'session-closed'],
  ['presence.enter', ({ presence }) => presence.enter(1), 'session-closed'],
  ['presence.update', ({ presence }) => presence.update(1), 'session-closed'],
  ['state.set', ({ state }) => state.set('dark'), 'session-closed'],
  ['unsubscribe', ({ session }) => session.unsubscribe('rooms/*'), undefined],
  ['unsubscribeAll', ({ session }) => session.unsubscribeAll(), undefined],
  ['offBroadcast', ({ session }) => session.offBroadcast(), undefined],
  ['close', ({ session }) => session.close(), undefined],
  ['dispose', ({ session }) => session[Symbol.dispose](), undefined],
  ['ready', ({ session }) => session.ready, undefined],
  ['channel.close', ({ channel }) => channel.close(), undefined],
  ['presence.leave', ({ presence }) => presence.leave(), undefined],
  ['presence.close', ({ presence }) => presence.close(), undefined],
  ['presence.subscribe', ({ presence }) => presence.subscribe(nothing)(), undefined],
  ['state.get', ({ state }) => state.get(), undefined],
  ['state.subscribe', ({ state }) => state.subscribe(nothing)(), undefined],
  ['state.close', ({ state }) => state.close(), undefined],
  ['stream.add', ({ stream }) => stream.add('a'), undefined],
  ['stream.remove', ({ stream }) => stream.remove('orders/*'), undefined],
  ['stream dispose', ({ stream }) => stream[Symbol.dispose](), undefined],
]

const afterHub: [string, (world: World) => unknown, ErrorCode | undefined][] = [
  ['publish', ({ hub }) => hub.publish('rooms/1', 1), 'hub-closed'],
  ['broadcast', ({ hub }) => hub.broadcast(1), 'hub-closed'],
  ['subscribe', ({ hub }) => hub.subscribe('a', nothing), 'hub-closed'],
  ['onBroadcast', ({ hub }) => hub.onBroadcast(nothing), 'hub-closed'],
  ['openSession', ({ hub }) => hub.openSession(), 'hub-closed'],
  ['onLeader', ({ hub }) => hub.onLeader(nothing), 'hub-closed'],
  ['occupancy', ({ hub }) => hub.occupancy('a'), 'hub-closed'],
  ['session.publish', ({ session }) => session.publish('rooms/1', 1), 'hub-closed'],
  ['session.subscribe', ({ session }) => session.subscribe('a', nothing), 'hub-closed'],
  ['close', ({ hub }) => hub.close(), undefined],
  ['asyncDispose', ({ hub }) => hub[Symbol.asyncDispose](), undefined],
  ['count', ({ hub }) => hub.count('a'), undefined],
  ['topics', ({ hub }) => hub.topics(), undefined],
  ['hasSubscribers', ({ hub }) => hub.hasSubscribers('a'), undefined],
  ['listeners', ({ hub }) => hub.listeners('a'), undefined],
  ['stats', ({ hub }) => hub.stats('a'), undefined],
  ['status', ({ hub }) => hub.status, undefined],
  ['capabilities', ({ hub }) => hub.capabilities, undefined],
  ['on', ({ hub }) => hub.on('status', nothing)(), undefined],
  ['closeTopic', ({ hub }) => hub.closeTopic('**'), undefined],
  ['closeUser', ({ hub }) => hub.closeUser('ada'), undefined],
  ['session.close', ({ session }) => session.close(), undefined],
]

/** What a call throws or rejects with; `undefined` when it does neither. */
async function failure(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  return undefined
}

function expectRefused(error: unknown, code: ErrorCode, remedy: RegExp): void {
  expect(isEarshotError(error) ? error.code : error).toBe(code)
  expect(String(error)).toMatch(remedy)
}

describe('bad input', () => {
  it.each(thrown)('is refused at once, with nothing changed: %s', (_name, call, code, remedy) => {
    const given = world()
    const before = facts(given)
    let error: unknown
    try {
      call(given)
    } catch (failure) {
      error = failure
    }
    expectRefused(error, code, remedy)
    expect(facts(given)).toEqual(before)
  })

  it.each(rejected)('is rejected, with nothing changed: %s', async (_name, call, code, remedy) => {
    const given = world()
    await given.state.ready
    const before = facts(given)
    expectRefused(await failure(() => call(given)), code, remedy)
    expect(facts(given)).toEqual(before)
  })

  it.each(['session.subscribe', 'session.onBroadcast', 'channel.on', 'session.stream'])('with a signal that has fired begins nothing: %s', name => {
    const given = world()
    const before = facts(given)
    const reasons: string[] = []
    const options = { signal: AbortSignal.abort(), onClose: (reason: string) => reasons.push(reason) }
    const handle =
      name === 'session.subscribe'
        ? given.session.subscribe('a', nothing, options)
        : name === 'session.onBroadcast'
          ? given.session.onBroadcast(nothing, options)
          : name === 'channel.on'
            ? given.channel.on('e', nothing, options)
            : given.session.stream('a', options)
    expect(handle.active).toBe(false)
    expect(reasons).toEqual(['aborted'])
    expect(facts(given)).toEqual(before)
  })

  it('leaves nothing behind that a second, good call would stumble over', () => {
    const { hub, session } = world()
    const listener = (): number => heard.push('good')
    const before = hub.stats().subscriptions
    for (const options of [{ concurrency: 0 }, { signal: bad<AbortSignal>({}) }, { overflow: bad<'latest'>('x') }]) {
      expect(() => session.subscribe('good', listener, options)).toThrow()
    }
    session.subscribe('good', listener)
    expect(hub.stats().subscriptions).toBe(before + 1)
    session.publish('good', 1)
    expect(heard).toEqual(['good'])
  })

  it('never lets one of two spaces reach into the other', () => {
    const { hub, session } = world()
    expect(() => session.unsubscribe('')).toThrow()
    session.broadcast('still heard')
    expect(heard).toHaveLength(1)
    expect(hub.topics()).not.toContain('')
  })

  it('of a lone user without an id never ends the anonymous ones', () => {
    const { hub } = world()
    const anonymous = hub.openSession()
    const subscription = anonymous.subscribe('a', nothing)
    expect(() => hub.closeUser(bad(undefined))).toThrow()
    expect(subscription.active).toBe(true)
  })

  it('within the limits is none', () => {
    const hub = createHub()
    const session = hub.openSession()
    for (const name of ['x'.repeat(512), 'ü'.repeat(256), '🦜'.repeat(128), Array.from({ length: 32 }, () => 'a').join('/'), ' ', 'a b', 'a*', '**a', 'a/$b', 'x\u0080', '.']) {
      const read: unknown[] = []
      session.subscribe(name, message => read.push(message.topic))
      expect(session.publish(name, 1).listeners).toBe(1)
      expect(read).toEqual([name])
    }
  })
})

describe('calls on what is closed', () => {
  it.each(afterSession)('session.close(), then %s', async (_name, call, code) => {
    const given = world()
    given.session.close()
    await runMicrotasks()
    const before = closedFacts(given)
    const error = await failure(() => call(given))
    if (code) expectRefused(error, code, /closed: (open|ask|create)/)
    else expect(error).toBeUndefined()
    expect(closedFacts(given)).toEqual(before)
  })

  it.each(afterHub)('hub.close(), then %s', async (_name, call, code) => {
    const given = world()
    await given.hub.close()
    const before = closedFacts(given)
    const error = await failure(() => call(given))
    if (code) expectRefused(error, code, /closed: (open|ask|create)/)
    else expect(error).toBeUndefined()
    expect(closedFacts(given)).toEqual(before)
    expect(before).toMatchObject({ stats: { subscriptions: 0, sessions: 0 }, topics: [], status: { state: 'closed' } })
  })

  it('made while it closes are refused, too', async () => {
    const hub = createHub()
    const session = hub.openSession()
    const other = hub.openSession()
    const codes: unknown[] = []
    const attempt = (call: () => unknown): void => {
      try {
        call()
      } catch (error) {
        codes.push(isEarshotError(error) ? error.code : error)
      }
    }
    session.subscribe('a', nothing, {
      onClose: () => {
        attempt(() => session.subscribe('b', nothing))
        attempt(() => hub.openSession())
        attempt(() => hub.subscribe('c', nothing))
        attempt(() => hub.publish('d', 1))
        attempt(() => other.publish('d', 1))
        void hub.close()
      },
    })
    await hub.close()
    expect(codes).toEqual(Array.from({ length: 5 }, () => 'hub-closed'))
    expect(hub.stats()).toMatchObject({ subscriptions: 0, sessions: 0 })
  })

  it('twice is one close', async () => {
    const hub = createHub()
    const statuses: string[] = []
    hub.on('status', ({ state }) => statuses.push(state))
    const first = hub.close()
    expect(hub.close()).toBe(first)
    await first
    expect(statuses).toEqual(['closed'])
  })

  it('of an unsubscribed handle does nothing', () => {
    const { hub, session } = world()
    const subscription = session.subscribe('a', nothing)
    subscription.unsubscribe()
    const before = hub.stats()
    subscription.unsubscribe()
    subscription[Symbol.dispose]()
    expect(hub.stats()).toEqual(before)
  })
})

function closedFacts({ hub, session, presence, state, stream }: World): unknown {
  return {
    stats: hub.stats(),
    topics: hub.topics(),
    status: hub.status,
    closed: session.closed,
    members: presence.members,
    state: state.get(),
    active: stream.active,
    heard: [...heard],
  }
}
