import { createServer, get } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { createRelay, type RelayOptions } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { joinHub, listen, startRelay, statusOf } from '../support/running-relay.ts'

const hello = { t: 'hello', v: 1 } as const

/** What a server answers to these bytes, until it ends the connection. */
function talk(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.setEncoding('utf8').on('data', part => (said += part))
    socket.on('end', () => resolve(said))
    socket.on('error', reject)
  })
}

/** A request to become a WebSocket, as text. */
function upgrade(path: string, headers: Record<string, string> = {}): string {
  const all = { host: 'relay', connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', ...headers }
  return `GET ${path} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

describe('who may connect', () => {
  it('is no page of another site: its browser says where it is from', async () => {
    const { relay, url } = await startRelay()
    const hijacker = new RawClient(url, { origin: 'https://evil.example' })
    await expect(hijacker.opened()).rejects.toThrow('HTTP 403')
    expect(relay.stats.connections).toBe(0)
  })

  it('is no page of the same site at another port', async () => {
    const { url } = await startRelay()
    await expect(new RawClient(url, { origin: 'http://127.0.0.1:1' }).opened()).rejects.toThrow('HTTP 403')
  })

  it('is a page of the same host, and what is no page', async () => {
    const { url, port } = await startRelay()
    await new RawClient(url, { origin: `http://127.0.0.1:${port}` }).opened()
    await new RawClient(url).opened()
  })

  it.each<[RelayOptions['origins'], boolean]>([
    ['*', true],
    [['https://app.example'], true],
    [['https://other.example'], false],
  ])('is decided by origins: %j', async (origins, expected) => {
    const { url } = await startRelay(origins ? { origins } : {})
    const opened = new RawClient(url, { origin: 'https://app.example' }).opened()
    if (expected) await opened
    else await expect(opened).rejects.toThrow('HTTP 403')
  })
})

describe('a request to upgrade', () => {
  it.each(['/', '/other', '/earshot/', '//', '/%', '*', 'http://['])('to %s is not found, and the process lives', async path => {
    const { url, port } = await startRelay()
    expect(await talk(port, upgrade(path))).toMatch(/^HTTP\/1\.1 40[04] /)
    await new RawClient(url).opened()
  })

  it('may have a query', async () => {
    const { url } = await startRelay()
    await new RawClient(`${url}?v=1`).opened()
  })

  it('to another path is left to whoever else listens', async () => {
    const { server, url, port } = await startRelay()
    const other = new WebSocketServer({ noServer: true })
    server.on('upgrade', (request, socket, head) => {
      if (request.url === '/other') other.handleUpgrade(request, socket, head, accepted => accepted.send('the other'))
    })
    const client = new RawClient(`ws://127.0.0.1:${port}/other`)
    expect(await new Promise(resolve => client.socket.on('message', data => resolve(String(data))))).toBe('the other')
    await new RawClient(url).opened()
  })

  it('to a path of none of several relays is not found, and each relay has its own', async () => {
    const { relay, server, url, port } = await startRelay()
    const other = createRelay()
    onTestFinished(() => other.close())
    const detach = [other.attach(server, { path: '/other' }), relay.attach(server, { path: '/too' })]
    expect(await talk(port, upgrade('/nowhere'))).toMatch(/^HTTP\/1\.1 404 /)
    for (const path of ['/earshot', '/other', '/too']) await new RawClient(url.replace('/earshot', path)).opened()
    expect([relay.stats.connections, other.stats.connections]).toEqual([2, 1])
    for (const end of detach) end()
    expect(await talk(port, upgrade('/other'))).toMatch(/^HTTP\/1\.1 404 /)
    // Somebody else may have it, who is no relay.
    detach.push(other.attach(server, { path: '/other' }))
    server.on('upgrade', (request, socket) => {
      if (request.url === '/nowhere') socket.end('HTTP/1.1 418 Somewhere\r\n\r\n')
    })
    expect(await talk(port, upgrade('/nowhere'))).toMatch(/^HTTP\/1\.1 418 /)
  })

  it('that is no WebSocket’s is refused', async () => {
    const { port } = await startRelay()
    expect(await talk(port, upgrade('/earshot', { 'sec-websocket-key': 'x' }))).toMatch(/^HTTP\/1\.1 400 /)
    expect(await talk(port, upgrade('/earshot', { 'sec-websocket-version': '1' }))).toMatch(/^HTTP\/1\.1 4\d\d /)
  })

  it('whose socket is reset at once harms nobody', async () => {
    const { url, port, server } = await startRelay({ origins: [] })
    const seen = new Promise(resolve => server.once('upgrade', resolve))
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(upgrade('/earshot', { origin: 'https://evil.example' }))
      void seen.then(() => socket.resetAndDestroy())
    })
    await new Promise(resolve => socket.on('close', resolve))
    await new RawClient(url).opened()
  })

  it('is not taken any more once it is detached', async () => {
    const relay = createRelay()
    const server = createServer((_request, response) => response.writeHead(404).end())
    onTestFinished(async () => {
      await relay.close()
      server.close()
    })
    const detach = relay.attach(server, { path: '/live' })
    const url = `ws://127.0.0.1:${await listen(server)}/live`
    await new RawClient(url).opened()
    detach()
    detach()
    await expect(new RawClient(url).opened()).rejects.toThrow('HTTP 404')
    expect(server.listenerCount('upgrade')).toBe(0)
  })

  it.each(['earshot', '', '/earshot/', '/a?b'])('cannot be waited for at %j', path => {
    expect(() => createRelay().attach(createServer(), { path })).toThrow(expect.objectContaining({ code: 'invalid-options', details: { name: 'path', value: path } }))
  })
})

