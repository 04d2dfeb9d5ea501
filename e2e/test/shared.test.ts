import { createHub, type Hub, type Presence } from '@earshot/core'
import { webSocket } from '@earshot/transport'
import type { Page } from 'puppeteer-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Served } from '../fixtures/one-socket.ts'
import { type End, type Ended, ENDS, OneSocketBrowser } from '../support/one-socket.ts'
import { faults, type Said } from '../support/one-order.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { Suite } from '../support/suite.ts'

// Twelve tabs and eight ends in every run; `SHARED_TABS=50 SHARED_ENDS=20 pnpm e2e shared` is the whole of it.
const TABS = Number(process.env['SHARED_TABS'] ?? 12)
const COUNT = Number(process.env['SHARED_ENDS'] ?? 8)
/** Messages a second of all tabs together, and of the client outside. */
const RATE = 20
const VOLUNTARY: readonly End[] = ['close', 'leave', 'reload', 'freeze']

// Browsers say on the console that a socket failed: nothing can keep them from it.
const suite = new Suite({ expected: /^console: WebSocket connection to/ })
let relay: RelayProcess

beforeEach(async () => {
  relay = new RelayProcess()
  await relay.start()
})
afterEach(() => relay.close())

/** A client outside, which hears everything and sees who is there. */
class Outside {
  readonly name = 'outside'
  readonly hub: Hub = createHub({ transport: webSocket({ url: relay.url, WebSocket }), onError: () => {} })
  readonly presence: Presence
  readonly heard: Said[] = []
  readonly changes: [type: string, id: string][] = []
  published = 0
  gaps = 0
  readonly #session = this.hub.openSession()
  #timer: NodeJS.Timeout | undefined

  constructor() {
    this.hub.on('gap', () => this.gaps++)
    this.presence = this.#session.presence('room')
    this.presence.subscribe(({ type, member: { id } }) => this.changes.push([type, id]))
  }

  async begin(): Promise<void> {
    await this.#session.subscribe('traffic/*', ({ data }) => this.heard.push(data as [string, number])).ready
    this.#timer = setInterval(() => {
      const n = this.published++
      void this.#session.publish(`traffic/${n % 4}`, [this.name, n])
    }, 1000 / RATE)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

interface Report {
  readonly name: string
  readonly id: string
  readonly heard: Said[]
  readonly published: number
  readonly gaps: number
  readonly errors: string[]
}

const report = (page: Page): Promise<Report> =>
  page.evaluate(() => ({ name: tab.name, id: tab.session.id, heard: tab.heard.map(([from, n]) => [from, n] as const), published: tab.published, gaps: tab.gaps, errors: tab.errors }))

/** Waits until everybody has heard what was last published by each. */
async function settled({ pages }: OneSocketBrowser, outside: Outside): Promise<void> {
  const said = await Promise.all(pages.map(page => page.evaluate(() => [tab.name, tab.published] as const)))
  const all = new Map([...said, [outside.name, outside.published]])
  const missing = (): string[] => [...all].flatMap(([name, count]) => (count === 0 || outside.heard.some(([from, n]) => from === name && n === count - 1) ? [] : [name]))
  await expect.poll(missing).toEqual([])
  const last = outside.heard.at(-1)?.slice(0, 2).join()
  const ends = (): Promise<(string | undefined)[]> => Promise.all(pages.map(page => page.evaluate(() => tab.heard.at(-1)?.slice(0, 2).join())))
  await expect.poll(ends, { interval: 200 }).toEqual(pages.map(() => last))
}

/** Percentiles of what tabs went through, in milliseconds. */
function figures(ended: readonly Ended[], ends: readonly End[], part: keyof Served): { p50: number; p99: number } {
  const all = ended.filter(({ end }) => ends.includes(end)).flatMap(({ served }) => served.map(each => each[part]))
  const sorted = all.sort((one, other) => one - other)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
  return { p50: at(0.5), p99: at(0.99) }
}

test('the checker sees what is lost, doubled or out of order', () => {
  const reference: Said[] = [['a', 0], ['b', 0], ['a', 1], ['b', 1]]
  const account = { reference, heard: new Map([['a', reference], ['late', reference.slice(2)]]), published: new Map([['a', 2]]) }
  expect(faults(account)).toEqual([])
  const [first, second, third, fourth] = reference as [Said, Said, Said, Said]
  const broken: Said[][] = [[first, third, fourth], [first, second, second, third, fourth], [first, third, second, fourth], [first, second, third], []]
  for (const heard of broken) expect(faults({ ...account, heard: new Map([['a', heard]]) })).toHaveLength(1)
  expect(faults({ ...account, reference: [first, second, fourth], heard: new Map() })).toEqual(['of a 1 came of 2'])
  expect(faults({ ...account, reference: [second, fourth, third, third], heard: new Map() })).toHaveLength(2)
})

