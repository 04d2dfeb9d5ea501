import { createHub, type Hub, type Message, type Session } from '@earshot/core'
import { webSocket } from '@earshot/transport'
import type { Page } from 'puppeteer-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { RelayProcess } from '../support/relay-process.ts'
import { ask, data, members, Suite } from '../support/suite.ts'

// Browsers say on the console that a socket failed: nothing can keep them from it.
const suite = new Suite({ expected: /^console: WebSocket connection to/ })
let relay: RelayProcess

beforeEach(async () => {
  relay = new RelayProcess()
  await relay.start()
})
afterEach(() => relay.close())

/** A client in this process. */
interface Client {
  readonly hub: Hub
  readonly session: Session
  readonly heard: Message[]
  gaps: number
}

async function client(pattern: string): Promise<Client> {
  const hub = createHub({ transport: webSocket({ url: relay.url, WebSocket }), onError: () => {} })
  const session = hub.openSession()
  const made: Client = { hub, session, heard: [], gaps: 0 }
  hub.on('gap', () => made.gaps++)
  await session.subscribe(pattern, message => made.heard.push(message)).ready
  return made
}

const state = (): string => lab.hub.status.state
const open = (query: { listen?: string; user?: string; enter?: string; packed?: string } = {}): Promise<Page> => suite.lab({ ...query, relay: relay.url })

test('hear one another through a relay, pages and servers alike, in one order', async () => {
  const [one, two] = [await open({ listen: 'rooms/*' }), await open({ listen: 'rooms/*' })]
  const node = await client('rooms/*')
  await ask([one, two], () => {
    for (let i = 0; i < 20; i++) lab.session.publish('rooms/1', [lab.session.id, i])
  })
  await expect.poll(() => node.heard.length).toBe(40)
  await expect.poll(() => ask([one, two], () => lab.heard.length)).toEqual([40, 40])
  const [first, second] = await ask([one, two], data)
  expect(first).toEqual(second)
  expect(node.heard.map(message => message.data)).toEqual(first)
  await node.hub.close()
})

test('get what they missed while they were cut off, once and in order, and what they published meanwhile', async () => {
  const page = await open({ listen: 'rooms/*' })
  const node = await client('rooms/*')
  await page.evaluate(() => lab.session.publish('rooms/1', 'before').then(() => undefined))
  relay.cut()
  await expect.poll(() => page.evaluate(state)).not.toBe('connected')
  await page.evaluate(() => {
    for (let i = 0; i < 50; i++) void lab.session.publish('rooms/1', `page ${i}`)
  })
  for (let i = 0; i < 50; i++) void node.session.publish('rooms/1', `node ${i}`)
  relay.mend()
  await expect.poll(() => page.evaluate(() => lab.heard.length)).toBe(101)
  await expect.poll(() => node.heard.length).toBe(101)
  const heard = await page.evaluate(data)
  expect(node.heard.map(message => message.data)).toEqual(heard)
  expect(heard.filter(text => String(text).startsWith('page'))).toEqual(Array.from({ length: 50 }, (_, i) => `page ${i}`))
  expect(node.gaps).toBe(0)
  expect(await page.evaluate(() => lab.gaps.length)).toBe(0)
  await node.hub.close()
})

test('say that something may be missing when a killed relay has lost its log, and go on', async () => {
  const page = await open({ listen: 'rooms/*' })
  const node = await client('rooms/*')
  await node.session.publish('rooms/1', 'old')
  await expect.poll(() => page.evaluate(data)).toEqual(['old'])
  await relay.kill()
  await expect.poll(() => page.evaluate(state)).not.toBe('connected')
  const receipt = node.session.publish('rooms/1', 'new')
  await relay.start()
  expect(await receipt).toMatchObject({ offset: 1 })
  await expect.poll(() => page.evaluate(data)).toEqual(['old', 'new'])
  expect(await page.evaluate(() => lab.gaps.length)).toBe(1)
  await node.hub.close()
})

test('come back after an orderly stop', async () => {
  const page = await open({ listen: 'rooms/*' })
  await relay.stop()
  await expect.poll(() => page.evaluate(() => lab.hub.status.cause?.message)).toMatch(/the relay stops/)
  await relay.start()
  await expect.poll(() => page.evaluate(state)).toBe('connected')
})

