import { EarshotError } from '@earshot/core'
import { pino } from 'pino'
import { describe, expect, it, vi } from 'vitest'
import { createRelay, type Logger, type RelayOptions } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRelay } from '../support/running-relay.ts'

const key = 'a-key-of-the-tests'
const hello = { t: 'hello', v: 1, token: 'the-token' } as const
const attach = { t: 'attach', s: 1, session: 'ada-1', attach: 1, tag: 't', tags: [], secret: 'the-secret', subs: [], done: 0 } as const

interface Line {
  readonly level: string
  readonly text: string
  readonly [field: string]: unknown
}

/** A logger that keeps its lines. */
function notebook(): { logger: Logger; lines: Line[]; texts(): string[] } {
  const lines: Line[] = []
  const at = (level: string) => (fields: object, text: string) => void lines.push({ level, text, ...fields })
  return { logger: { info: at('info'), warn: at('warn'), error: at('error') }, lines, texts: () => lines.map(({ text }) => text) }
}

async function joined(options: RelayOptions): Promise<{ client: RawClient; running: Awaited<ReturnType<typeof startRelay>> }> {
  const running = await startRelay(options, { key })
  const client = new RawClient(running.url, { origin: `http://127.0.0.1:${running.port}` })
  await client.opened()
  client.say(hello)
  await client.next('welcome')
  return { client, running }
}

