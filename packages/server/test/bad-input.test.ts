import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import { createHub, type EarshotError, type HubStatus, systemClock } from '@earshot/core'
import { seededRandom, testClock } from '@earshot/core/testing'
import { createTestNetwork } from '@earshot/server/testing'
import { sharedWebSocket, webSocket, type WebSocketOptions } from '@earshot/transport'
import { messagePack, preloadMessagePack } from '@earshot/transport/msgpack'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type Engine, memoryEngine } from '../src/index.ts'
import { joinHub, listen, startRelay, statusOf } from './support/running-relay.ts'

const isDown = ({ state, cause }: HubStatus): boolean => state === 'disconnected' && cause !== undefined
const unheard = 'No connection to the relay: nothing answers there: is the relay running, are url and path right, and does it allow this page (`origins`)?'

/** A hub that has reason to connect. */
function joined(url: string, options: Partial<WebSocketOptions> = {}): ReturnType<typeof joinHub> {
  const made = joinHub(url, options)
  made.hub.openSession().subscribe('a', () => {})
  return made
}

/** A port at which somebody else listens. */
async function elsewhere(make: () => ReturnType<typeof createServer>): Promise<number> {
  const server = make()
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return listen(server)
}

/** A server of WebSockets that is no relay, or another one. */
async function answering(answer: (socket: WebSocket) => void): Promise<string> {
  let sockets: WebSocketServer | undefined
  const port = await elsewhere(() => {
    const server = createServer()
    sockets = new WebSocketServer({ server })
    return server
  })
  sockets?.on('connection', socket => socket.on('message', () => answer(socket)))
  return `ws://127.0.0.1:${port}`
}

async function closedPort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise(resolve => server.close(resolve))
  return port
}

