import { EarshotError } from '@earshot/core'
import type { ClientFrame } from '@earshot/core/protocol'
import { describe, expect, it, vi } from 'vitest'
import type { Identity, RelayOptions } from '../../src/index.ts'
import { attacked } from '../support/attacked.ts'
import { attachFrame, publishFrame } from '../support/peer.ts'

const json = (value: unknown): string => JSON.stringify(value)
const frames: ClientFrame[] = [
  { t: 'token', token: 'x' },
  attachFrame(0),
  { t: 'detach', s: 0, reload: false },
  { t: 'subscribe', s: 0, pattern: '**' },
  { t: 'unsubscribe', s: 0, pattern: '**' },
  publishFrame(0, 1, 'a', 1),
  { t: 'presence', s: 0, topic: 'a', here: true, data: 1, since: 0, clock: 1 },
  { t: 'watch', s: 0, topic: 'a', on: true },
  { t: 'history', s: 0, q: 1, patterns: ['**'], limit: 10 },
  { t: 'occupancy', s: 0, q: 1, topic: 'a' },
  { t: 'cursor', s: 0, offset: 1 },
  { t: 'pong' },
]

describe('before the hello', () => {
  it.each(frames.map(frame => [frame.t, frame] as const))('nothing else is taken: %s', async (_, frame) => {
    const { peer, talk } = await attacked()
    const hostile = await peer().opened()
    hostile.say(frame)
    expect(await hostile.closed).toMatchObject({ code: 4400, bye: { code: 'protocol-violation', reason: 'say hello, and wait for the welcome' } })
    await talk()
  })

  it('a connection may be silent for so long, and no longer', async () => {
    const { peer, clock, relay } = await attacked({ byHand: true, limits: { hello: 3000 } })
    const hostile = await peer().opened()
    await clock.advance(2999)
    expect(relay.stats.connections).toBe(3)
    await clock.advance(1)
    expect(await hostile.closed).toMatchObject({ code: 4408, bye: { code: 'timeout', reason: 'no hello' } })
  })

  it.each([0, 2, 999, Number.MAX_SAFE_INTEGER])('a client of version %d is told so', async v => {
    const { peer } = await attacked()
    const hostile = await peer().opened()
    hostile.say({ t: 'hello', v })
    expect(await hostile.closed).toMatchObject({ code: 4406, bye: { code: 'protocol-version', reason: `the relay speaks version 1, the client ${v}: load the page anew, or update the relay` } })
  })
})

describe('while the token is looked at', () => {
  const waiting: RelayOptions = { authenticate: () => new Promise<Identity>(() => {}) }

  it.each([...frames, { t: 'hello', v: 1 } as const].map(frame => [frame.t, frame] as const))('nothing else is taken: %s', async (_, frame) => {
    const { peer, talk } = await attacked(waiting)
    const hostile = await peer().opened()
    hostile.say({ t: 'hello', v: 1, token: 'x' }, frame)
    const { code, bye } = await hostile.closed
    expect([code, bye?.code]).toEqual([4400, 'protocol-violation'])
    await talk()
  })

  it('a client that hangs up is forgotten', async () => {
    let answer = (_identity: Identity): void => {}
    const { peer, talk, relay, failures } = await attacked({ authenticate: () => new Promise<Identity>(resolve => (answer = resolve)) })
    const hostile = await peer().opened()
    hostile.say({ t: 'hello', v: 1, token: 'x' })
    await talk()
    hostile.end()
    await hostile.closed
    await talk()
    answer({ userId: 'ada' })
    await talk()
    expect([relay.stats.connections, failures]).toEqual([2, []])
  })
})

describe('after the welcome', () => {
  it('there is no second hello', async () => {
    const { welcomed } = await attacked()
    const hostile = await welcomed()
    hostile.say({ t: 'hello', v: 1, token: 'somebody else' })
    expect(await hostile.closed).toMatchObject({ code: 4400, bye: { reason: 'a second hello' } })
  })

  it('a connection that answers no pings is closed', async () => {
    const { welcomed, clock } = await attacked({ byHand: true, limits: { ping: 1000 } })
    const [hostile, good] = [await welcomed(), await welcomed()]
    for (let period = 0; period < 3; period++) {
      await clock.advance(1000)
      await good.next('ping')
      good.say({ t: 'pong' })
      await good.attach(period)
    }
    expect(await hostile.closed).toMatchObject({ code: 4408, bye: { code: 'timeout', reason: 'no answer to pings' } })
    expect(hostile.of('ping').length).toBe(2)
    await good.attach(9)
  })

  it('pongs of the WebSocket are no answer', async () => {
    const { welcomed, clock, talk } = await attacked({ byHand: true, limits: { ping: 1000 } })
    const hostile = await welcomed()
    for (let period = 0; period < 3; period++) {
      hostile.socket.pong()
      hostile.socket.ping()
      await talk()
      await clock.advance(1000)
    }
    expect((await hostile.closed).code).toBe(4408)
  })
})

