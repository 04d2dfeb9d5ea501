import { covers, EarshotError } from '@earshot/core'
import type { ClientFrame, RelayFrame, SubscriptionEntry } from '@earshot/core/protocol'
import { describe, expect, it } from 'vitest'
import { type Authorize, type Decision, memoryEngine } from '../../src/index.ts'
import { type Attacked, attacked } from '../support/attacked.ts'
import { type Peer, publishFrame } from '../support/peer.ts'

/** Allows what is public. */
const isPublic: Authorize = ({ topic }) => topic === 'public' || covers('public/**', topic)
/** The same; of a wildcard that is wider it allows the public part. */
const publicPart: Authorize = request => isPublic(request) || (covers(request.topic, 'public/**') ? ['public/**'] : false)
const later = (authorize: Authorize): Authorize => request => Promise.resolve().then(() => authorize(request))

const ways = ['secret/1', 'secret/*', 'secret/**', '*/1', '*/*', '**', '*', 'secret', '', '$hub/**']
const topics = ['secret/1', 'secret/2', 'secret', 'public/1']

/** What was refused, and why. */
const refusals = (peer: Peer): unknown[] => peer.of('refused').map(({ what, topic, code }) => [what, topic, code])

/** Everything is published that there is, also what is kept as a value, for some, and what is not kept. */
async function publishAll({ relay }: Attacked): Promise<void> {
  for (const topic of topics) {
    await relay.publish(topic, `on ${topic}`)
    await relay.publish(topic, `value of ${topic}`, { retain: true })
    await relay.publish(topic, `passing ${topic}`, { volatile: true })
    await relay.publish(topic, `on ${topic} for ada`, { to: 'ada' })
  }
  await relay.broadcast('on secret broadcasts')
}

function expectNoSecrets(peer: Peer): void {
  expect(peer.data.filter(data => String(data).includes('secret'))).toEqual([])
  // Refusals repeat what was asked for; nothing else may name it.
  const told = peer.heard.filter((frame: RelayFrame) => frame.t !== 'refused' && frame.t !== 'past')
  expect(JSON.stringify(told)).not.toContain('secret')
}

describe.each([['at once', isPublic], ['later', later(isPublic)]])('what is refused %s', (_, authorize) => {
  it.each(ways)('cannot be subscribed to: %j', async way => {
    const scene = await attacked({ authorize })
    const hostile = await scene.welcomed()
    await hostile.attach(0)
    hostile.say({ t: 'subscribe', s: 0, pattern: way })
    await hostile.next('refused')
    await publishAll(scene)
    await hostile.settled(0)
    expect(refusals(hostile)).toContainEqual(['subscribe', way, 'forbidden'])
    expect(hostile.data).toEqual([])
    expect(scene.relay.stats.subscriptions).toBe(1)
  })

  it.each(ways)('cannot be subscribed to with an attach, from its beginning: %j', async way => {
    const scene = await attacked({ authorize })
    await publishAll(scene)
    const hostile = scene.peer()
    const { epoch } = await hostile.greet()
    await hostile.attach(0, { position: `${epoch}.0`, subs: [[way, 0], ['public/*', 0]] })
    await hostile.settled(0)
    await publishAll(scene)
    await scene.talk()
    expect(refusals(hostile)).toContainEqual(['subscribe', way, 'forbidden'])
    expect(hostile.data).toEqual(['on public/1', 'value of public/1', 'on public/1', 'value of public/1', 'passing public/1'])
    expectNoSecrets(hostile)
  })

  it.each(ways.filter(way => way !== ''))('has no history: %j', async way => {
    const scene = await attacked({ authorize })
    await publishAll(scene)
    const hostile = scene.peer()
    const { epoch } = await hostile.greet()
    await hostile.attach(0)
    const asked: Partial<Extract<ClientFrame, { t: 'history' }>>[] = [{}, { since: `${epoch}.0` }, { before: 1000 }, { patterns: ['public/1', way] }, { patterns: [way, way] }]
    hostile.say(...asked.map((more, q) => ({ t: 'history', s: 0, q, patterns: [way], limit: 100, ...more }) as const))
    await hostile.settled(0)
    expect(hostile.of('refused').map(({ q, code }) => [q, code])).toEqual([...asked.map((_more, q) => [q, 'forbidden']), [expect.any(Number), 'forbidden']])
    expect([hostile.of('past'), hostile.data]).toEqual([[], []])
  })

  it('cannot be published to, nor told who is there', async () => {
    const scene = await attacked({ authorize })
    const { relay } = scene
    const [hostile, ada] = [await scene.welcomed(), await scene.welcomed()]
    await ada.attach(0)
    await hostile.attach(0)
    hostile.say(
      publishFrame(0, 1, 'secret/1', 'forged'),
      publishFrame(0, 2, '', 'forged'),
      publishFrame(0, 3, 'secret/1', 'forged', { volatile: true }),
      { t: 'presence', s: 0, topic: 'secret/1', here: true, data: 'spy', since: 0, clock: 1 },
      { t: 'watch', s: 0, topic: 'secret/1', on: true },
      { t: 'occupancy', s: 0, q: 7, topic: 'secret/1' },
      publishFrame(0, 4, 'public/1', 'fine'),
    )
    expect((await hostile.next('ack')).clock).toBe(4)
    expect(refusals(hostile)).toEqual([
      ['publish', 'secret/1', 'forbidden'],
      ['publish', '', 'forbidden'],
      ['presence', 'secret/1', 'forbidden'],
      ['watch', 'secret/1', 'forbidden'],
      ['occupancy', 'secret/1', 'forbidden'],
    ])
    expect([relay.presence('secret/1'), hostile.of('roster'), hostile.of('count'), relay.stats.refused]).toEqual([[], [], [], 6])
  })
})

