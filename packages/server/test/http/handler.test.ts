import { createServer, type IncomingMessage, request } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createRelay, memoryEngine } from '../../src/index.ts'
import { joinHub, listen, startRelay } from '../support/running-relay.ts'

const key = 'a key of the tests'.replaceAll(' ', '-')
const bearer = { authorization: `Bearer ${key}` }

/** Asks, and reads the JSON of the answer. */
async function ask(url: string, init: RequestInit = {}): Promise<{ status: number; body: unknown; headers: Headers }> {
  const response = await fetch(url, { headers: bearer, ...init })
  return { status: response.status, body: await response.json(), headers: response.headers }
}

function post(url: string, body: unknown, headers: Record<string, string> = bearer): ReturnType<typeof ask> {
  return ask(url, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) })
}

describe('a back end', () => {
  it('publishes what browsers hear, with its place in the log', async () => {
    const { url, http } = await startRelay({}, { key })
    const ada = joinHub(url).hub.openSession()
    const stream = ada.stream('rooms/*')
    await ada.ready
    expect(await post(`${http}/earshot/publish`, { topic: 'rooms/1', data: { text: 'hi' } })).toMatchObject({ status: 200, body: { offset: 1 } })
    expect((await stream.next()).value).toMatchObject({ topic: 'rooms/1', data: { text: 'hi' }, from: '', offset: 1 })
  })

  it.each([[0], [''], [false], [null], [[]], [{}]])('publishes %j as it is', async data => {
    const { relay, http } = await startRelay({}, { key })
    expect(await post(`${http}/earshot/publish`, { topic: 'a', data })).toMatchObject({ status: 200 })
    expect((await relay.history('a')).messages).toMatchObject([{ data }])
  })

  it('publishes volatile messages, which no log keeps', async () => {
    const { relay, url, http } = await startRelay({}, { key })
    const ada = joinHub(url).hub.openSession()
    const stream = ada.stream('cursors/*')
    await ada.ready
    expect(await post(`${http}/earshot/publish`, { topic: 'cursors/ada', data: 7, volatile: true })).toMatchObject({ status: 200, body: {} })
    expect((await stream.next()).value).toMatchObject({ data: 7, offset: undefined })
    expect(await relay.history('cursors/ada')).toMatchObject({ messages: [] })
  })

  it('publishes to some users only, and sees for whom a message was', async () => {
    const { url, http } = await startRelay({ authenticate: (_request, token) => ({ userId: token ?? null }) }, { key })
    const [ada, bob] = ['ada', 'bob'].map(token => joinHub(url, { token }).hub.openSession({ userId: token }))
    const streams = [ada, bob].map(session => session?.stream('orders'))
    await Promise.all([ada?.ready, bob?.ready])
    await post(`${http}/earshot/publish`, { topic: 'orders', data: 'for both', to: ['ada', 'bob'] })
    await post(`${http}/earshot/publish`, { topic: 'orders', data: 'for bob', to: 'bob' })
    await post(`${http}/earshot/publish`, { topic: 'orders', data: 'for all' })
    const heard = async (stream: (typeof streams)[0], count: number): Promise<unknown[]> => {
      const all: unknown[] = []
      for (let i = 0; i < count; i++) all.push((await stream?.next())?.value?.data)
      return all
    }
    expect(await heard(streams[0], 2)).toEqual(['for both', 'for all'])
    expect(await heard(streams[1], 3)).toEqual(['for both', 'for bob', 'for all'])
    const { body } = await ask(`${http}/earshot/history?topic=orders`)
    expect(body).toMatchObject({ messages: [{ to: ['ada', 'bob'] }, { to: ['bob'] }, { data: 'for all' }] })
  })

  it('keeps a value for those who come when the history around it is gone', async () => {
    const { http } = await startRelay({ engine: memoryEngine({ messages: 1 }) }, { key })
    await post(`${http}/earshot/publish`, { topic: 'theme', data: 'dark', retain: true })
    await post(`${http}/earshot/publish`, { topic: 'theme', data: 'just history' })
    const { body } = await ask(`${http}/earshot/history?topic=theme&limit=10`)
    expect(body).toMatchObject({ messages: [{ data: 'dark' }, { data: 'just history' }] })
  })

  it('broadcasts', async () => {
    const { url, http } = await startRelay({}, { key })
    const ada = joinHub(url).hub.openSession()
    const heard = new Promise(resolve => ada.onBroadcast(resolve))
    await ada.ready
    expect(await post(`${http}/earshot/broadcast`, { data: 'all of you' })).toMatchObject({ status: 200, body: { offset: 1 } })
    expect(await heard).toMatchObject({ topic: '', data: 'all of you' })
  })

  it('reads history from a position on, and learns of a gap', async () => {
    const { relay, http } = await startRelay({}, { key })
    for (const n of [1, 2, 3]) await relay.publish(`rooms/${n}`, n)
    const last = await ask(`${http}/earshot/history?topic=rooms/*&limit=2`)
    expect(last.body).toMatchObject({ messages: [{ topic: 'rooms/2', offset: 2 }, { topic: 'rooms/3', offset: 3, id: expect.any(String) }], gap: false })
    const { position } = last.body as { position: string }
    await relay.publish('rooms/4', 4)
    const next = await ask(`${http}/earshot/history?topic=rooms/**&since=${position}`)
    expect(next.body).toMatchObject({ messages: [{ data: 4 }], gap: false })
    expect((await ask(`${http}/earshot/history?topic=rooms/**&before=2`)).body).toMatchObject({ messages: [{ data: 1 }] })
    const former = await ask(`${http}/earshot/history?topic=rooms/**&since=former.3`)
    expect(former.body).toMatchObject({ messages: [{ data: 1 }, { data: 2 }, { data: 3 }, { data: 4 }], gap: true })
  })

  it('sees who is on a topic, and how many listen', async () => {
    const { url, http } = await startRelay({ authenticate: () => ({ userId: 'ada' }) }, { key })
    const { hub } = joinHub(url)
    const ada = hub.openSession({ userId: 'ada' })
    ada.subscribe('rooms/1', () => {})
    ada.presence('rooms/1').enter({ status: 'here' })
    await ada.ready
    await expect.poll(async () => (await ask(`${http}/earshot/presence?topic=rooms/1`)).body).toMatchObject({
      members: [{ id: ada.id, userId: 'ada', data: { status: 'here' }, since: expect.any(Number) }],
    })
    expect((await ask(`${http}/earshot/occupancy?topic=rooms/1`)).body).toEqual({ sessions: 1 })
    expect((await ask(`${http}/earshot/presence?topic=rooms/2`)).body).toEqual({ members: [] })
  })

  it('disconnects a user, for good', async () => {
    const { url, http } = await startRelay({ authenticate: (_request, token) => ({ userId: token ?? null }) }, { key })
    const ada = joinHub(url, { token: 'ada' }).hub
    const bob = joinHub(url, { token: 'bob' }).hub
    await Promise.all([ada.openSession().ready, bob.openSession().ready])
    const ended = new Promise(resolve => ada.on('status', status => status.state === 'disconnected' && resolve(status)))
    expect(await post(`${http}/earshot/disconnect`, { userId: 'ada' })).toMatchObject({ status: 200, body: { connections: 1 } })
    expect(await ended).toMatchObject({ cause: { code: 'forbidden' } })
    expect(bob.status.state).toBe('connected')
  })
})