describe('a url', () => {
  it.each(['', 'nonsense', '//', 'ftp://relay', 'wss://', 'ws://a b', 7, undefined, null])('that is none is refused where it is written: %j', url => {
    expect(() => webSocket({ url: url as string, WebSocket })).toThrow(expect.objectContaining({ code: 'invalid-options', message: expect.stringContaining('url is ') }))
  })

  it.each<[what: string, url: () => Promise<string>]>([
    ['at which nobody listens', async () => `ws://127.0.0.1:${await closedPort()}/earshot`],
    ['of a host that does not exist', async () => 'ws://relay.invalid/earshot'],
    ['with a wrong path', async () => (await startRelay()).url.replace('/earshot', '/ear')],
    ['of a server that is no relay', async () => `ws://127.0.0.1:${await elsewhere(() => createServer((_, response) => response.end('hello')))}`],
    ['of a server without TLS, with wss', async () => (await startRelay()).url.replace('ws:', 'wss:')],
    ['of a server with TLS that cannot prove who it is', async () => `wss://127.0.0.1:${await elsewhere(() => createTlsServer())}`],
    ['of a server with TLS, without', async () => `ws://127.0.0.1:${await elsewhere(() => createTlsServer())}`],
  ])('%s ends in a status that says what to look at, and another attempt', async (_, url) => {
    const { hub } = joined(await url())
    const { cause, retryAt } = await statusOf(hub, isDown)
    expect([cause?.code, cause?.message, retryAt]).toEqual(['connection-lost', unheard, expect.any(Number)])
  })

  it('of somebody who takes the connection and says nothing is given up after 15 s, and tried again', async () => {
    const silent = createTcpServer()
    const { promise: taken, resolve } = deferred()
    silent.on('connection', socket => {
      onTestFinished(() => void socket.destroy())
      resolve()
    })
    await new Promise<void>(done => silent.listen(0, '127.0.0.1', done))
    onTestFinished(() => void silent.close())
    const address = silent.address()
    const clock = testClock()
    const { hub } = joined(`ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, { clock })
    await taken
    await clock.advance(14_999)
    expect(hub.status.state).toBe('connecting')
    const down = statusOf(hub, isDown)
    await clock.advance(1)
    expect(await down).toMatchObject({ state: 'disconnected', cause: { code: 'connection-lost', message: unheard } })
  })
})

describe('a WebSocket that throws when it is made', () => {
  it.each([
    ['in JSON', webSocket, {}],
    ['in MessagePack', webSocket, { codec: messagePack }],
    ['for all tabs', (own: WebSocketOptions) => sharedWebSocket({ ...own, user: null }), {}],
  ])('ends in a status that says why, and further attempts: %s', async (_, transport, options) => {
    // What is loaded while the clock stands still would come too late.
    await preloadMessagePack()
    const { url, clock, relay, WebSocket: Working } = createTestNetwork()
    let isRefused = true
    const refusal = new DOMException('An insecure WebSocket connection may not be initiated from a page loaded over HTTPS.', 'SecurityError')
    class WebSocket extends Working {
      constructor(to: string) {
        if (isRefused) throw refusal
        super(to)
      }
    }
    const failures: unknown[] = []
    const hub = createHub({ transport: transport({ url, WebSocket, clock, random: seededRandom(1), ...options }), clock, onError: error => failures.push(error) })
    onTestFinished(() => hub.close())
    const causes: unknown[] = []
    const attempts: unknown[] = []
    hub.on('status', ({ cause, attempt, state }) => (state === 'connecting' ? attempts.push(attempt) : causes.push(cause)))
    hub.openSession().subscribe('a', () => {})
    await clock.advance(3000)
    expect(hub.status).toMatchObject({ state: 'disconnected', retryAt: expect.any(Number) })
    expect(attempts).toEqual([1, 2, 3])
    expect(causes).toEqual(Array.from({ length: 4 }, () => expect.objectContaining({ code: 'connection-lost', message: 'No connection to the relay: the browser refuses the url: a page of https needs wss', cause: refusal })))
    isRefused = false
    await clock.advance(5000)
    expect([hub.status.state, relay.readings.connections, failures]).toEqual(['connected', 1, []])
  })
})

describe('who answers and is no relay of this version', () => {
  it('but says that it is another ends in a final status', async () => {
    const url = await answering(socket => {
      socket.send('{"t":"bye","code":"protocol-version","reason":"the relay speaks version 2, the client 1","spread":0}')
      socket.close(4406)
    })
    const { hub } = joined(url)
    const { cause, retryAt } = await statusOf(hub, isDown)
    expect([cause?.code, cause?.message, retryAt]).toEqual(['protocol-version', 'No connection to the relay: the relay speaks version 2, the client 1', undefined])
  })

  it('but sends something else is reported, and given up for this time', async () => {
    const { promise: said, resolve } = deferred()
    const url = await answering(socket => socket.send('how do you do', () => resolve()))
    const clock = testClock()
    const { hub, failures } = joined(url, { clock })
    await said
    while (failures.length === 0) await new Promise(next => setImmediate(next))
    const down = statusOf(hub, isDown)
    await clock.advance(15_000)
    expect(failures).toEqual([expect.objectContaining({ code: 'protocol-violation' })])
    expect(await down).toMatchObject({ state: 'disconnected', cause: { code: 'connection-lost' } })
  })
})

describe('a token function', () => {
  it.each<[what: string, token: () => Promise<string>]>([
    ['throws', () => { throw new TypeError('no network') }],
    ['rejects', () => Promise.reject(new TypeError('no network'))],
  ])('that %s ends in a status with what it threw, and another attempt', async (_, token) => {
    const { url } = await startRelay()
    const { hub } = joined(url, { token })
    const { cause, retryAt } = await statusOf(hub, isDown)
    expect([cause?.code, cause?.message, cause?.cause, retryAt]).toEqual(['unauthorized', 'token() failed: the relay cannot be told who this is', new TypeError('no network'), expect.any(Number)])
  })

  it('that never answers is not waited for for longer than 10 s', async () => {
    const { url } = await startRelay()
    const clock = testClock()
    const { promise: asked, resolve } = deferred()
    const { hub } = joined(url, { clock, token: () => (resolve(), new Promise<string>(() => {})) })
    await asked
    await clock.advance(9999)
    expect(hub.status.state).toBe('connecting')
    const down = statusOf(hub, isDown)
    await clock.advance(1)
    expect(await down).toMatchObject({ state: 'disconnected', cause: { code: 'unauthorized', cause: { code: 'timeout', message: 'token() did not answer within 10000 ms' } } })
  })
})

describe('a clock', () => {
  it.each([-1e11, 1e11])('that is %d ms off does no harm', async skew => {
    const { url } = await startRelay({ authenticate: () => ({ userId: 'ada', expires: Date.now() + 60_000 }) })
    const { hub, failures } = joined(url, { clock: { now: () => Date.now() + skew, after: (delay, task) => systemClock.after(delay, task) } })
    const session = hub.openSession()
    const messages = session.stream('a')
    await session.ready
    expect((await session.publish('a', 1)).offset).toBe(1)
    expect((await messages.next()).value?.data).toBe(1)
    expect([hub.status.state, failures]).toEqual(['connected', []])
  })
})

describe('a full relay', () => {
  it('is tried again later, for the reason that it gives', async () => {
    const { url } = await startRelay({ limits: { connections: 1 } })
    const first = joined(url)
    await statusOf(first.hub, ({ state }) => state === 'connected')
    const { hub } = joined(url)
    const { cause, retryAt } = await statusOf(hub, isDown)
    expect([cause?.code, cause?.message, retryAt]).toEqual(['connection-lost', 'No connection to the relay: the relay takes 1 connections: come back later', expect.any(Number)])
  })
})

describe('an engine that fails', () => {
  const fault = new Error('disk full')
  const ways: [how: string, fail: () => Promise<never>][] = [
    ['by throwing', () => { throw fault }],
    ['by rejecting', () => Promise.reject(fault)],
    ['by never answering', () => new Promise<never>(() => {})],
  ]
  /** Works but for what is replaced, once `breaks` was called. */
  function breaking(faults: Partial<Engine>): { engine: Engine; breaks: () => void } {
    const engine = memoryEngine()
    return { engine, breaks: () => void Object.assign(engine, faults) }
  }

  it.each(ways)('at a publish, %s, ends it as unknown, and the connection goes on', async (_, fail) => {
    const failures: unknown[] = []
    const { engine, breaks } = breaking({ append: fail })
    const { url } = await startRelay({ engine, limits: { engine: 50 }, onError: error => failures.push(error) })
    const { hub } = joined(url)
    const session = hub.openSession()
    await session.ready
    breaks()
    await expect(session.publish('a', 1)).rejects.toMatchObject({ code: 'outcome-unknown' } satisfies Partial<EarshotError>)
    expect([hub.status.state, failures.length]).toEqual(['connected', 1])
  })

  it.each(ways)('at a question about the past, %s, refuses it, and the connection goes on', async (_, fail) => {
    const failures: unknown[] = []
    const { engine, breaks } = breaking({ past: fail })
    const { url } = await startRelay({ engine, limits: { engine: 50 }, onError: error => failures.push(error) })
    const { hub } = joined(url)
    const session = hub.openSession()
    await session.ready
    breaks()
    await expect(session.history('a')).rejects.toMatchObject({ code: expect.stringMatching(/^(not-connected|timeout)$/) })
    expect([hub.status.state, failures.length]).toEqual(['connected', 1])
  })

  it.each(ways)('when what was missed is read, %s, ends the connection for now, and says why', async (_, fail) => {
    const failures: unknown[] = []
    const { engine, breaks } = breaking({ page: fail })
    const { url } = await startRelay({ engine, limits: { engine: 50 }, onError: error => failures.push(error) })
    breaks()
    const { hub } = joined(url)
    hub.openSession().subscribe('a', () => {})
    const { cause, retryAt } = await statusOf(hub, isDown)
    expect([cause?.code, cause?.message, retryAt]).toEqual(['connection-lost', 'No connection to the relay: the log cannot be read', expect.any(Number)])
    expect(failures).not.toEqual([])
  })
})

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>(done => (resolve = done))
  return { promise, resolve }
}