test('deliver once what was published just before a reload', async () => {
  const page = await open({ listen: 'rooms/*' })
  const node = await client('rooms/*')
  const id = await page.evaluate(() => lab.session.id)
  relay.cut()
  await page.evaluate(() => {
    void lab.session.publish('rooms/1', 'last words')
  })
  relay.mend()
  await page.reload()
  await page.evaluate(() => lab.session.ready)
  expect(await page.evaluate(() => lab.session.id)).toBe(id)
  await expect.poll(() => node.heard.map(message => message.data)).toEqual(['last words'])
  // Another message after it shows that it does not come a second time.
  await page.evaluate(() => lab.session.publish('rooms/1', 'and on').then(() => undefined))
  await expect.poll(() => node.heard.map(message => message.data)).toEqual(['last words', 'and on'])
  await node.hub.close()
})

test('are members while they are there: no leave on a reload, at once on a close', async () => {
  const [one, two] = [await open({ enter: 'one' }), await open({ enter: 'two' })]
  await expect.poll(() => one.evaluate(members).then(ids => ids.length)).toBe(2)
  await two.reload()
  await two.evaluate(() => lab.session.ready)
  await two.evaluate(() => lab.presence.ready)
  expect((await one.evaluate(() => lab.changes.map(({ type, data: said }) => `${type} ${String(said)}`))).filter(text => text.endsWith('two'))).toEqual(['enter two'])
  const before = Date.now()
  await two.evaluate(() => lab.hub.close())
  await expect.poll(() => one.evaluate(members).then(ids => ids.length)).toBe(1)
  console.log(`a hub that closes has left for the others after ${Date.now() - before} ms`)
})

test('lose nothing and hear nothing twice while the relay is cut off again and again under traffic', async () => {
  const pages = [await open({ listen: 'rooms/**' }), await open({ listen: 'rooms/**' })]
  const nodes = [await client('rooms/**'), await client('rooms/**')]
  let published = 0
  for (let round = 0; round < 8; round++) {
    if (round % 2 === 1) relay.cut()
    await ask(pages, () => {
      for (let i = 0; i < 25; i++) void lab.session.publish(`rooms/${i % 3}`, `${lab.session.id} ${lab.heard.length} ${i}`)
    })
    for (const { session } of nodes) for (let i = 0; i < 25; i++) void session.publish(`rooms/${i % 3}`, `${session.id} ${round} ${i}`)
    published += 100
    relay.mend()
    await expect.poll(() => nodes.map(({ heard }) => heard.length)).toEqual([published, published])
    await expect.poll(() => ask(pages, () => lab.heard.length)).toEqual([published, published])
  }
  const orders = [...nodes.map(({ heard }) => heard.map(({ id }) => id)), ...(await ask(pages, () => lab.heard.map(({ id }) => id)))]
  for (const order of orders) expect(order).toEqual(orders[0])
  expect(new Set(orders[0]).size).toBe(published)
  await Promise.all(nodes.map(({ hub }) => hub.close()))
})

test('hear bytes in MessagePack and in JSON, and only pages that chose it load MessagePack', async () => {
  const [packed, plain] = [await open({ listen: 'rooms/*', packed: 'yes' }), await open({ listen: 'rooms/*' })]
  const node = await client('rooms/*')
  await packed.evaluate(() => lab.session.publish('rooms/1', { from: 'packed', bytes: Uint8Array.of(0, 1, 255) }).then(() => undefined))
  await plain.evaluate(() => lab.session.publish('rooms/1', { from: 'plain', bytes: new Uint8Array(50_000).fill(7) }).then(() => undefined))
  const heard = (): string[] => lab.heard.map(({ data: said }) => {
    const { from, bytes } = said as { from: string; bytes: unknown }
    return bytes instanceof Uint8Array ? `${from}: ${bytes.length} bytes, the last ${bytes.at(-1)}` : `${from}: no bytes`
  })
  const expected = ['packed: 3 bytes, the last 255', 'plain: 50000 bytes, the last 7']
  await expect.poll(() => ask([packed, plain], heard)).toEqual([expected, expected])
  await expect.poll(() => node.heard.length).toBe(2)
  expect(node.heard.map(message => message.data)).toEqual([{ from: 'packed', bytes: Uint8Array.of(0, 1, 255) }, { from: 'plain', bytes: new Uint8Array(50_000).fill(7) }])
  const loaded = (): boolean => performance.getEntriesByType('resource').some(({ name }) => name.includes('speech'))
  expect(await ask([packed, plain], loaded)).toEqual([true, false])
  await node.hub.close()
})
