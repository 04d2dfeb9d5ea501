import { createServer } from 'node:net'
import { createServer as createHttpServer } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { helpText } from '../../src/cli/flags.ts'
import { compileServer, ServerProcess } from '../support/child.ts'
import { RawClient } from '../support/raw-client.ts'
import { joinHub, listen, statusOf } from '../support/running-relay.ts'

const key = 'a-key-of-the-tests'
const secret = 'a secret of the tests, 32 bytes or more'

beforeAll(compileServer, 60_000)

describe('earshot-server', { timeout: 20_000 }, () => {
  it('joins browsers at a port that the system chose, and says where', async () => {
    const server = new ServerProcess(['--port', '0'])
    const port = await server.port()
    expect(await server.line('listening')).toMatchObject({ level: 'info', url: `ws://127.0.0.1:${port}/earshot`, jwt: false, api: false })
    const [ada, bob] = [0, 1].map(() => joinHub(`ws://127.0.0.1:${port}/earshot`).hub.openSession())
    const stream = bob?.stream('rooms/*')
    await bob?.ready
    await ada?.publish('rooms/1', 'hi')
    expect((await stream?.next())?.value).toMatchObject({ data: 'hi', offset: 1 })
    const http = `http://127.0.0.1:${port}`
    expect(await (await fetch(`${http}/healthz`)).text()).toBe('ok')
    expect(await (await fetch(`${http}/readyz`)).text()).toBe('ready')
    expect(await (await fetch(`${http}/metrics`)).text()).toContain('earshot_connections 2\n')
    expect((await fetch(`${http}/earshot/history?topic=rooms/1`)).status).toBe(403)
    expect((await fetch(http)).status).toBe(404)
  })

  it('is set by variables of the environment', async () => {
    const server = new ServerProcess([], { EARSHOT_PORT: '0', EARSHOT_PATH: '/live', EARSHOT_KEY: key, EARSHOT_HISTORY_MESSAGES: '1', EARSHOT_ORIGINS: 'https://app.example' })
    const port = await server.port()
    const http = `http://127.0.0.1:${port}/live`
    const headers = { authorization: `Bearer ${key}` }
    for (const data of [1, 2]) await fetch(`${http}/publish`, { method: 'POST', headers, body: JSON.stringify({ topic: 'a', data }) })
    expect(await (await fetch(`${http}/history?topic=a`, { headers })).json()).toMatchObject({ messages: [{ data: 2 }] })
    await new RawClient(`ws://127.0.0.1:${port}/live`, { origin: 'https://app.example' }).opened()
    await expect(new RawClient(`ws://127.0.0.1:${port}/live`, { origin: `http://127.0.0.1:${port}` }).opened()).rejects.toThrow('403')
    expect(server.stdout).not.toContain(key)
  })

  it('checks tokens', async () => {
    const server = new ServerProcess(['--port', '0', '--jwt-topics-claim', 'topics'], { EARSHOT_JWT_SECRET: secret })
    const url = `ws://127.0.0.1:${await server.port()}/earshot`
    const token = await new SignJWT({ sub: 'ada', topics: { subscribe: ['rooms/*'] } }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret))
    const client = new RawClient(url)
    await client.opened()
    client.say({ t: 'hello', v: 1, token })
    expect(await client.next('welcome')).toMatchObject({ user: 'ada' })
    const other = new RawClient(url)
    await other.opened()
    other.say({ t: 'hello', v: 1 })
    expect(await other.closed).toBe(4401)
    expect(server.stdout).not.toContain(token)
  })

  it('checks whom a token is of and for, and asks for keys at a url', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    const keys = createHttpServer((_request, response) => void exportJWK(publicKey).then(jwk => response.end(JSON.stringify({ keys: [{ ...jwk, alg: 'RS256', kid: 'one' }] }))))
    onTestFinished(() => void keys.close())
    const jwks = `http://127.0.0.1:${await listen(keys)}/keys`
    const server = new ServerProcess(['--port', '0', '--jwt-jwks', jwks, '--jwt-issuer', 'https://sign.example', '--jwt-audience', 'relay'])
    const url = `ws://127.0.0.1:${await server.port()}/earshot`
    const answer = async (issuer: string, audience: string): Promise<unknown> => {
      const token = await new SignJWT({ sub: 'ada' }).setProtectedHeader({ alg: 'RS256', kid: 'one' }).setIssuer(issuer).setAudience(audience).setExpirationTime('1h').sign(privateKey)
      const client = new RawClient(url)
      await client.opened()
      client.say({ t: 'hello', v: 1, token })
      return Promise.race([client.next('welcome').then(({ user }) => user), client.closed])
    }
    expect(await answer('https://sign.example', 'relay')).toBe('ada')
    expect([await answer('https://other.example', 'relay'), await answer('https://sign.example', 'another')]).toEqual([4401, 4401])
  })

  it('keeps to its bounds, and signs names of sessions', async () => {
    const server = new ServerProcess(['--port', '0', '--connections', '1', '--history-topics', '2', '--history-size', '400', '--key', key], { EARSHOT_SECRET: secret })
    const port = await server.port()
    const http = `http://127.0.0.1:${port}/earshot`
    const headers = { authorization: `Bearer ${key}` }
    const publish = (topic: string, data: unknown): Promise<Response> => fetch(`${http}/publish`, { method: 'POST', headers, body: JSON.stringify({ topic, data }) })
    const kept = async (topic: string): Promise<number> => ((await (await fetch(`${http}/history?topic=${topic}`, { headers })).json()) as { messages: unknown[] }).messages.length
    for (const topic of ['a', 'b', 'c']) await publish(topic, 1)
    expect([await kept('a'), await kept('b'), await kept('c')]).toEqual([0, 1, 1])
    await publish('c', 'x'.repeat(340))
    expect([await kept('b'), await kept('c')]).toEqual([0, 1])

    const client = new RawClient(`ws://127.0.0.1:${port}/earshot`)
    await client.opened()
    client.say({ t: 'hello', v: 1 })
    await client.next('welcome')
    client.say({ t: 'attach', s: 0, session: 'ada', attach: 1, tag: 't', tags: [], secret: 's', subs: [], done: 0 })
    // What is unique, since when, and the signature.
    expect((await client.next('attached')).record.split('.')).toHaveLength(3)
    expect(await new RawClient(`ws://127.0.0.1:${port}/earshot`).closed).toBe(1013)
  })

  it('says nothing when it is told to', async () => {
    const port = await freePort()
    const server = new ServerProcess(['--port', String(port), '--log-level', 'silent'])
    const { hub } = joinHub(`ws://127.0.0.1:${port}/earshot`)
    void hub.openSession().ready
    await statusOf(hub, ({ state }) => state === 'connected')
    server.child.kill('SIGTERM')
    expect(await server.ended).toEqual({ code: 0, signal: null })
    expect([server.stdout, server.stderr]).toEqual(['', ''])
  })

  it('prints help and version, and ends', async () => {
    const help = new ServerProcess(['--help'])
    expect([await help.ended, help.stdout, help.stderr]).toEqual([{ code: 0, signal: null }, helpText(), ''])
    const version = new ServerProcess(['--version'])
    expect([await version.ended, version.stdout]).toEqual([{ code: 0, signal: null }, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)])
  })
})

