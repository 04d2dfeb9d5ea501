import { createServer } from 'node:http'
import { isEarshotError } from '@earshot/core'
import { CLOSE, RELAY_VERSION } from '@earshot/core/protocol'
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it, onTestFinished } from 'vitest'
import { jwtAuth, type JwtOptions } from '../../src/jwt/index.ts'
import { attacked } from '../support/attacked.ts'
import { Peer } from '../support/peer.ts'
import { RawClient } from '../support/raw-client.ts'
import { joinHub, listen, startRelay, statusOf } from '../support/running-relay.ts'

const secret = 'a secret of the tests, 32 bytes or more'
const bytes = new TextEncoder().encode(secret)
const attach = { t: 'attach', s: 1, session: 'ada-1', attach: 1, tag: 't', tags: [], secret: 's', subs: [], done: 0 } as const

type Key = Parameters<SignJWT['sign']>[0]

function sign(claims: JWTPayload, { key = bytes, ...header }: Partial<JWTHeaderParameters> & { key?: Key } = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', ...header }).sign(key)
}

const now = (): number => Math.floor(Date.now() / 1000)

/** What a relay says to a client that comes with this token. */
async function greet(url: string, token?: string): Promise<{ client: RawClient; user?: string | null; code?: string; reason?: string; closed?: number }> {
  const client = new RawClient(url)
  await client.opened()
  client.say({ t: 'hello', v: 1, ...(token !== undefined && { token }) })
  const frame = await client.next('welcome', 'bye')
  return frame.t === 'welcome' ? { client, user: frame.user } : { client, code: frame.code, reason: frame.reason, closed: await client.closed }
}

async function withJwt(options: JwtOptions): Promise<{ url: string; failures: unknown[] }> {
  const failures: unknown[] = []
  const { url } = await startRelay({ ...jwtAuth(options), onError: error => failures.push(error) })
  return { url, failures }
}