describe.each([['at once', publicPart], ['later', later(publicPart)]])('of a wildcard that is allowed in part, %s,', (_, authorize) => {
  it.each(['**', 'public/**'])('only that part is heard, live: %s', async way => {
    const scene = await attacked({ authorize })
    const hostile = await scene.welcomed()
    await hostile.attach(0)
    await hostile.subscribe(0, way)
    await publishAll(scene)
    await scene.talk()
    expect(hostile.data).toEqual(['on public/1', 'value of public/1', 'passing public/1'])
    expect([scene.relay.occupancy('public/1'), scene.relay.occupancy('secret/1')]).toEqual([1, 0])
    expectNoSecrets(hostile)
  })

  it('only that part is recovered, asked for and said to be lost', async () => {
    const scene = await attacked({ authorize, engine: memoryEngine({ messages: 1 }) })
    await publishAll(scene)
    const hostile = scene.peer()
    const { epoch } = await hostile.greet()
    await hostile.attach(0, { position: `${epoch}.0`, subs: [['**', 0]] })
    hostile.say({ t: 'history', s: 0, q: 1, patterns: ['**'], limit: 100 }, { t: 'history', s: 0, q: 2, patterns: ['**'], limit: 100, since: `${epoch}.0` })
    await hostile.next('past', frame => frame.q === 2)
    expect(hostile.of('gap').map(frame => frame.topics)).toEqual([['public/1']])
    expect(hostile.of('past').map(frame => frame.m.length)).toEqual([0, 0])
    expectNoSecrets(hostile)
  })

  it('a position of another life tells of that part as lost', async () => {
    const scene = await attacked({ authorize })
    const hostile = await scene.welcomed()
    await hostile.attach(0, { position: 'other.5', subs: [['**', 0], ['secret/1', 0], ['*', 0]] })
    expect((await hostile.next('gap')).topics).toEqual(['public/**'])
    expectNoSecrets(hostile)
  })
})

