import type { Page } from 'puppeteer-core'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { ask, data, type LabQuery, members, sessionId, Suite } from '../support/suite.ts'

const suite = new Suite({ keepTabs: true })

let pages: Page[] = []
const urlOf = (index: number, query: LabQuery = {}): string => suite.tabs.url(suite.path({ enter: 'here', user: index % 2 === 0 ? 'ada' : 'bob', ...query }))
const all = <T>(value: T): T[] => pages.map(() => value)

beforeAll(async () => {
  pages = await Promise.all(Array.from({ length: 10 }, () => suite.tabs.empty()))
})

beforeEach(async () => {
  await ask(pages, () => {
    if (!('lab' in globalThis)) return
    lab.heard.length = 0
    lab.session.unsubscribeAll()
    lab.session.offBroadcast()
  })
})

test('begin at the same instant, and all see ten members and a message of each', async () => {
  await Promise.all(pages.map((page, index) => page.goto(urlOf(index, { wait: '', listen: 'roll', replay: '100', publish: 'roll' }))))
  const whistler = await suite.blank()
  await whistler.evaluate(name => new BroadcastChannel(name).postMessage('go'), `${suite.mesh}:start`)
  await expect.poll(() => ask(pages, () => 'lab' in globalThis)).toEqual(all(true))
  await ask(pages, () => lab.session.ready)
  const ids = (await ask(pages, sessionId)).sort()
  expect(new Set(ids).size).toBe(10)
  await expect.poll(() => ask(pages, members)).toEqual(all(ids))
  await expect.poll(() => ask(pages, () => [...lab.data].sort())).toEqual(all(ids))
  await whistler.close()
})

test('reload at the same instant: nobody leaves, each keeps its id', async () => {
  const ids = await ask(pages, sessionId)
  await Promise.all(pages.map((page, index) => page.goto(urlOf(index))))
  await ask(pages, () => lab.session.ready)
  expect(await ask(pages, sessionId)).toEqual(ids)
  await expect.poll(() => ask(pages, members)).toEqual(all([...ids].sort()))
  expect((await ask(pages, () => lab.changes)).flat().filter(({ type }) => type === 'leave')).toEqual([])
})

test('hear a broadcast once', async () => {
  await ask(pages, () => {
    lab.session.onBroadcast(message => lab.heard.push(message))
    return lab.session.ready
  })
  const [first] = pages as [Page]
  await first.evaluate(() => void lab.session.broadcast('hello'))
  await expect.poll(() => ask(pages, data)).toEqual(all(['hello']))
})

test('hear all others but not themselves without echo', async () => {
  await ask(pages, () => lab.listen('names'))
  await ask(pages, () => void lab.session.publish('names', lab.session.id, { echo: false }))
  const ids = await ask(pages, sessionId)
  const others = ids.map(own => ids.filter(id => id !== own).sort())
  await expect.poll(() => ask(pages, () => [...lab.data].sort())).toEqual(others)
})

test('hear a topic where they listen to it', async () => {
  const listeners = pages.slice(5)
  await ask(listeners, () => lab.listen('rooms/*'))
  expect(await ask(pages, () => lab.hub.occupancy('rooms/1'))).toEqual(all(5))
  const [first] = pages as [Page]
  await first.evaluate(() => void lab.session.publish('rooms/1', 'hi'))
  await expect.poll(() => ask(listeners, data)).toEqual(listeners.map(() => ['hi']))
  expect(await ask(pages.slice(0, 5), data)).toEqual(Array.from({ length: 5 }, () => []))
})

test('hear what is for their user', async () => {
  await ask(pages, () => lab.listen('letters'))
  const [first] = pages as [Page]
  await first.evaluate(() => {
    lab.session.publish('letters', 'for Bob', { to: 'bob' })
    lab.session.publish('letters', 'for all')
  })
  await expect.poll(() => ask(pages, data)).toEqual(pages.map((_, index) => (index % 2 === 0 ? ['for all'] : ['for Bob', 'for all'])))
})

test('hear each publisher in its order when all publish at once', async () => {
  await ask(pages, () => lab.listen('count'))
  await ask(pages, async () => {
    for (let n = 0; n < 20; n++) {
      lab.session.publish('count', n)
      if (n % 5 === 4) await Promise.resolve()
    }
  })
  await expect.poll(() => ask(pages, () => lab.heard.length)).toEqual(all(200))
  const orders = await ask(pages, () => {
    const orders: Record<string, unknown[]> = {}
    for (const { from, data } of lab.heard) (orders[from] ??= []).push(data)
    return orders
  })
  const ids = await ask(pages, sessionId)
  const twenty = Array.from({ length: 20 }, (_, n) => n)
  expect(orders).toEqual(all(Object.fromEntries(ids.map(id => [id, twenty]))))
})

test('run a claim in exactly one', async () => {
  const claim = async (): Promise<[boolean, number]> => {
    let runs = 0
    const here = await lab.session.claim('toast', () => runs++)
    return [here, runs]
  }
  const ran = await ask(pages, claim)
  expect(ran.filter(([here]) => here)).toEqual([[true, 1]])
  expect(ran.filter(([here]) => !here)).toEqual(Array.from({ length: 9 }, () => [false, 0]))
  expect(await ask(pages, claim)).toEqual(all([false, 0]))
})

test('are led by one, and by another when it closes', async () => {
  await ask(pages, () => void lab.lead())
  const leaders = async (): Promise<Page[]> => {
    const leads = await ask(pages, () => lab.leads)
    return pages.filter((_, index) => leads[index])
  }
  await expect.poll(async () => (await leaders()).length).toBe(1)
  for (let closed = 0; closed < 4; closed++) {
    const [leader] = (await leaders()) as [Page]
    pages = pages.filter(page => page !== leader)
    await leader.close()
    await expect.poll(async () => (await leaders()).length).toBe(1)
  }
  await expect.poll(() => ask(pages, () => lab.members.length)).toEqual(all(6))
})
