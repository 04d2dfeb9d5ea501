import type { Page } from 'puppeteer-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type End, type Ended, ENDS, OneSocketBrowser } from '../support/one-socket.ts'
import { faults, type Said } from '../support/one-order.ts'
import { figures, findings, Outside, report } from '../support/outside.ts'
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
  const outside = new Outside(relay.url, RATE)
  await outside.begin()
  expect(await relay.connections()).toBe(2)
  await expect.poll(() => outside.presence.members.length).toBe(TABS)
  outside.changes.length = 0
  await browser.begin()

  const steady = new Map(await Promise.all(browser.pages.map(async page => [page, (await report(page)).id] as const)))
  const ended: Ended[] = []
  const floors: number[] = []
  for (let turn = 0; turn < COUNT; turn++) {
    steady.delete(await browser.leader())
    ended.push(await browser.end(ENDS[turn % ENDS.length] ?? 'crash'))
    floors.push(await (await browser.leader()).evaluate(url => tab.floor(url), relay.url))
    await expect.poll(() => relay.connections()).toBe(2)
  }

  // The tab that was opened last has heard something, too.
  const deaf = async (): Promise<number> => (await Promise.all(browser.pages.map(page => page.evaluate(() => tab.heard.length)))).filter(count => count === 0).length
  await expect.poll(deaf, { interval: 200 }).toBe(0)
  expect(await findings(browser, outside)).toEqual([])
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
  floors.sort((one, other) => one - other)
  console.log(`a plain WebSocket and one answer, ms in the page that leads: p50 ${floors[floors.length >> 1]?.toFixed()}, max ${floors.at(-1)?.toFixed()}`)
  said('crash', ['crash'])
  said('hand-over', VOLUNTARY)
  // Generous: other work on this machine is in these figures.
  expect(figures(ended, ['crash'], 'delivered').p99).toBeLessThan(2000)
  expect(figures(ended, VOLUNTARY, 'delivered').p99).toBeLessThan(2000)
  await outside.close()
})

test('idle tabs post nothing to one another, and send only pongs', { timeout: 100_000 }, async () => {
  const browser = new OneSocketBrowser(suite.tabs, relay.url, 0)
  await browser.open(12)
  const posted = async (): Promise<string[][]> => Promise.all(browser.pages.map(page => page.evaluate(() => tab.posts)))
  const counted = async (): Promise<number> => (await posted()).flat().length
  const [speaker] = browser.pages as [Page]
  for (const page of browser.pages) await page.evaluate(() => tab.overhear())
  await speaker.evaluate(() => tab.session.publish('traffic/0', ['hello', 0]).then(() => undefined))
  await expect.poll(counted).toBeGreaterThan(0)
  await expect.poll(() => Promise.all(browser.pages.map(page => page.evaluate(() => tab.heard.length)))).toEqual(browser.pages.map(() => 1))
  // A leader that nobody looks at hands over after a while.
  const leader = await browser.leader()
  await leader.bringToFront()
  // What the relay owes the tabs of their beginning comes late.
  let count: number | undefined
  await expect.poll(async () => count === (count = await counted()), { interval: 1000, timeout: 30_000 }).toBe(true)
  const before = await posted()
  const sent = (): Promise<string[]> => leader.evaluate(() => tab.sent)
  const from = (await sent()).length
  // The relay pings every two seconds.
  await expect.poll(async () => (await sent()).length - from, { interval: 500, timeout: 30_000 }).toBeGreaterThanOrEqual(5)
  expect(new Set((await sent()).slice(from))).toEqual(new Set(['{"t":"pong"}']))
  const posts = (await posted()).flatMap((all, index) => all.slice(before[index]?.length))
  // A relay that has just begun tells once more who is there: that is its word, not the tabs'.
  expect(posts.filter(post => !/^\{"t":"down".*\{\\"t\\":\\"roster/.test(post))).toEqual([])
  // Once for each tab that follows.
  expect(posts.length).toBeLessThan(browser.pages.length)
})