describe('a message for some users', () => {
  it('is heard by no other, live, recovered or asked for', async () => {
    const scene = await attacked({ authenticate: (_, token) => ({ userId: token ?? null }) })
    const { relay } = scene
    const peers = [scene.peer(), scene.peer(), scene.peer()] as const
    const users = ['ada', 'mallory', undefined]
    const epochs = await Promise.all(peers.map(async (peer, index) => (await peer.greet(users[index])).epoch))
    for (const peer of peers) {
      await peer.attach(0)
      await peer.subscribe(0, '**')
    }
    await relay.publish('a', 'for ada', { to: 'ada' })
    await relay.publish('a', 'for ada, passing', { to: ['ada'], volatile: true })
    await relay.publish('a', 'for nobody', { to: [] })
    await relay.publish('a', 'for odd names', { to: ['null', 'undefined', '__proto__'] })
    await relay.publish('a', 'for all')
    for (const [index, peer] of peers.entries()) {
      await peer.attach(1, { position: `${epochs[index]}.0`, subs: [['**', 0]] })
      for (const [q, more] of [{}, { since: `${epochs[index]}.0` }, { patterns: ['**'] }].entries()) peer.say({ t: 'history', s: 0, q, patterns: ['a'], limit: 100, ...more })
      await peer.next('past', ({ q }) => q === 2)
    }
    const [ada, mallory, nobody] = peers.map(peer => [...new Set(peer.data)].sort())
    expect(ada).toEqual(['for ada', 'for ada, passing', 'for all'])
    expect([mallory, nobody]).toEqual([['for all'], ['for all']])
    // Nor do its sessions move by it: what one may not hear is not counted either.
    expect(peers[1].of('message').length).toBe(1)
  })

  it('is no value: it would take the place of what all others have', async () => {
    const { welcomed, relay } = await attacked()
    const peer = await welcomed('mallory')
    await peer.attach(0)
    await relay.publish('theme', 'dark', { retain: true })
    peer.say(publishFrame(0, 1, 'theme', 'none', { retain: true, to: ['mallory'] }))
    expect(await peer.next('refused')).toMatchObject({ what: 'publish', clock: 1, code: 'invalid-options' })
    for (const to of ['ada', []]) await expect(relay.publish('theme', 'none', { retain: true, to })).rejects.toMatchObject({ code: 'invalid-options' })
    expect((await relay.history('theme')).messages.map(({ data }) => data)).toEqual(['dark'])
  })
})

