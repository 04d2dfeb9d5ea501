import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { DrivenBrowser, DrivenTab } from '../support/driven.ts'
import { type End, type Ended, OneSocketBrowser } from '../support/one-socket.ts'
import { figures, findings, Outside } from '../support/outside.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { serve, type Site } from '../support/site.ts'

// Ten tabs and five ends in every run; `SHARED_TABS=50 SHARED_ENDS=20` is the whole of it.
const TABS = Number(process.env['SHARED_TABS'] ?? 10)
const COUNT = Number(process.env['SHARED_ENDS'] ?? 5)
/** Messages a second of all tabs together, and of the client outside. */
const RATE = 20
const ENDS: readonly End[] = ['close', 'reload', 'leave', 'crash', 'crash']
const GENTLE: readonly End[] = ['close', 'reload', 'leave', 'close', 'reload']

/** Hears what pages post. */
async function listen(heard: (text: string) => void): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    void text(request).then(heard)
    response.end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, [Symbol.asyncDispose]: close }
}

/** What tabs promise each other, in whichever browser they are. */
export function browserCases<Tab extends DrivenTab>(start: (origin: string) => Promise<DrivenBrowser<Tab>>, { canKill }: { canKill: boolean }): void {
  let site: Site
  let relay: RelayProcess
  let browser: DrivenBrowser<Tab>
  beforeAll(async () => {
    site = await serve('fixtures')
  })
  afterAll(() => site.close())
  beforeEach(async () => {
    relay = new RelayProcess()
    await relay.start()
    browser = await start(`http://127.0.0.1:${site.port}`)
  })
  afterEach(async () => {
    await browser.close()
    await relay.close()
    expect(browser.complaints).toEqual([])
  })

  test(`${TABS} tabs have one leader and one socket, and each hears once and in order what one of them says`, async () => {
    console.log(browser.version)
    const tabs = new OneSocketBrowser(browser, relay.url, 0)
    await tabs.open(TABS)
    expect(await relay.connections()).toBe(1)
    const leads = await Promise.all(tabs.pages.map(page => page.evaluate(() => tab.hub.status.via)))
    expect(leads.sort()).toEqual([...Array.from({ length: TABS - 1 }, () => 'follower'), 'leader'])
    const [speaker] = tabs.pages
    const name = await speaker?.evaluate(async () => {
      for (let n = 0; n < 20; n++) void tab.session.publish(`traffic/${n % 4}`, [tab.name, n])
      await tab.session.publish('traffic/0', [tab.name, 20])
      return tab.name
    })
    const said = Array.from({ length: 21 }, (_, n) => [name, n])
    const heard = (): Promise<unknown[]> => Promise.all(tabs.pages.map(page => page.evaluate(() => tab.heard.map(([from, n]) => [from, n]))))
    await expect.poll(heard).toEqual(tabs.pages.map(() => said))
  })

  test(`nobody misses, doubles or reorders anything, however ${COUNT} leaders in a row end`, { timeout: 100_000 + COUNT * 20_000 }, async () => {
    const tabs = new OneSocketBrowser(browser, relay.url, (1000 / RATE) * TABS)
    await tabs.open(TABS)
    const outside = new Outside(relay.url, RATE)
    await outside.begin()
    await tabs.begin()
    const ended: Ended[] = []
    const ends = canKill ? ENDS : GENTLE
    for (let turn = 0; turn < COUNT; turn++) {
      ended.push(await tabs.end(ends[turn % ends.length] ?? 'close'))
      await expect.poll(() => relay.connections()).toBe(2)
    }
    expect(await findings(tabs, outside)).toEqual([])
    for (const [what, ends] of [['crash', ['crash']], ['hand-over', GENTLE]] as const) {
      if (!ended.some(({ end }) => ends.some(each => each === end))) continue
      const { p50, max } = figures(ended, ends, 'delivered')
      console.log(`${what} to first delivery, ms in each tab: p50 ${p50}, max ${max}; ${outside.heard.length} messages in all`)
      // Generous: other work on this machine is in these figures.
      expect(max).toBeLessThan(3000)
    }
    await outside.close()
  })

  test('tabs without a relay hear each other once, and see within a second that one was killed', async () => {
    const pages: Tab[] = []
    for (let n = 0; n < 5; n++) pages.push(await browser.open('/lab.html?name=browsers&enter=here&listen=news'))
    const [killed, ...others] = pages as [Tab, ...Tab[]]
    await expect.poll(() => Promise.all(pages.map(page => page.evaluate(() => lab.members.length)))).toEqual(pages.map(() => pages.length))
    await killed.evaluate(() => {
      for (let n = 0; n < 20; n++) void lab.session.publish('news', n)
    })
    await expect.poll(() => Promise.all(pages.map(page => page.evaluate(() => lab.data)))).toEqual(pages.map(() => Array.from({ length: 20 }, (_, n) => n)))
    const id = await killed.evaluate(() => lab.session.id)
    // Where killing ends the driver's session nobody can ask pages any more: they tell.
    const told: { id: string; isHidden: boolean; at: number; errors: number }[] = []
    await using listener = await listen(text => told.push(JSON.parse(text)))
    for (const page of others)
      await page.evaluate(url => {
        lab.presence.subscribe(({ type, member: { id } }) => {
          if (type === 'leave') void fetch(url, { method: 'POST', mode: 'no-cors', body: JSON.stringify({ id, isHidden: document.hidden, at: Date.now(), errors: lab.errors.length }) })
        })
      }, listener.url)
    const at = await browser.crash(killed)
    await expect.poll(() => told.map(each => [each.id, each.errors])).toEqual(others.map(() => [id, 0]))
    const after = (isHidden: boolean): number[] => told.filter(each => each.isHidden === isHidden).map(each => each.at - at)
    console.log(`from the kill to the leave, ms in each tab: visible ${after(false).join(', ')}, hidden ${after(true).join(', ')}`)
    expect(after(false).length).toBeGreaterThan(0)
    expect(Math.max(...after(false))).toBeLessThan(1000)
    // Firefox holds back every timer of a hidden page for a second.
    expect(Math.max(0, ...after(true))).toBeLessThan(2000)
  })

  test('a tab that goes and comes back by the history is connected again and hears what it missed', async () => {
    const tabs = new OneSocketBrowser(browser, relay.url, 0)
    tabs.replay = 10
    await tabs.open(3)
    const goes = await tabs.leader()
    const others = tabs.pages.filter(page => page !== goes)
    const [speaker] = others
    const name = await goes.evaluate(() => tab.name)
    await goes.goto(browser.url('/blank.html'))
    const from = await speaker?.evaluate(async () => {
      for (let n = 0; n < 3; n++) await tab.session.publish('traffic/0', [tab.name, n])
      return tab.name
    })
    await goes.evaluate(() => history.back())
    // In the moment of the change there is no page to ask.
    const state = (): Promise<unknown> => goes.evaluate(() => ('tab' in globalThis ? tab.hub.status.state : undefined)).catch(() => undefined)
    await expect.poll(state).toBe('connected')
    await speaker?.evaluate(() => tab.session.publish('traffic/0', [tab.name, 3]).then(() => undefined))
    const heard = (): Promise<unknown[]> => Promise.all(tabs.pages.map(page => page.evaluate(() => tab.heard.map(([from, n]) => [from, n]))))
    await expect.poll(heard).toEqual(tabs.pages.map(() => [0, 1, 2, 3].map(n => [from, n])))
    expect(await relay.connections()).toBe(1)
    expect(await Promise.all(tabs.pages.map(page => page.evaluate(() => [tab.gaps, tab.errors])))).toEqual(tabs.pages.map(() => [0, []]))
    console.log(`from the back/forward cache: ${(await goes.evaluate(() => tab.name)) === name}`)
  })
}