describe('the size of frames', () => {
  it('is not bargained over: nothing is compressed', async () => {
    const { url } = await startRelay()
    const client = new RawClient(url, { perMessageDeflate: true })
    await client.opened()
    expect(client.socket.extensions).toBe('')
  })

  it('ends a connection with a frame beyond the limit, by name', async () => {
    const { url } = await startRelay({ limits: { frame: 1000 } })
    const client = new RawClient(url)
    await client.opened()
    client.say({ ...hello, token: 'x'.repeat(1000) })
    expect(await client.next('bye')).toMatchObject({ code: 'payload-too-large' })
    expect(await client.closed).toBe(4413)
  })

  it('is counted in characters: a frame within the limit may have three times its bytes', async () => {
    const { url } = await startRelay({ limits: { frame: 1000 }, authenticate: (_request, token) => ({ userId: token?.slice(0, 1) ?? null }) })
    const client = new RawClient(url)
    await client.opened()
    client.say({ ...hello, token: '語'.repeat(900) })
    expect(await client.next('welcome')).toMatchObject({ user: '語', frame: 1000 })
  })

  it('beyond three bytes a character is not even read', async () => {
    const { url } = await startRelay({ limits: { frame: 1000 } })
    const client = new RawClient(url)
    await client.opened()
    client.socket.send('x'.repeat(3001))
    expect(await client.closed).toBe(1009)
  })

  it.each([2000, 5000])('ends a hub with payload-too-large, and it does not come back: a token of %i', async length => {
    const { url } = await startRelay({ limits: { frame: 1000 } })
    const { hub } = joinHub(url, { token: 'x'.repeat(length) })
    void hub.openSession().ready
    const { cause, retryAt } = await statusOf(hub, ({ state }) => state === 'disconnected')
    expect([cause?.code, retryAt]).toEqual(['payload-too-large', undefined])
  })

  it('ends a connection that sends bytes instead of text', async () => {
    const { url } = await startRelay()
    const client = new RawClient(url)
    await client.opened()
    client.socket.send(Buffer.from([1, 2, 3]))
    expect(await client.closed).toBe(1003)
  })
})