describe('a token', () => {
  const refusing = (error: unknown): RelayOptions['authenticate'] => () => {
    throw error
  }

  it.each<[what: string, authenticate: RelayOptions['authenticate'], code: number, bye: string, reason: string, failures: number]>([
    ['is refused by name', refusing(new EarshotError('unauthorized', 'signature is wrong')), 4401, 'unauthorized', 'signature is wrong', 0],
    ['is of somebody who may not connect', refusing(new EarshotError('forbidden', 'you are banned')), 4403, 'forbidden', 'you are banned', 0],
    ['breaks authenticate', refusing(new TypeError('jwt is undefined: secret sauce')), 4401, 'unauthorized', 'the token could not be checked', 1],
    ['breaks it with something that is no error', refusing('secret sauce'), 4401, 'unauthorized', 'the token could not be checked', 1],
    ['breaks it later', () => Promise.reject(new Error('secret sauce')), 4401, 'unauthorized', 'the token could not be checked', 1],
    ['is refused by another of our codes', refusing(new EarshotError('timeout', 'secret sauce')), 1013, 'timeout', 'the token cannot be checked at the moment', 1],
    ['proves nobody', () => undefined as unknown as Identity, 4401, 'unauthorized', 'the token could not be checked', 1],
    ['proves a number', () => ({ userId: 7 }) as unknown as Identity, 4401, 'unauthorized', 'the token could not be checked', 1],
    ['proves an empty name', () => ({ userId: '' }), 4401, 'unauthorized', 'the token could not be checked', 1],
    ['is over', () => ({ userId: 'ada', expires: Date.now() - 1 }), 4401, 'unauthorized', 'the token is over', 0],
    ['was over before there was time', () => ({ userId: 'ada', expires: -1 }), 4401, 'unauthorized', 'the token is over', 0],
    ['ends at no time at all', () => ({ userId: 'ada', expires: Number.NaN }), 4401, 'unauthorized', 'the token could not be checked', 1],
    ['is refused at length', refusing(new EarshotError('unauthorized', `ключ ${'ключ '.repeat(499)}`)), 4401, 'unauthorized', 'ключ '.repeat(200), 0],
  ])('that %s ends the connection', async (_, authenticate, code, byeCode, reason, count) => {
    const { peer, failures, talk } = await attacked(authenticate && { authenticate })
    const hostile = await peer().opened()
    hostile.say({ t: 'hello', v: 1, token: 'x' })
    const { code: closed, bye } = await hostile.closed
    expect([closed, bye?.code, bye?.reason]).toEqual([code, byeCode, reason])
    expect(failures.length).toBe(count)
    expect(json(hostile.heard)).not.toContain('secret sauce')
    await talk()
  })

  it('that is never looked at ends the connection in time', async () => {
    const { peer, clock, failures, talk } = await attacked({ byHand: true, limits: { decision: 2000 }, authenticate: () => new Promise<Identity>(() => {}) })
    const hostile = await peer().opened()
    hostile.say({ t: 'hello', v: 1, token: 'x' })
    await talk()
    await clock.advance(2000)
    expect(await hostile.closed).toMatchObject({ code: 1013, bye: { code: 'timeout', reason: 'the token cannot be checked at the moment' } })
    expect(failures).toEqual([expect.objectContaining({ code: 'timeout' })])
  })

  it('of the longest kind is looked at, a longer one is not', async () => {
    const authenticate = vi.fn<() => Identity>(() => ({ userId: 'ada' }))
    const { peer } = await attacked({ authenticate })
    await peer().greet('x'.repeat(16_384))
    const hostile = await peer().opened()
    hostile.say({ t: 'hello', v: 1, token: 'x'.repeat(16_385) })
    expect((await hostile.closed).code).toBe(4400)
    expect(authenticate).toHaveBeenCalledTimes(1)
  })
})

describe('a user that the server disconnects', () => {
  it('does not come in with an answer from before, and may come in later', async () => {
    const answers: (() => void)[] = []
    const authenticate: RelayOptions['authenticate'] = (_, token = '') => new Promise(resolve => answers.push(() => resolve({ userId: token })))
    const { peer, relay, talk } = await attacked({ authenticate })
    const [ada, bob, late] = [await peer().opened(), await peer().opened(), await peer().opened()]
    ada.say({ t: 'hello', v: 1, token: 'ada' })
    bob.say({ t: 'hello', v: 1, token: 'bob' })
    while (answers.length < 2) await talk()
    expect([relay.disconnectUser('ada'), relay.disconnectUser('eve')]).toEqual([0, 0])
    late.say({ t: 'hello', v: 1, token: 'ada' })
    while (answers.length < 3) await talk()
    for (const answer of answers) answer()
    expect(await ada.closed).toMatchObject({ code: 4403, bye: { code: 'forbidden', reason: 'the server has ended the sessions of this user' } })
    expect([(await bob.next('welcome')).user, (await late.next('welcome')).user]).toEqual(['bob', 'ada'])
    expect(relay.disconnectUser('ada')).toBe(1)
  })
})