describe('what is refused', () => {
  it.each([
    ['no key', {}],
    ['another key', { authorization: 'Bearer another-key-of-the-tests' }],
    ['a part of the key', { authorization: `Bearer ${key.slice(0, -1)}` }],
    ['another scheme', { authorization: `Basic ${key}` }],
    ['the bare key', { authorization: key }],
  ])('with %s nothing is published', async (_what, headers) => {
    const { relay, http } = await startRelay({}, { key })
    const { status, body, headers: answered } = await post(`${http}/earshot/publish`, { topic: 'a', data: 1 }, headers as Record<string, string>)
    expect([status, body, answered.get('www-authenticate')]).toEqual([401, { error: { code: 'unauthorized', message: expect.any(String) } }, 'Bearer'])
    expect(relay.stats.published).toBe(0)
  })

  it.each(['publish', 'broadcast', 'disconnect', 'history?topic=a', 'presence?topic=a', 'occupancy?topic=a'])('without a configured key %s is nobody’s', async what => {
    const { http } = await startRelay()
    const init = what.includes('?') ? {} : { method: 'POST', body: '{}' }
    expect(await ask(`${http}/earshot/${what}`, init)).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } })
  })

  it('of two keys both are taken, so that one can take the other’s place', async () => {
    const { http } = await startRelay({}, { key: [key, 'the-next-key-of-the-tests'] })
    for (const each of [key, 'the-next-key-of-the-tests']) {
      expect(await post(`${http}/earshot/publish`, { topic: 'a', data: 1 }, { authorization: `bearer ${each}` })).toMatchObject({ status: 200 })
    }
  })

  it.each(['', 'short', 'sixteen or more, but with spaces', 'ключ-длиннее-шестнадцати'])('the key %j is refused when the handler is made', each => {
    expect(() => createRelay().handler({ key: each })).toThrow(expect.objectContaining({ code: 'invalid-options' }))
  })

  it.each([
    ['no JSON', 'publish', '{"topic":', 'invalid-data'],
    ['nothing', 'publish', '', 'invalid-data'],
    ['a list', 'publish', '[]', 'invalid-data'],
    ['null', 'publish', 'null', 'invalid-data'],
    ['no topic', 'publish', '{"data":1}', 'invalid-data'],
    ['no data', 'publish', '{"topic":"a"}', 'invalid-data'],
    ['a topic that is none', 'publish', '{"topic":"a//b","data":1}', 'invalid-topic'],
    ['a wildcard', 'publish', '{"topic":"a/*","data":1}', 'invalid-topic'],
    ['a number as topic', 'publish', '{"topic":1,"data":1}', 'invalid-data'],
    ['users that are none', 'publish', '{"topic":"a","data":1,"to":[1]}', 'invalid-data'],
    ['no users at all', 'publish', '{"topic":"a","data":1,"to":[]}', 'invalid-data'],
    ['a value that is volatile', 'publish', '{"topic":"a","data":1,"volatile":true,"retain":true}', 'invalid-data'],
    ['volatile as text', 'publish', '{"topic":"a","data":1,"volatile":"yes"}', 'invalid-data'],
    ['an unknown field', 'publish', '{"topic":"a","data":1,"tpoic":"b"}', 'invalid-data'],
    ['a __proto__', 'publish', '{"topic":"a","data":{"__proto__":{"x":1}}}', 'not-serializable'],
    ['data that is too deep', 'publish', `{"topic":"a","data":${'['.repeat(70)}${']'.repeat(70)}}`, 'not-serializable'],
    ['a retained broadcast', 'broadcast', '{"data":1,"retain":true}', 'invalid-data'],
    ['a value for some users', 'publish', '{"topic":"a","data":1,"retain":true,"to":["ada"]}', 'invalid-options'],
    ['no user', 'disconnect', '{}', 'invalid-data'],
  ])('%s: %s %s', async (_what, name, body, code) => {
    const { relay, http } = await startRelay({}, { key })
    expect(await post(`${http}/earshot/${name}`, body)).toMatchObject({ status: 400, body: { error: { code } } })
    expect(relay.stats.published).toBe(0)
  })

  it.each([
    ['history', 'invalid-data'],
    ['history?topic=a/**/b', 'invalid-pattern'],
    ['history?topic=a&limit=-1', 'invalid-data'],
    ['history?topic=a&limit=ten', 'invalid-data'],
    ['history?topic=a&limt=10', 'invalid-data'],
    ['presence?topic=a/*', 'invalid-topic'],
    ['occupancy?topic=', 'invalid-topic'],
  ])('%s', async (what, code) => {
    const { http } = await startRelay({}, { key })
    expect(await ask(`${http}/earshot/${what}`)).toMatchObject({ status: 400, body: { error: { code } } })
  })

  it('a text that is no UTF-8', async () => {
    const { http } = await startRelay({}, { key })
    const body = Buffer.from('{"topic":"a","data":"\xff"}', 'latin1')
    expect(await ask(`${http}/earshot/publish`, { method: 'POST', body })).toMatchObject({ status: 400, body: { error: { code: 'invalid-data' } } })
  })

  it('a body that was compressed', async () => {
    const { http } = await startRelay({}, { key })
    expect(await post(`${http}/earshot/publish`, 'x', { ...bearer, 'content-encoding': 'gzip' })).toMatchObject({ status: 415, body: { error: { code: 'unsupported' } } })
  })

  it('a body that is too large, by its word and by its bytes', async () => {
    const { relay, http, port } = await startRelay({}, { key, body: 100 })
    const large = { topic: 'a', data: 'x'.repeat(100) }
    expect(await post(`${http}/earshot/publish`, large)).toMatchObject({ status: 413, body: { error: { code: 'payload-too-large' } } })
    const status = await new Promise((resolve, reject) => {
      // No length is said, and it never ends.
      const endless = request({ host: '127.0.0.1', port, path: '/earshot/publish', method: 'POST', headers: bearer })
      endless.on('response', ({ statusCode }) => {
        endless.destroy()
        resolve(statusCode)
      })
      endless.on('error', reject)
      endless.write('x'.repeat(200))
    })
    expect(status).toBe(413)
    expect(relay.stats.published).toBe(0)
  })

  it('half a body harms nobody', async () => {
    const failures: unknown[] = []
    const { relay, http, port, server } = await startRelay({ onError: error => failures.push(error) }, { key })
    const hungUp = new Promise(resolve => server.once('request', (incoming: IncomingMessage) => incoming.once('close', resolve)))
    const half = request({ host: '127.0.0.1', port, path: '/earshot/publish', method: 'POST', headers: { ...bearer, 'content-length': 100 } })
    half.on('error', () => {})
    server.once('request', () => half.destroy())
    half.write('{"topic":')
    await hungUp
    expect(await post(`${http}/earshot/publish`, { topic: 'a', data: 1 })).toMatchObject({ status: 200 })
    expect([relay.stats.published, failures]).toEqual([1, []])
  })

  it('another method', async () => {
    const { http } = await startRelay({}, { key })
    const got = await ask(`${http}/earshot/publish`)
    expect([got.status, got.headers.get('allow'), got.body]).toEqual([405, 'POST', { error: { code: 'method-not-allowed', message: 'Use POST' } }])
    const posted = await post(`${http}/earshot/history?topic=a`, {})
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET'])
  })

  it.each(['/', '/earshot', '/earshot/', '/earshot/publish/', '/earshot/constructor', '/other', '//'])('nothing is at %s', async path => {
    const { http } = await startRelay({}, { key })
    expect(await ask(`${http}${path}`)).toMatchObject({ status: 404, body: { error: { code: 'not-found' } } })
  })

  it('a failing engine is told to the relay’s owner, not to the caller', async () => {
    const failures: unknown[] = []
    const engine = memoryEngine()
    engine.append = () => {
      throw new Error('the disk is full: /var/secret')
    }
    const { http } = await startRelay({ engine, onError: error => failures.push(error) }, { key })
    const { status, body } = await post(`${http}/earshot/publish`, { topic: 'a', data: 1 })
    expect([status, body]).toEqual([500, { error: { code: 'internal', message: expect.not.stringContaining('secret') } }])
    expect(failures).toEqual([expect.objectContaining({ message: 'the disk is full: /var/secret' })])
  })

  it.each([{ path: 'earshot' }, { path: '/earshot/' }, { path: '/a b' }, { probes: '' }])('%j is refused when the handler is made', options => {
    expect(() => createRelay().handler(options)).toThrow(expect.objectContaining({ code: 'invalid-options' }))
  })
})