describe('the past, where listening is allowed and history is not', () => {
  /** Says `old` in public and in `other`, before anybody listens. */
  async function scene(granted: { readonly history: boolean } = { history: false }): Promise<Attacked & { epoch: string; hostile: Peer }> {
    const made = await attacked({ authorize: ({ action }) => action !== 'history' || granted.history })
    for (const topic of ['a', 'b']) await made.relay.publish(topic, `old ${topic}`)
    const hostile = made.peer()
    const { epoch } = await hostile.greet()
    return { ...made, epoch, hostile }
  }

  it.each<[what: string, position: (epoch: string) => string, subs: SubscriptionEntry[], gap: string[] | undefined]>([
    ['with an early position', epoch => `${epoch}.0`, [['a', 0], ['*', 0], ['**', 1], ['', 0]], ['a', '*', '**', '']],
    ['with an early position, and a beginning beyond the head', epoch => `${epoch}.0`, [['a', 1e9]], undefined],
    ['with a position of another life', () => 'other.5', [['a', 0], ['**', 7]], ['a', '**']],
    ['with what is no position', () => 'nonsense', [['a', 0]], ['a']],
    ['with a position beyond the head', epoch => `${epoch}.999`, [['a', 0]], undefined],
  ])('is not had by an attach %s', async (_, position, subs, gap) => {
    const { hostile, epoch, relay } = await scene()
    await hostile.attach(0, { position: position(epoch), subs })
    await hostile.settled(0)
    await relay.publish('a', 'new')
    await hostile.next('message')
    expect([...new Set(hostile.data)]).toEqual(['new'])
    expect(hostile.of('gap').map(({ topics }) => topics)).toEqual(gap ? [gap] : [])
  })

  it('is not had by asking for it', async () => {
    const { hostile, epoch } = await scene()
    await hostile.attach(0)
    const asked: Partial<Extract<ClientFrame, { t: 'history' }>>[] = [{}, { since: `${epoch}.0` }, { since: 'other.5' }, { before: 1000 }]
    hostile.say(...asked.map((more, q) => ({ t: 'history', s: 0, q, patterns: ['a'], limit: 100, ...more }) as const))
    await hostile.settled(0)
    expect(refusals(hostile)).toEqual(asked.map(() => ['history', undefined, 'forbidden']))
    expect(hostile.data).toEqual([])
  })

  it('is recovered as far back as the session listened, and no further, whatever it claims', async () => {
    const { hostile, welcomed, epoch, relay } = await scene()
    const { record, session } = await hostile.attach(0)
    expect(await hostile.subscribe(0, 'a')).toBe(2)
    hostile.end()
    for (const topic of ['a', 'b']) await relay.publish(topic, `missed ${topic}`)
    for (const [index, more] of [{ record }, {}].entries()) {
      const again = await welcomed()
      expect(await again.attach(0, { session, attach: index + 2, position: `${epoch}.0`, subs: [['a', 0], ['b', 0], ['*', 2]], ...more })).toMatchObject({ session })
      await again.settled(0)
      expect(again.data).toEqual(['missed a'])
      // What it had no right to is no loss that the relay knows of; what it says that it has missed is told as one.
      expect(again.of('gap').map(({ topics }) => topics)).toEqual([['a', 'b', '*']])
      again.say({ t: 'unsubscribe', s: 0, pattern: 'b' }, { t: 'unsubscribe', s: 0, pattern: '*' })
      await again.settled(0)
      again.end()
    }
  })

  it('is as good as lost once the relay has forgotten the session, and said to be', async () => {
    const { hostile, welcomed, epoch, relay } = await scene()
    const { record, session } = await hostile.attach(0)
    const start = await hostile.subscribe(0, 'a')
    hostile.say({ t: 'detach', s: 0, reload: false })
    await hostile.attach(1)
    await relay.publish('a', 'missed')
    const again = await welcomed()
    expect(await again.attach(0, { session, record, attach: 2, position: `${epoch}.${start}`, subs: [['a', start]] })).toMatchObject({ resumed: false })
    expect((await again.next('gap')).topics).toEqual(['a'])
    await relay.publish('a', 'new')
    await again.next('message')
    expect(again.data).toEqual(['new'])
  })

  it('is not had by giving a pattern up and asking for it again', async () => {
    const { hostile, welcomed, epoch, relay } = await scene()
    const { record, session } = await hostile.attach(0)
    await hostile.subscribe(0, 'a')
    hostile.say({ t: 'unsubscribe', s: 0, pattern: 'a' })
    await hostile.settled(0)
    await relay.publish('a', 'unheard')
    const again = await welcomed()
    await again.attach(0, { session, record, attach: 2, position: `${epoch}.0`, subs: [['a', 2]] })
    await again.settled(0)
    expect([again.data, again.of('gap').map(({ topics }) => topics)]).toEqual([[], [['a']]])
  })

  it('is not had by a right that comes later', async () => {
    let topics = ['a']
    const { welcomed, peer, relay } = await attacked({ authenticate: () => ({ userId: 'ada' }), authorize: ({ action, topic }) => (action === 'history' ? false : topic === '*' ? topics : true) })
    const hostile = peer()
    const { epoch } = await hostile.greet()
    const { record, session } = await hostile.attach(0)
    const start = await hostile.subscribe(0, '*')
    await relay.publish('b', 'old b')
    topics = ['a', 'b']
    hostile.say({ t: 'token', token: 'new' })
    await hostile.attach(1)
    await hostile.settled(0)
    await relay.publish('a', 'live a')
    await relay.publish('b', 'live b')
    await hostile.next('message', ({ m }) => m[7] === 'live b')
    const again = await welcomed()
    await again.attach(0, { session, record, attach: 2, position: `${epoch}.${start}`, subs: [['*', start]] })
    await again.settled(0)
    expect(again.data).toEqual(['live a', 'live b'])
    expect(again.of('gap').map(({ topics: lost }) => lost)).toEqual([['a', 'b']])
  })

  it('is had in all these ways where history is allowed', async () => {
    const { hostile, epoch } = await scene({ history: true })
    await hostile.attach(0, { position: `${epoch}.0`, subs: [['a', 0]] })
    await hostile.attach(1, { position: 'other.5', subs: [['b', 3]] })
    hostile.say({ t: 'history', s: 0, q: 1, patterns: ['*'], limit: 100, since: `${epoch}.0` })
    await hostile.next('past')
    expect(hostile.of('page').map(({ s, m }) => [s, m.map(message => message[7])])).toEqual([[0, ['old a']], [1, ['old b']]])
    expect(hostile.of('past').map(({ m }) => m.map(message => message[7]))).toEqual([['old a', 'old b']])
  })

  it.each<[what: string, history: () => boolean | Promise<boolean>]>([
    ['throws', () => { throw new TypeError('secret sauce') }],
    ['rejects', () => Promise.reject(new Error('secret sauce'))],
  ])('is not had from an authorize that %s', async (_, history) => {
    const { peer, relay, failures } = await attacked({ authorize: ({ action }) => (action === 'history' ? history() : true) })
    await relay.publish('a', 'old')
    const hostile = peer()
    const { epoch } = await hostile.greet()
    await hostile.attach(0, { position: `${epoch}.0`, subs: [['a', 0]] })
    expect((await hostile.next('gap')).topics).toEqual(['a'])
    await relay.publish('a', 'new')
    await hostile.next('message')
    expect(hostile.data).toEqual(['new'])
    expect(failures.length).toBe(1)
  })
})