describe('a start that fails', { timeout: 20_000 }, () => {
  it.each([
    ['an unknown flag', ['--prot', '1'], '--prot'],
    ['a bad key', ['--port', '0', '--key', 'short'], 'key is not fit: it must have 16 or more characters'],
    ['a short secret', ['--port', '0', '--jwt-secret', 'short'], 'secret is too short: it must have 32 bytes or more'],
    ['an address of another machine', ['--port', '0', '--host', '203.0.113.1'], '203.0.113.1 is no address of this machine'],
  ])('says so in one line: %s', async (_what, args, text) => {
    const server = new ServerProcess(args)
    expect(await server.ended).toEqual({ code: 1, signal: null })
    expect(server.stderr).toMatch(/^earshot-server: .*\n$/)
    expect(server.stderr).toContain(text)
    expect(server.stdout).toBe('')
  })

  it('says that the port is taken', async () => {
    const first = createServer()
    onTestFinished(() => void first.close())
    await new Promise<void>(resolve => first.listen(0, '127.0.0.1', resolve))
    const { port } = first.address() as { port: number }
    const server = new ServerProcess(['--port', String(port)])
    expect(await server.ended).toEqual({ code: 1, signal: null })
    expect(server.stderr).toBe(`earshot-server: port ${port} on 127.0.0.1 is taken: stop who listens there, or choose another with --port\n`)
  })
})

describe('an end', { timeout: 20_000 }, () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s tells clients to come back, and is a success', async signal => {
    const server = new ServerProcess(['--port', '0'])
    const client = new RawClient(`ws://127.0.0.1:${await server.port()}/earshot`)
    await client.opened()
    client.say({ t: 'hello', v: 1 })
    await client.next('welcome')
    server.child.kill(signal)
    expect(await client.next('bye')).toMatchObject({ code: 'connection-lost', spread: 5000 })
    expect(await client.closed).toBe(1012)
    expect(await server.ended).toEqual({ code: 0, signal: null })
    expect(server.lines.map(({ msg }) => msg)).toEqual(['listening', 'connected', 'identified', 'closing', 'closed', 'stopped'])
  })

  it('by a second signal comes at once, though a client does not hang up', async () => {
    const server = new ServerProcess(['--port', '0'])
    const client = new RawClient(`ws://127.0.0.1:${await server.port()}/earshot`)
    await client.opened()
    client.socket.pause()
    server.child.kill('SIGINT')
    await server.line('closing')
    server.child.kill('SIGINT')
    expect(await server.ended).toEqual({ code: null, signal: 'SIGINT' })
  })

  it('by SIGKILL is a gap and no more for those who come back to the same port', async () => {
    const first = new ServerProcess(['--port', '0'])
    const port = await first.port()
    const { hub, failures } = joinHub(`ws://127.0.0.1:${port}/earshot`)
    const ada = hub.openSession()
    const gaps: unknown[] = []
    const stream = ada.stream('rooms/*')
    hub.on('gap', gap => gaps.push(gap.topics))
    await ada.ready
    await ada.publish('rooms/1', 'before')
    expect((await stream.next()).value).toMatchObject({ data: 'before', offset: 1 })

    const lost = statusOf(hub, ({ state }) => state === 'disconnected')
    first.child.kill('SIGKILL')
    expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' })
    expect((await lost).cause?.code).toBe('connection-lost')
    const waiting = ada.publish('rooms/1', 'meanwhile')

    await new ServerProcess(['--port', String(port)]).port()
    expect(await waiting).toMatchObject({ offset: 1 })
    expect((await stream.next()).value).toMatchObject({ data: 'meanwhile' })
    expect(gaps).toEqual([['rooms/*']])
    expect(failures).toEqual([])
  })
})

/** A port that nobody listens at. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}