describe('a token that is renewed', () => {
  const users: RelayOptions['authenticate'] = (_, token) => {
    const [userId = '', life] = (token ?? '').split(' ')
    return { userId, ...(life !== undefined && { expires: 1_000_000 + Number(life) }) }
  }

  it('is asked for before it is over, and without it the connection ends', async () => {
    const { peer, clock } = await attacked({ byHand: true, limits: { ping: 1_000_000 }, authenticate: users })
    const [hostile, good] = [peer(), peer()]
    await Promise.all([hostile, good].map(each => each.greet('ada 400000')))
    await clock.advance(339_999)
    expect(good.of('renew').length).toBe(0)
    await clock.advance(1)
    await Promise.all([hostile, good].map(each => each.next('renew')))
    good.say({ t: 'token', token: 'ada 800000' })
    await good.attach(0)
    await clock.advance(60_000)
    expect(await hostile.closed).toMatchObject({ code: 4401, bye: { code: 'unauthorized', reason: 'the token is over' } })
    await good.attach(1)
  })

  it.each([
    ['of another user', 'bob', 4401, 'the new token is of another user'],
    ['that is over', 'ada -1', 4401, 'the token is over'],
    ['that proves nobody', '', 4401, 'the token could not be checked'],
  ])('by one %s ends the connection', async (_, token, code, reason) => {
    const { peer, talk } = await attacked({ byHand: true, authenticate: users })
    const hostile = peer()
    await hostile.greet('ada')
    hostile.say({ t: 'token', token })
    expect(await hostile.closed).toMatchObject({ code, bye: { reason } })
    await talk()
  })

  it.each<[what: string, fail: () => Promise<Identity>, wait: number]>([
    ['is away', () => Promise.reject(new EarshotError('not-connected', 'the keys cannot be had')), 0],
    ['takes too long', () => new Promise(() => {}), 3000],
  ])('is asked for again, and the old one stays good, while authenticate %s', async (_, fail, wait) => {
    let isDown = false
    const authenticate: RelayOptions['authenticate'] = (request, token) => (isDown ? fail() : (users?.(request, token) ?? fail()))
    const { peer, clock, failures } = await attacked({ byHand: true, limits: { ping: 1_000_000, decision: 3000 }, authenticate })
    const [good, unlucky] = [peer(), peer()]
    for (const each of [good, unlucky]) {
      await each.greet('ada 100000')
      await each.attach(0)
    }
    await clock.advance(75_000)
    isDown = true
    const renew = async (): Promise<void> => {
      for (const each of [good, unlucky]) {
        while (each.of('renew').length <= each.of('subscribed').length) await each.changed()
        each.say({ t: 'token', token: 'ada 800000' })
        // It is taken, and after that what was asked for is given.
        await each.subscribe(0, `${each.of('renew').length}`)
      }
      await clock.advance(wait)
    }
    await renew()
    await clock.advance(10_000)
    await renew()
    expect(failures.length).toBe(4)
    isDown = false
    await clock.advance(8000)
    good.say({ t: 'token', token: 'ada 800000' })
    await good.attach(1)
    await clock.advance(20_000)
    expect(await unlucky.closed).toMatchObject({ code: 4401, bye: { reason: 'the token is over' } })
    await good.attach(2)
    expect([good.of('renew').length, unlucky.of('renew').length]).toEqual([3, 3])
  })

  it('ahead of time is asked for again when it cannot be looked at, also where the old one is never over', async () => {
    let isDown = false
    const { peer, clock } = await attacked({ byHand: true, limits: { ping: 1_000_000 }, authenticate: (_, token = '') => (isDown ? Promise.reject(new EarshotError('timeout', 'nobody answers')) : { userId: token }) })
    const good = peer()
    await good.greet('ada')
    isDown = true
    good.say({ t: 'token', token: 'ada' })
    await good.attach(0)
    await clock.advance(10_000)
    await good.next('renew')
    isDown = false
    good.say({ t: 'token', token: 'ada' })
    await good.attach(1)
    await clock.advance(100_000)
    await good.attach(2)
    expect(good.of('renew').length).toBe(1)
  })

  it('very often is looked at one by one, the newest last', async () => {
    const looked: string[] = []
    const answers: (() => void)[] = []
    const authenticate: RelayOptions['authenticate'] = (_, token = '') => {
      looked.push(token)
      return new Promise(resolve => answers.push(() => resolve({ userId: 'ada' })))
    }
    const { peer, talk } = await attacked({ authenticate })
    const hostile = await peer().opened()
    hostile.say({ t: 'hello', v: 1, token: 'first' })
    await talk()
    answers.shift()?.()
    await hostile.next('welcome')
    hostile.say(...Array.from({ length: 500 }, (_, index) => ({ t: 'token', token: `flood ${index}` }) as const))
    await hostile.attach(0)
    expect(looked).toEqual(['first', 'flood 0'])
    answers.shift()?.()
    await talk()
    expect(looked).toEqual(['first', 'flood 0', 'flood 499'])
    answers.shift()?.()
    await hostile.attach(1)
    expect(looked.length).toBe(3)
  })
})