describe('an app around it', () => {
  it('answers what is not the relay’s', async () => {
    const relay = createRelay()
    const handler = relay.handler({ key })
    const server = createServer((incoming, response) => handler(incoming, response, () => response.end('"the app"')))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
      return relay.close()
    })
    const http = `http://127.0.0.1:${await listen(server)}`
    expect(await ask(`${http}/healthz`)).toMatchObject({ status: 200, body: 'the app' })
    expect(await ask(`${http}/earshot`)).toMatchObject({ status: 200, body: 'the app' })
    expect(await ask(`${http}/earshot/occupancy?topic=a`)).toMatchObject({ status: 200, body: { sessions: 0 } })
  })

  it('may have answered already: that is told, and nothing breaks', async () => {
    const failures: unknown[] = []
    const relay = createRelay({ onError: error => failures.push(error) })
    const handler = relay.handler()
    const server = createServer((incoming, response) => {
      response.end('"the app"')
      handler(incoming, response)
    })
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
      return relay.close()
    })
    expect(await ask(`http://127.0.0.1:${await listen(server)}/earshot/healthz`)).toMatchObject({ status: 200, body: 'the app' })
    await expect.poll(() => failures).toEqual([expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' })])
  })

  it('is told when it has read the body before the relay', async () => {
    const relay = createRelay()
    const handler = relay.handler({ key })
    const server = createServer((incoming, response) => {
      incoming.resume().on('end', () => handler(incoming, response))
    })
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
      return relay.close()
    })
    const answer = await post(`http://127.0.0.1:${await listen(server)}/earshot/publish`, { topic: 'a', data: 1 })
    expect(answer).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining('nothing read the body') } } })
  })

  it('puts the relay where it likes', async () => {
    const { http } = await startRelay({}, { key, path: '/live/relay', probes: '/' })
    expect(await ask(`${http}/live/relay/occupancy?topic=a`)).toMatchObject({ status: 200 })
    expect((await fetch(`${http}/healthz`)).status).toBe(200)
    expect((await fetch(`${http}/live/relay/healthz`)).status).toBe(404)
  })
})

describe('probes', () => {
  it('say that the process lives and that the relay is ready, with no key', async () => {
    const { http } = await startRelay()
    expect(await (await fetch(`${http}/earshot/healthz`)).text()).toBe('ok')
    expect(await (await fetch(`${http}/earshot/readyz`)).text()).toBe('ready')
    expect(await (await fetch(`${http}/earshot/readyz`, { method: 'HEAD' })).text()).toBe('')
    expect((await fetch(`${http}/earshot/readyz`, { method: 'POST' })).status).toBe(405)
  })

  it('say that the relay stops, from the moment it is told to', async () => {
    const { relay, http } = await startRelay({}, { key })
    const closed = relay.close()
    expect((await fetch(`${http}/earshot/readyz`)).status).toBe(503)
    expect((await fetch(`${http}/earshot/healthz`)).status).toBe(200)
    expect(await post(`${http}/earshot/publish`, { topic: 'a', data: 1 })).toMatchObject({ status: 503, body: { error: { code: 'not-connected' } } })
    await closed
    expect((await fetch(`${http}/earshot/readyz`)).status).toBe(503)
  })
})