const refusals: [when: string, token: () => Promise<string | undefined>, reason: RegExp][] = [
  ['there is none', async () => undefined, /^a token is needed$/],
  ['it is unsigned', async () => new UnsecuredJWT({ sub: 'ada' }).encode(), /^the token is/],
  ['its header says none, its signature is that of another', async () => `${btoa('{"alg":"none"}').replaceAll('=', '')}.${(await sign({ sub: 'ada' })).split('.').slice(1).join('.')}`, /^the token is/],
  ['another secret signed it', () => sign({ sub: 'ada' }, { key: new TextEncoder().encode(`another ${secret}`) }), /^the token is not signed by a known key$/],
  ['its claims were changed', async () => (await sign({ sub: 'ada' })).replace(/\..*\./, `.${btoa('{"sub":"bob"}').replaceAll('=', '')}.`), /^the token is not signed by a known key$/],
  ['it is over', () => sign({ sub: 'ada', aud: 'app', iss: 'https://id.example', exp: now() - 60 }), /^the token is over$/],
  ['it is not valid yet', () => sign({ sub: 'ada', aud: 'app', iss: 'https://id.example', nbf: now() + 60 }), /^the token's claim nbf is not as it must be$/],
  ['it is for others', () => sign({ sub: 'ada', aud: 'another-app', iss: 'https://id.example' }), /^the token's claim aud is not as it must be$/],
  ['it is of others', () => sign({ sub: 'ada', aud: 'app', iss: 'https://evil.example' }), /^the token's claim iss is not as it must be$/],
  ['it names nobody', () => sign({ aud: 'app', iss: 'https://id.example' }), /^the token's claim sub names no user$/],
  ['it names nothing', () => sign({ sub: '', aud: 'app', iss: 'https://id.example' }), /^the token's claim sub names no user$/],
  ['it is no token', async () => 'ada', /^the token is no JWT that is taken here$/],
  ['it is empty', async () => '', /^the token is no JWT that is taken here$/],
]

describe('a token signed by the secret', () => {
  it('says whose a connection is', async () => {
    const { url } = await withJwt({ secret })
    expect(await greet(url, await sign({ sub: 'ada' }))).toMatchObject({ user: 'ada' })
    expect(await greet(url, await sign({ sub: 'ada' }, { alg: 'HS512' }))).toMatchObject({ user: 'ada' })
  })

  it('may say so in another claim, also by a number', async () => {
    const { url } = await withJwt({ secret: bytes, userClaim: 'uid' })
    expect(await greet(url, await sign({ uid: 42 }))).toMatchObject({ user: '42' })
    expect(await greet(url, await sign({ sub: 'ada' }))).toMatchObject({ code: 'unauthorized', reason: "the token's claim uid names no user" })
  })

  it.each(refusals)('is refused when %s', async (_when, token, reason) => {
    const { url, failures } = await withJwt({ secret, audience: 'app', issuer: 'https://id.example' })
    expect(await greet(url, await token())).toMatchObject({ code: 'unauthorized', closed: 4401, reason: expect.stringMatching(reason) })
    expect(failures).toEqual([])
  })

  it('may be a little over: clocks differ', async () => {
    const { url } = await withJwt({ secret, tolerance: 30_000 })
    expect(await greet(url, await sign({ sub: 'ada', exp: now() - 10 }))).toMatchObject({ user: 'ada' })
    expect(await greet(url, await sign({ sub: 'ada', exp: now() - 40 }))).toMatchObject({ code: 'unauthorized' })
  })
})

describe('tokens that are refused', () => {
  it('disturb nobody else, however many come, with a hello or later', async () => {
    const on = await attacked(jwtAuth({ secret, audience: 'app', issuer: 'https://id.example', topicsClaim: 'topics' }))
    const good = await sign({ sub: 'ada', aud: 'app', iss: 'https://id.example', topics: ['rooms/*'] })
    const forged = [...refusals.map(([, token, reason]) => [token, reason] as const), [async () => good.slice(0, -2), /^the token is/] as const]
    for (const [token, reason] of forged) {
      const text = await token()
      const stranger = await on.peer().opened()
      stranger.say({ t: 'hello', v: RELAY_VERSION, ...(text !== undefined && { token: text }) })
      const bye = await stranger.next('bye')
      expect([bye.code, bye.reason, (await stranger.closed).code]).toEqual(['unauthorized', expect.stringMatching(reason), CLOSE.unauthorized])
      await on.talk()
      // Nothing is known of who did not come in.
      expect(stranger.of('welcome')).toEqual([])
      if (text === undefined || text === '') continue
      const ada = await on.welcomed(good)
      await ada.attach(0)
      ada.say({ t: 'token', token: text })
      expect(await ada.next('bye')).toMatchObject({ code: 'unauthorized', reason: expect.stringMatching(reason) })
      expect((await ada.closed).code).toBe(CLOSE.unauthorized)
      await on.talk()
    }
    expect(on.failures).toEqual([])
  })

  it('for topics that they do not name change nothing for others', async () => {
    const on = await attacked(jwtAuth({ secret, topicsClaim: 'topics' }))
    const eve = await on.welcomed(await sign({ sub: 'eve', topics: ['eve/*'] }))
    await eve.attach(0)
    eve.say({ t: 'subscribe', s: 0, pattern: 'onlookers/*' })
    eve.say({ t: 'publish', s: 0, topic: 'onlookers/0', data: 'forged', tag: 'doc', clock: 1, time: 1 }, { t: 'history', s: 0, q: 1, patterns: ['onlookers/*'], limit: 10 })
    eve.say({ t: 'watch', s: 0, topic: 'onlookers/0', on: true }, { t: 'occupancy', s: 0, q: 2, topic: 'onlookers/0' })
    await on.talk()
    await eve.settled(0)
    const refused = new Set(eve.of('refused').map(({ what, code, topic = '' }) => `${what} ${code} ${topic}`))
    expect([...refused].slice(0, 5)).toEqual(['subscribe forbidden onlookers/*', 'publish forbidden onlookers/0', 'history forbidden ', 'watch forbidden onlookers/0', 'occupancy forbidden onlookers/0'])
    expect([eve.of('message'), eve.of('page').flatMap(({ m }) => m), eve.of('past')]).toEqual([[], [], []])
  })
})

describe('what a client comes with', () => {
  it('is there for who decides about it: cookies, headers and the url', async () => {
    const asked: unknown[] = []
    const { url } = await startRelay({
      authenticate: async (request, token) => {
        // What comes late finds it, too.
        await new Promise(resolve => setImmediate(resolve))
        asked.push([request.headers.cookie, request.headers['x-tenant'], request.url, token])
        return { userId: /user=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? null }
      },
    })
    const peer = await new Peer(`${url}?room=7`, { headers: { cookie: 'theme=dark; user=ada', 'x-tenant': 'blue' } }).opened()
    onTestFinished(() => peer.end())
    expect(await peer.greet('first')).toMatchObject({ user: 'ada' })
    await peer.attach(0)
    peer.say({ t: 'token', token: 'second' })
    await peer.settled(0)
    await expect.poll(() => asked.length).toBe(2)
    expect(asked).toEqual(['first', 'second'].map(token => ['theme=dark; user=ada', 'blue', '/earshot?room=7', token]))
  })
})

describe('the end of a token', () => {
  it('is told to the relay, which asks for another one before', async () => {
    const { url } = await withJwt({ secret, tolerance: 0 })
    const tokens: string[] = []
    const { hub, failures } = joinHub(url, {
      token: async () => {
        tokens.push(await sign({ sub: 'ada', exp: now() + (tokens.length === 0 ? 2 : 600) }))
        return tokens.at(-1)
      },
    })
    const ada = hub.openSession({ userId: 'ada' })
    await ada.ready
    await expect.poll(() => tokens.length, { timeout: 3000 }).toBe(2)
    await ada.publish('rooms/1', 'still here')
    expect([hub.status.state, failures]).toEqual(['connected', []])
  })

  it('ends the connection when none comes', async () => {
    const { url } = await withJwt({ secret, tolerance: 0 })
    const { client } = await greet(url, await sign({ sub: 'ada', exp: now() + 3 }))
    await client.next('renew')
    expect(await client.next('bye')).toMatchObject({ code: 'unauthorized', reason: 'the token is over' })
    expect(await client.closed).toBe(4401)
  })
})

describe('a token signed by a key of a JWKS', () => {
  /** Serves keys, and counts how often it was asked. */
  async function keyServer(keys: object[]): Promise<{ jwksUrl: string; asked(): number; stop(): void }> {
    let asked = 0
    const server = createServer((_request, response) => {
      asked++
      response.end(JSON.stringify({ keys }))
    })
    const stop = (): void => {
      server.closeAllConnections()
      server.close()
    }
    onTestFinished(stop)
    return { jwksUrl: `http://127.0.0.1:${await listen(server)}/jwks.json`, asked: () => asked, stop }
  }

  it.each(['RS256', 'ES256', 'EdDSA'])('is taken: %s', async alg => {
    const { privateKey, publicKey } = await generateKeyPair(alg)
    const { jwksUrl, asked } = await keyServer([{ ...(await exportJWK(publicKey)), kid: '1', alg }])
    const { url } = await withJwt({ jwksUrl })
    for (const sub of ['ada', 'bob']) expect(await greet(url, await sign({ sub }, { alg, kid: '1', key: privateKey }))).toMatchObject({ user: sub })
    expect(asked()).toBe(1)
  })

  it('is refused when the key is another, or is used as a secret', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
    const jwk = await exportJWK(publicKey)
    const { jwksUrl } = await keyServer([{ ...jwk, kid: '1', alg: 'RS256' }])
    const { url, failures } = await withJwt({ jwksUrl })
    const other = await generateKeyPair('RS256')
    const forged = [
      await sign({ sub: 'ada' }, { alg: 'RS256', kid: '1', key: other.privateKey }),
      await sign({ sub: 'ada' }, { alg: 'RS256', kid: '2', key: privateKey }),
      await sign({ sub: 'ada' }, { alg: 'HS256', kid: '1', key: new TextEncoder().encode(JSON.stringify(jwk)) }),
      new UnsecuredJWT({ sub: 'ada' }).encode(),
    ]
    for (const token of forged) expect(await greet(url, token)).toMatchObject({ code: 'unauthorized', closed: 4401 })
    expect(failures).toEqual([])
  })

  it('is not refused for good when the keys cannot be had: its owner comes back later', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    const { jwksUrl, stop } = await keyServer([])
    stop()
    const { url, failures } = await withJwt({ jwksUrl })
    const token = await sign({ sub: 'ada' }, { alg: 'ES256', kid: '1', key: privateKey })
    expect(await greet(url, token)).toMatchObject({ code: 'not-connected', closed: 1013 })
    expect(failures).toEqual([expect.objectContaining({ code: 'not-connected', message: expect.stringContaining(jwksUrl), cause: expect.anything() })])

    const { hub } = joinHub(url, { token })
    void hub.openSession().ready
    const { cause, retryAt } = await statusOf(hub, ({ state }) => state === 'disconnected')
    expect([cause?.code, retryAt]).toEqual(['connection-lost', expect.any(Number)])
  })
})

describe('the topics of a token', () => {
  const topics = { subscribe: ['rooms/*', 'news'], publish: ['rooms/42', ''], presence: ['rooms/42'], history: ['news'] }

  it('bound what its user may do', async () => {
    const { url } = await withJwt({ secret, topicsClaim: 'topics' })
    const { hub, failures } = joinHub(url, { token: await sign({ sub: 'ada', topics }) })
    const ada = hub.openSession({ userId: 'ada' })
    await ada.publish('rooms/42', 'hi')
    await ada.broadcast('hi')
    expect(await ada.publish('rooms/7', 'hi').then(() => undefined, (error: unknown) => error)).toMatchObject({ code: 'forbidden' })
    expect(await ada.history('rooms/42').then(() => undefined, (error: unknown) => error)).toMatchObject({ code: 'forbidden' })
    expect(await ada.history('news')).toEqual([])
    expect(failures).toEqual([])
  })

  it('narrow a subscription that asks for more', async () => {
    const { url } = await withJwt({ secret, topicsClaim: 'topics' })
    const ada = joinHub(url, { token: await sign({ sub: 'ada', topics }) }).hub.openSession()
    const bob = joinHub(url, { token: await sign({ sub: 'bob', topics: ['**'] }) }).hub.openSession()
    const stream = ada.stream('**')
    await ada.ready
    for (const topic of ['secrets', 'rooms/1/chat', 'rooms/1', 'news']) await bob.publish(topic, topic)
    expect([(await stream.next()).value?.data, (await stream.next()).value?.data]).toEqual(['rooms/1', 'news'])
  })

  it('are those of the token, not of its user', async () => {
    const { url } = await withJwt({ secret, topicsClaim: 'topics' })
    const wide = await greet(url, await sign({ sub: 'ada', topics: ['**'] }))
    const narrow = await greet(url, await sign({ sub: 'ada', topics: [] }))
    const none = await greet(url, await sign({ sub: 'ada' }))
    for (const [i, { client }] of [wide, narrow, none].entries()) client.say({ ...attach, session: `ada-${i}` }, { t: 'subscribe', s: 1, pattern: 'rooms/*' })
    expect(await wide.client.next('subscribed')).toMatchObject({ pattern: 'rooms/*' })
    expect(await narrow.client.next('refused')).toMatchObject({ code: 'forbidden' })
    expect(await none.client.next('refused')).toMatchObject({ code: 'forbidden' })
  })

  it('change when the token is renewed', async () => {
    const { url } = await withJwt({ secret, topicsClaim: 'topics' })
    const { client } = await greet(url, await sign({ sub: 'ada', topics: [] }))
    client.say(attach, { t: 'subscribe', s: 1, pattern: 'news' })
    await client.next('refused')
    client.say({ t: 'token', token: await sign({ sub: 'ada', topics: ['news'] }) })
    await expect
      .poll(async () => {
        client.say({ t: 'subscribe', s: 1, pattern: 'news' })
        return (await client.next('subscribed', 'refused')).t
      })
      .toBe('subscribed')
  })

  it.each([['rooms'], [{ read: ['a'] }], [['a//b']]])('that make no sense refuse the token: %j', async claim => {
    const { url } = await withJwt({ secret, topicsClaim: 'topics' })
    expect(await greet(url, await sign({ sub: 'ada', topics: claim }))).toMatchObject({ code: 'unauthorized', reason: "the token's claim topics holds no patterns" })
  })
})

it.each<[string, JwtOptions]>([
  ['neither a secret nor keys', {}],
  ['both', { secret, jwksUrl: 'https://id.example/jwks.json' }],
  ['a short secret', { secret: 'x'.repeat(31) }],
  ['no url', { jwksUrl: 'jwks.json' }],
  ['another kind of url', { jwksUrl: 'file:///jwks.json' }],
  ['a negative tolerance', { secret, tolerance: -1 }],
])('%s are invalid options', (_what, options) => {
  expect(() => jwtAuth(options)).toThrow(expect.toSatisfy((error: unknown) => isEarshotError(error, 'invalid-options')))
})