describe('an authorize', () => {
  const answers: [what: string, authorize: Authorize, code: string, reason: string][] = [
    ['says why', () => { throw new EarshotError('rate-limited', 'your plan is used up') }, 'rate-limited', 'your plan is used up'],
    ['says why at length', () => { throw new EarshotError('forbidden', `${'нет'.repeat(5000)} и всё`) }, 'forbidden', 'нет'.repeat(5000).slice(0, 1000)],
    ['gives nothing', () => undefined as unknown as Decision, 'forbidden', 'publish on "a" is not allowed'],
    ['gives a promise of nothing', () => Promise.resolve(undefined as unknown as Decision), 'forbidden', 'publish on "a" is not allowed'],
    ['gives a text', () => 'yes' as unknown as Decision, 'forbidden', 'publish on "a" is not allowed'],
    ['gives other patterns for a topic', () => ['b', 'a/*', '*/**'], 'forbidden', 'publish on "a" is not allowed'],
  ]

  it.each(answers)('that %s refuses', async (_, authorize, code, reason) => {
    const { welcomed, failures, talk } = await attacked({ authorize })
    const hostile = await welcomed()
    await hostile.attach(0)
    hostile.say(publishFrame(0, 1, 'a', 1))
    expect(await hostile.next('refused')).toMatchObject({ what: 'publish', topic: 'a', tag: 'doc', clock: 1, code, reason })
    hostile.say({ t: 'subscribe', s: 0, pattern: 'a' }, { t: 'history', s: 0, q: 9, patterns: ['a'], limit: 1 })
    expect([(await hostile.next('refused')).code, (await hostile.next('refused')).q]).toEqual([code, 9])
    // The same publish again is not asked for again, and gets the same answer, but for the sentence.
    hostile.say(publishFrame(0, 1, 'a', 1))
    expect(await hostile.next('refused')).toMatchObject({ clock: 1, code, reason: 'it was refused before' })
    expect(failures).toEqual([])
    await talk()
  })

  it.each<[what: string, authorize: Authorize]>([
    ['throws', () => { throw new TypeError('secret sauce') }],
    ['throws what is no error', () => { throw 'secret sauce' }], // eslint-disable-line no-throw-literal
    ['rejects', () => Promise.reject(new Error('secret sauce'))],
  ])('that %s allows nothing, and says no more than that', async (_, authorize) => {
    const { welcomed, failures, relay, talk } = await attacked({ authorize })
    const hostile = await welcomed()
    await hostile.attach(0)
    for (const reason of ['the relay could not decide', 'it was refused before']) {
      hostile.say(publishFrame(0, 1, 'a', 1))
      expect(await hostile.next('refused')).toMatchObject({ what: 'publish', topic: 'a', tag: 'doc', clock: 1, code: 'timeout', reason })
    }
    hostile.say({ t: 'history', s: 0, q: 9, patterns: ['a'], limit: 1 }, { t: 'subscribe', s: 0, pattern: 'a' })
    expect((await hostile.next('refused')).q).toBe(9)
    expect(await hostile.next('detached')).toMatchObject({ s: 0, code: 'timeout', spread: 2000 })
    await relay.publish('a', 'secret')
    await talk()
    expect([hostile.data, failures.length, JSON.stringify(hostile.heard).includes('secret sauce')]).toEqual([[], 3, false])
  })

  it('that never answers is not waited for for ever, and holds up its own session alone', async () => {
    const { welcomed, clock, failures, talk, relay } = await attacked({
      byHand: true,
      limits: { decision: 1000, ping: 1_000_000 },
      authorize: ({ topic }) => (topic === 'never' ? new Promise<boolean>(() => {}) : true),
    })
    const [hostile, good] = [await welcomed(), await welcomed()]
    for (const s of [0, 1]) await hostile.attach(s)
    await good.attach(0)
    await good.subscribe(0, 'a')
    hostile.say(publishFrame(0, 1, 'never', 1), publishFrame(0, 2, 'a', 'waits'), { t: 'subscribe', s: 0, pattern: 'b' }, publishFrame(1, 1, 'a', 'goes on'))
    expect((await hostile.next('ack')).s).toBe(1)
    expect((await good.next('message')).m[7]).toBe('goes on')
    await talk()
    await clock.advance(999)
    await talk()
    expect([hostile.of('refused'), relay.occupancy('b')]).toEqual([[], 0])
    await clock.advance(1)
    expect(await hostile.next('refused')).toMatchObject({ clock: 1, code: 'timeout', reason: 'authorize did not answer within 1000 ms' })
    expect((await hostile.next('ack')).clock).toBe(2)
    expect((await good.next('message')).m[7]).toBe('waits')
    await hostile.next('subscribed')
    expect(failures).toEqual([expect.objectContaining({ code: 'timeout' })])
  })

  it('that never answers holds up an attach of that session alone', async () => {
    const { welcomed, clock, relay } = await attacked({ byHand: true, limits: { decision: 1000, ping: 1_000_000 }, authorize: ({ topic }) => (topic === 'never' ? new Promise<boolean>(() => {}) : true) })
    const hostile = await welcomed()
    await hostile.attach(0, { subs: [['never', null], ['a', null]] })
    await hostile.attach(1, { subs: [['b', null]] })
    expect((await hostile.next('subscribed')).pattern).toBe('b')
    await clock.advance(1000)
    expect(await hostile.next('detached')).toMatchObject({ s: 0, code: 'timeout', spread: 2000 })
    await relay.publish('a', 'not heard')
    await relay.publish('b', 'heard')
    expect((await hostile.next('message')).m[7]).toBe('heard')
    expect(hostile.data).toEqual(['heard'])
  })

  it('that answers late loses no message that was published meanwhile', async () => {
    let allow = (_allowed: boolean): void => {}
    const { welcomed, relay, talk, peer } = await attacked({ authorize: ({ action }) => (action === 'subscribe' ? new Promise<boolean>(resolve => (allow = resolve)) : true) })
    const good = await welcomed()
    await good.attach(0)
    good.say({ t: 'subscribe', s: 0, pattern: 'a' })
    await relay.publish('a', 'before')
    await talk()
    allow(true)
    const { offset } = await good.next('subscribed')
    // Everything after the offset that it names is heard.
    expect((await relay.publish('a', 'after')).offset).toBeGreaterThan(offset)
    expect((await good.next('message')).m[7]).toBe('after')
    // The same for a session that comes back: what it missed is recovered, whatever else its connection is told meanwhile.
    const again = peer()
    const { epoch } = await again.greet()
    again.say({ t: 'attach', s: 0, session: 'x', attach: 1, tag: 'doc', tags: [], secret: 'x', subs: [['a', 0]], done: 0, position: `${epoch}.0` })
    await again.next('attached')
    await again.attach(1, { subs: [] })
    again.say({ t: 'cursor', s: 0, offset: 1 })
    await talk()
    allow(true)
    expect((await again.next('page')).m.map(message => message[7])).toEqual(['before', 'after'])
  })
})