describe('a relay that closes', () => {
  it('tells its clients to come back, spread over a time', async () => {
    const { relay, url } = await startRelay()
    const client = new RawClient(url)
    await client.opened()
    client.say(hello)
    await client.next('welcome')
    await relay.close({ spread: 1234 })
    expect(await client.next('bye')).toEqual({ t: 'bye', code: 'connection-lost', reason: 'the relay stops', spread: 1234 })
    expect(await client.closed).toBe(1012)
  })

  it('has hubs that wait within that time, and join whoever listens there next', async () => {
    const { relay, server, url } = await startRelay()
    const { hub } = joinHub(url, { random: () => 0.5 })
    const ada = hub.openSession()
    await ada.ready
    const lost = statusOf(hub, ({ state }) => state === 'disconnected')
    const before = Date.now()
    await relay.close({ spread: 200 })
    const { cause, retryAt = 0 } = await lost
    expect(cause?.code).toBe('connection-lost')
    expect(retryAt - before).toBeGreaterThanOrEqual(100)
    expect(retryAt - Date.now()).toBeLessThanOrEqual(200)

    const next = createRelay()
    next.attach(server)
    onTestFinished(() => next.close())
    await statusOf(hub, ({ state }) => state === 'connected')
    const stream = ada.stream('news')
    await ada.ready
    await next.publish('news', 'back')
    expect((await stream.next()).value).toMatchObject({ data: 'back' })
  })

  it('has hubs that do not forget what they began or ended to listen to while they were joining again', async () => {
    const { relay, server, url } = await startRelay()
    const { hub, failures } = joinHub(url)
    const ada = hub.openSession()
    for (const topic of ['ended', 'kept', 'changed']) ada.subscribe(topic, () => {})
    await ada.ready
    const lost = statusOf(hub, ({ state }) => state === 'disconnected')
    await relay.close({ spread: 1 })
    await lost
    const next = createRelay()
    next.attach(server)
    onTestFinished(() => next.close())
    // The relay has welcomed it, and was told of its session; the answer is under way.
    await statusOf(hub, ({ state }) => state === 'connected')
    ada.unsubscribe('ended')
    ada.unsubscribe('changed')
    const stream = ada.stream(['begun', 'changed'])
    await ada.ready
    await ada.publish('begun', 1)
    await ada.publish('changed', 2)
    expect([(await stream.next()).value?.data, (await stream.next()).value?.data]).toEqual([1, 2])
    expect(['ended', 'kept', 'changed', 'begun'].map(topic => next.occupancy(topic))).toEqual([0, 1, 1, 1])
    expect(failures).toEqual([])
  })

  it('lets nobody in meanwhile, and cuts off who does not hang up', async () => {
    const { relay, url, port } = await startRelay()
    const deaf = connect(port, '127.0.0.1', () => deaf.write(upgrade('/earshot')))
    await new Promise(resolve => deaf.once('data', resolve))
    deaf.pause()
    const closed = relay.close()
    await expect(new RawClient(url).opened()).rejects.toThrow('HTTP 503')
    await closed
    expect(relay.stats.connections).toBe(0)
    deaf.destroy()
  })

  it('closes once, however often it is told to, and publishes nothing any more', async () => {
    const { relay } = await startRelay()
    expect(relay.close()).toBe(relay.close())
    await relay.close()
    await expect(relay.publish('a', 1)).rejects.toMatchObject({ code: 'not-connected' })
    await expect(relay.broadcast(1)).rejects.toMatchObject({ code: 'not-connected' })
  })

  it('leaves the server as it was', async () => {
    const { relay, server, http } = await startRelay()
    await relay.close()
    expect(server.listenerCount('upgrade')).toBe(0)
    expect(await new Promise(resolve => get(`${http}/earshot/healthz`, ({ statusCode }) => resolve(statusCode)))).toBe(200)
  })
})

describe('what a server publishes', () => {
  it.each([
    ['undefined', undefined, 'invalid-data'],
    ['a function', () => {}, 'not-serializable'],
    ['a symbol', Symbol('x'), 'not-serializable'],
    ['a bigint', { n: 1n }, 'not-serializable'],
    ['what is too deep', JSON.parse(`${'['.repeat(70)}${']'.repeat(70)}`), 'not-serializable'],
    ['a __proto__', JSON.parse('{"__proto__":1}'), 'not-serializable'],
  ])('is refused when it is %s', async (_what, data, code) => {
    const { relay } = await startRelay()
    await expect(relay.publish('a', data)).rejects.toMatchObject({ code })
    await expect(relay.broadcast(data)).rejects.toMatchObject({ code })
    expect(await relay.history('a')).toMatchObject({ messages: [] })
  })

  it('is refused when it is to be volatile and the value', async () => {
    const { relay } = await startRelay()
    await expect(relay.publish('a', 1, { volatile: true, retain: true })).rejects.toMatchObject({ code: 'invalid-options', message: expect.stringContaining('leave out `volatile` or `retain`') })
    expect(relay.stats.published).toBe(0)
  })

  it('is refused on what is no topic', async () => {
    const { relay } = await startRelay()
    await expect(relay.publish('a/*', 1)).rejects.toMatchObject({ code: 'invalid-topic' })
    await expect(relay.history('a//b')).rejects.toMatchObject({ code: 'invalid-pattern' })
  })
})