test(`${TABS} tabs have one socket, however their leaders end, and nobody misses, doubles or reorders anything`, { timeout: 400_000 }, async () => {
  const browser = new OneSocketBrowser(suite.tabs, relay.url, (1000 / RATE) * TABS)
  await browser.open(TABS)
  const outside = new Outside()
  await outside.begin()
  expect(await relay.connections()).toBe(2)
  await expect.poll(() => outside.presence.members.length).toBe(TABS)
  outside.changes.length = 0
  await browser.begin()

  const steady = new Map(await Promise.all(browser.pages.map(async page => [page, (await report(page)).id] as const)))
  const ended: Ended[] = []
  for (let turn = 0; turn < COUNT; turn++) {
    steady.delete(await browser.leader())
    ended.push(await browser.end(ENDS[turn % ENDS.length] ?? 'crash'))
    await expect.poll(() => relay.connections()).toBe(2)
  }

  // The tab that was opened last has heard something, too.
  const deaf = async (): Promise<number> => (await Promise.all(browser.pages.map(page => page.evaluate(() => tab.heard.length)))).filter(count => count === 0).length
  await expect.poll(deaf, { interval: 200 }).toBe(0)
  await browser.stop()
  outside.stop()
  await settled(browser, outside)
  const reports = await Promise.all(browser.pages.map(report))
  expect(reports.map(({ gaps, errors }) => [gaps, errors])).toEqual(reports.map(() => [0, []]))
  const heard = new Map(reports.map(each => [each.name, each.heard]))
  const published = new Map([...reports, outside].map(each => [each.name, each.published]))
  expect(faults({ reference: outside.heard, heard, published })).toEqual([])
  expect(outside.gaps).toBe(0)
  // Who did not lead, or led and lived on, was there all the time.
  const ids = new Set([...steady].filter(([page]) => browser.pages.includes(page)).map(([, id]) => id))
  expect(ids.size).toBeGreaterThan(0)
  expect(outside.changes.filter(([, id]) => ids.has(id))).toEqual([])
  await expect.poll(() => outside.presence.members.length).toBe(TABS)

  console.log(`${TABS} tabs, ${COUNT} ends, ${outside.heard.length} messages`)
  const said = (what: string, ends: readonly End[]): void => {
    const [cut, made, delivered] = (['cut', 'made', 'delivered'] as const).map(part => figures(ended, ends, part))
    console.log(`${what}, p50/p99 ms in each tab: noticed ${cut?.p50}/${cut?.p99}, connected ${made?.p50}/${made?.p99}, first delivery ${delivered?.p50}/${delivered?.p99}`)
  }
  said('crash', ['crash'])
  said('hand-over', VOLUNTARY)
  // Generous: other work on this machine is in these figures.
  expect(figures(ended, ['crash'], 'delivered').p99).toBeLessThan(2000)
  expect(figures(ended, VOLUNTARY, 'delivered').p99).toBeLessThan(2000)
  await outside.hub.close()
})

test('idle tabs post nothing to one another', async () => {
  const browser = new OneSocketBrowser(suite.tabs, relay.url, 0)
  await browser.open(12)
  const [listener, speaker] = browser.pages as [Page, Page]
  await listener.evaluate(() => tab.overhear())
  await speaker.evaluate(() => tab.session.publish('traffic/0', ['hello', 0]).then(() => undefined))
  await expect.poll(() => listener.evaluate(() => tab.posts.length)).toBeGreaterThan(0)
  await expect.poll(() => Promise.all(browser.pages.map(page => page.evaluate(() => tab.heard.length)))).toEqual(browser.pages.map(() => 1))
  // A leader that nobody looks at hands over after a while.
  await (await browser.leader()).bringToFront()
  // What the relay owes the tabs of their beginning comes late.
  let count: number | undefined
  await expect.poll(async () => count === (count = await listener.evaluate(() => tab.posts.length)), { interval: 1000, timeout: 30_000 }).toBe(true)
  const before = await listener.evaluate(() => tab.posts.length)
  // The relay pings every two seconds: for ten of them its answers are counted, and the posts.
  await new Promise(resolve => setTimeout(resolve, 10_000))
  const posts = await listener.evaluate(from => tab.posts.slice(from), before)
  // A relay that has just begun tells once more who is there: that is its word, not the tabs'.
  expect(posts.filter(post => !/^\{"t":"down".*\{\\"t\\":\\"roster/.test(post))).toEqual([])
  expect(posts.length).toBeLessThan(2)
})