describe('after a renewal', () => {
  it('what is not allowed any more is taken away, and said to be', async () => {
    let allowed = true
    const { welcomed, relay, talk } = await attacked({ authenticate: () => ({ userId: 'ada' }), authorize: ({ topic }) => (topic === '**' ? ['a', ...(allowed ? ['secret/1'] : [])] : allowed || topic === 'a') })
    const hostile = await welcomed()
    await hostile.attach(0)
    for (const pattern of ['secret/1', '**', 'a']) await hostile.subscribe(0, pattern)
    hostile.say({ t: 'presence', s: 0, topic: 'secret/1', here: true, data: 1, since: 0, clock: 1 }, { t: 'watch', s: 0, topic: 'secret/1', on: true })
    await hostile.next('roster')
    expect([relay.occupancy('secret/1'), relay.presence('secret/1').length]).toEqual([1, 1])
    allowed = false
    hostile.say({ t: 'token', token: 'new' })
    while (hostile.of('refused').length < 3) await hostile.next('refused')
    expect(refusals(hostile)).toEqual([['subscribe', 'secret/1', 'forbidden'], ['watch', 'secret/1', 'forbidden'], ['presence', 'secret/1', 'forbidden']])
    expect([relay.occupancy('secret/1'), relay.presence('secret/1'), relay.occupancy('a')]).toEqual([0, [], 1])
    await relay.publish('secret/1', 'secret')
    await relay.publish('a', 'public')
    await talk()
    expect(hostile.data).toEqual(['public'])
  })

  it('by many tokens each session is looked at once more, with the newest', async () => {
    const asked: unknown[] = []
    const answers: ((allowed: boolean) => void)[] = []
    let isSlow = false
    const { welcomed, talk } = await attacked({
      authenticate: (_, token) => ({ userId: 'ada', data: token }),
      authorize: ({ topic, data }) => {
        if (topic === 'settled' || !isSlow) return true
        asked.push(data)
        return new Promise<boolean>(resolve => answers.push(resolve))
      },
    })
    const hostile = await welcomed()
    await hostile.attach(0)
    await hostile.subscribe(0, 'a')
    isSlow = true
    for (let token = 1; token <= 300; token++) {
      hostile.say({ t: 'token', token: `${token}` })
      // Each is accepted before the next one comes.
      await hostile.attach(1, { attach: token })
    }
    await talk()
    expect(asked).toEqual(['1'])
    answers.shift()?.(true)
    while (answers.length === 0) await talk()
    answers.shift()?.(false)
    expect(await hostile.next('refused')).toMatchObject({ what: 'subscribe', topic: 'a' })
    await hostile.settled(0)
    expect(asked).toEqual(['1', '300'])
  })

  it('an answer that was asked for before does not count', async () => {
    const answers: ((allowed: boolean) => void)[] = []
    const { welcomed, relay, talk } = await attacked({
      authenticate: () => ({ userId: 'ada' }),
      authorize: ({ topic }) => (topic === 'settled' ? true : new Promise<boolean>(resolve => answers.push(resolve))),
    })
    const hostile = await welcomed()
    await hostile.attach(0)
    hostile.say({ t: 'subscribe', s: 0, pattern: 'secret' })
    await talk()
    hostile.say({ t: 'token', token: 'new' })
    await hostile.attach(1)
    answers.shift()?.(true)
    await hostile.next('subscribed')
    await talk()
    answers.shift()?.(false)
    expect(await hostile.next('refused')).toMatchObject({ what: 'subscribe', topic: 'secret', code: 'forbidden' })
    expect(relay.occupancy('secret')).toBe(0)
  })
})