describe('a relay with a logger', () => {
  it('tells who connects, whose it is, and how it ended', async () => {
    const { logger, lines } = notebook()
    const { client, running } = await joined({ logger, authenticate: () => ({ userId: 'ada' }) })
    client.socket.close(1000, 'a reason of the client’s own')
    await client.closed
    await expect.poll(() => lines.length).toBe(3)
    const origin = `http://127.0.0.1:${running.port}`
    expect(lines).toEqual([
      { level: 'info', text: 'connected', connection: 1, address: '127.0.0.1', origin },
      { level: 'info', text: 'identified', connection: 1, user: 'ada' },
      { level: 'info', text: 'closed', connection: 1, user: 'ada', code: 1000, reason: undefined, seconds: expect.any(Number), refused: 0 },
    ])
  })

  it('tells who is turned away', async () => {
    const { logger, lines } = notebook()
    const { url } = await startRelay({ logger })
    await expect(new RawClient(url, { origin: 'https://evil.example' }).opened()).rejects.toThrow('403')
    expect(lines).toEqual([{ level: 'warn', text: 'turned away', address: '127.0.0.1', origin: 'https://evil.example', why: 'its origin is not allowed' }])
  })

  it('tells why it closes a connection', async () => {
    const { logger, lines } = notebook()
    const authenticate = (): never => {
      throw new EarshotError('unauthorized', 'unknown key id')
    }
    const { url } = await startRelay({ logger, authenticate })
    const client = new RawClient(url)
    await client.opened()
    client.say(hello)
    await client.closed
    await expect.poll(() => lines.at(-1)).toMatchObject({ level: 'warn', text: 'closed', code: 4401, reason: 'unknown key id' })
  })

  it('tells of a frame that was too large to be read', async () => {
    const { logger, lines } = notebook()
    const { client } = await joined({ logger, limits: { frame: 1000 } })
    client.socket.send('x'.repeat(3001))
    await client.closed
    await expect.poll(() => lines.at(-1)).toMatchObject({ level: 'warn', text: 'closed', code: 1009 })
  })

  it('tells what it refuses to a session, ten times at most at once, and how often in all', async () => {
    const { logger, lines } = notebook()
    const { client } = await joined({ logger, authorize: ({ action }) => action !== 'publish' })
    client.say(attach)
    const publish = { t: 'publish', s: 1, topic: 'rooms/1', data: 'the-payload', tag: 't', clock: 1, time: 1 } as const
    for (let clock = 1; clock <= 30; clock++) client.say({ ...publish, clock })
    for (let clock = 1; clock <= 30; clock++) await client.next('refused')
    const refusals = lines.filter(({ text }) => text === 'refused')
    expect(refusals[0]).toEqual({ level: 'warn', text: 'refused', connection: 1, user: null, what: 'publish', code: 'forbidden', topic: 'rooms/1' })
    expect(refusals.length).toBeGreaterThanOrEqual(10)
    expect(refusals.length).toBeLessThan(15)
    client.socket.close()
    await client.closed
    await expect.poll(() => lines.at(-1)).toMatchObject({ text: 'closed', refused: 30 })
  })

  it('tells whom it asks to come back since nobody could say what it may do, and what failed', async () => {
    const { logger, lines } = notebook()
    const { client, running } = await joined({
      logger,
      authorize: () => {
        throw new TypeError('the database is away')
      },
    })
    client.say({ ...attach, subs: [['rooms/1', null]] })
    await client.next('detached')
    expect(lines.find(({ text }) => text === 'refused')).toEqual({ level: 'warn', text: 'refused', connection: 1, user: null, what: 'subscribe', code: 'timeout', topic: 'rooms/1' })
    expect(lines.find(({ text }) => text === 'failed')).toMatchObject({ level: 'error', error: { name: 'TypeError', message: 'the database is away' } })
    expect(await running.relay.metrics()).toContain('\nearshot_postponed_total 1\n')
  })

  it('tells what failed, without what others put on an error', async () => {
    const { logger, lines } = notebook()
    const failing = (): never => {
      throw Object.assign(new Error('the database is away', { cause: new Error('no route') }), { code: 'EHOSTUNREACH', token: 'the-token' })
    }
    const { url } = await startRelay({ logger, authenticate: failing })
    const client = new RawClient(url)
    await client.opened()
    client.say(hello)
    await client.closed
    const [failed] = lines.filter(({ text }) => text === 'failed')
    expect(failed).toEqual({
      level: 'error',
      text: 'failed',
      error: { name: 'Error', code: 'EHOSTUNREACH', message: 'the database is away', stack: expect.stringContaining('log.test.ts'), cause: 'Error: no route' },
    })
  })

  it('tells which requests it refuses', async () => {
    const { logger, lines } = notebook()
    const { http } = await startRelay({ logger }, { key })
    await fetch(`${http}/earshot/history?topic=secret/rooms`)
    expect(lines).toEqual([{ level: 'warn', text: 'request refused', method: 'GET', path: '/earshot/history', status: 401, code: 'unauthorized' }])
  })

  it('tells that it closes, and closes its clients', async () => {
    const { logger, texts, lines } = notebook()
    const { running } = await joined({ logger })
    await running.relay.close()
    expect(texts()).toEqual(['connected', 'identified', 'closing', 'closed'])
    expect(lines.slice(-2)).toMatchObject([{ connections: 1, spread: 5000 }, { code: 1012 }])
  })

  it('writes no payload, token, secret or key, whatever happens', async () => {
    const { logger, lines } = notebook()
    const { client, running } = await joined({ logger, authorize: ({ topic }) => topic !== 'forbidden' })
    const publish = { t: 'publish', s: 1, topic: 'rooms/1', data: 'the-payload', tag: 't', clock: 1, time: 1 } as const
    client.say(attach, publish, { ...publish, topic: 'forbidden', clock: 2 }, { ...publish, topic: 'no//topic', clock: 3 })
    client.say({ t: 'presence', s: 1, topic: 'forbidden', here: true, data: 'the-payload', since: 1, clock: 1 })
    await client.next('ack')
    const headers = { authorization: `Bearer ${key}` }
    await fetch(`${running.http}/earshot/publish`, { method: 'POST', headers, body: '{"topic":"a//b","data":"the-payload"}' })
    await fetch(`${running.http}/earshot/publish`, { method: 'POST', headers: { authorization: 'Bearer the-token' }, body: '"the-payload"' })
    client.socket.send('{"t":"publish","data":"the-payload"')
    await client.closed
    await running.relay.close()
    const text = JSON.stringify(lines)
    expect(lines.length).toBeGreaterThan(6)
    for (const secret of ['the-payload', 'the-token', 'the-secret', key]) expect(text).not.toContain(secret)
  })

  it('may be pino’s', async () => {
    const written: string[] = []
    const logger = pino({ level: 'info' }, { write: line => void written.push(line) })
    const relay = createRelay({ logger })
    await relay.close()
    expect(JSON.parse(written[0] ?? '')).toMatchObject({ level: 30, msg: 'closing', connections: 0 })
  })
})

describe('a relay without a logger', () => {
  it('writes nothing, but to the console what failed and nobody else would hear of', async () => {
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map(name => vi.spyOn(console, name).mockImplementation(() => {}))
    try {
      const { client, running } = await joined({ authorize: () => false })
      client.say(attach, { t: 'subscribe', s: 1, pattern: 'rooms/*' })
      await client.next('refused')
      await running.relay.close()
      expect(spies.flatMap(spy => spy.mock.calls)).toEqual([])

      const error = new Error('the database is away')
      const { url } = await startRelay({ authenticate: () => Promise.reject(error) })
      const other = new RawClient(url)
      await other.opened()
      other.say(hello)
      await other.closed
      expect(spies.map(spy => spy.mock.calls)).toEqual([[], [], [], [[error]], []])
    } finally {
      for (const spy of spies) spy.mockRestore()
    }
  })
})
