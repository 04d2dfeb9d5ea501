import type { Page } from 'puppeteer-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { OneSocketBrowser } from '../support/one-socket.ts'
import { findings, Outside, report } from '../support/outside.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { ask, Suite } from '../support/suite.ts'

const TABS = 4
/** Messages a second of all tabs together, and of the client outside. */
const RATE = 20

// Browsers say on the console that a socket failed: nothing can keep them from it.
const expected = /^console: WebSocket connection to/
let relay: RelayProcess
let outside: Outside

beforeEach(async () => {
  relay = new RelayProcess()
  await relay.start()
  outside = new Outside(relay.url, RATE)
})
afterEach(async () => {
  await outside.close()
  await relay.close()
})

/** Tabs that all publish, and a client outside that has seen all of them come. */
async function talking(suite: Suite): Promise<OneSocketBrowser<Page>> {
  const browser = new OneSocketBrowser(suite.tabs, relay.url, (1000 / RATE) * TABS)
  await browser.open(TABS)
  await outside.begin()
  await expect.poll(() => outside.presence.members.length).toBe(TABS)
  outside.changes.length = 0
  await browser.begin()
  return browser
}

const sessionOf = async (page: Page): Promise<string> => (await report(page)).id
const stateOf = (page: Page): Promise<unknown[]> => page.evaluate(() => [tab.hub.status.state, tab.hub.status.via, document.visibilityState])

/** Whoever leads, in front: hidden, it would hand over. */
async function lookedAt(browser: OneSocketBrowser<Page>): Promise<Page> {
  const page = await browser.leader()
  await page.bringToFront()
  await expect.poll(() => stateOf(page)).toEqual(['connected', 'leader', 'visible'])
  return page
}

/** Waits until so much more was heard outside. */
async function more(count: number): Promise<void> {
  const wanted = outside.heard.length + count
  await expect.poll(() => outside.heard.length).toBeGreaterThan(wanted)
}

describe('a leader', () => {
  const suite = new Suite({ expected })

  test('comes back from the back/forward cache as a follower, and hears what it missed', async () => {
    const browser = await talking(suite)
    const goes = await lookedAt(browser)
    browser.pages = browser.pages.filter(page => page !== goes)
    const staying = await Promise.all(browser.pages.map(sessionOf))
    await goes.goto(suite.tabs.url('/blank.html'))
    const next = await lookedAt(browser)
    await more(20)
    const joined = relay.joined
    await goes.evaluate(() => history.back())
    // In the moment of the change there is no page to ask.
    await expect.poll(() => goes.evaluate(() => tab.shows).catch(() => undefined)).toEqual([false, true])
    browser.pages.push(goes)
    await expect.poll(async () => (await stateOf(goes)).slice(0, 2)).toEqual(['connected', 'follower'])
    await more(20)
    expect(await findings(browser, outside)).toEqual([])
    expect(await browser.leader()).toBe(next)
    expect([await relay.connections(), relay.joined]).toEqual([2, joined])
    expect(outside.changes.filter(([, id]) => staying.includes(id))).toEqual([])
    await expect.poll(() => outside.presence.members.length).toBe(TABS)
  })

  test.each(['leader', 'follower'])('and its session go on when one goes to another page of the app, and back: it is the %s', async role => {
    const browser = await talking(suite)
    const leader = await lookedAt(browser)
    const goes = role === 'leader' ? leader : (browser.pages.find(page => page !== leader) as Page)
    await goes.bringToFront()
    const { id } = await report(goes)
    browser.pages = browser.pages.filter(page => page !== goes)
    const url = new URL(goes.url())
    url.searchParams.set('page', '2')
    await goes.goto(url.href)
    await expect.poll(() => stateOf(goes).then(([state]) => state, () => undefined)).toBe('connected')
    expect(await sessionOf(goes)).toBe(id)
    await goes.evaluate(() => tab.session.presence('room').update('on the second page'))
    await expect.poll(() => outside.presence.get(id)?.data).toBe('on the second page')
    await goes.evaluate(() => history.back())
    await expect.poll(() => goes.evaluate(() => tab.shows).catch(() => undefined)).toEqual([false, true])
    await expect.poll(() => stateOf(goes).then(([state]) => state)).toBe('connected')
    await goes.evaluate(() => tab.session.presence('room').update('back'))
    await expect.poll(() => outside.presence.get(id)?.data).toBe('back')
    browser.pages.push(goes)
    await more(20)
    expect(await sessionOf(goes)).toBe(id)
    expect(await findings(browser, outside)).toEqual([])
    expect(outside.changes.filter(([type]) => type !== 'update')).toEqual([])
  })

  test('that nobody looks at for ten seconds hands over to a tab that is looked at', async () => {
    const browser = await talking(suite)
    const hidden = await lookedAt(browser)
    const [, shown] = browser.pages.filter(page => page !== hidden) as [Page, Page]
    const at = Date.now()
    await shown.bringToFront()
    await expect.poll(() => stateOf(shown), { timeout: 20_000 }).toEqual(['connected', 'leader', 'visible'])
    const after = Date.now() - at
    console.log(`hidden leader hands over after ${after} ms`)
    expect(after).toBeGreaterThan(9900)
    expect(await browser.leader()).toBe(shown)
    await expect.poll(() => stateOf(hidden)).toEqual(['connected', 'follower', 'hidden'])
    await more(20)
    expect(await findings(browser, outside)).toEqual([])
    expect(outside.changes).toEqual([])
    expect([await relay.connections(), relay.joined]).toEqual([2, 3])
  })

  test('that hangs loses the lead to a tab that is looked at, and comes back as a follower', async () => {
    const browser = await talking(suite)
    const hung = await lookedAt(browser)
    browser.pages = browser.pages.filter(page => page !== hung)
    const [, shown] = browser.pages as [Page, Page]
    const staying = await Promise.all(browser.pages.map(sessionOf))
    await suite.tabs.hang(hung)
    const at = Date.now()
    await shown.bringToFront()
    await expect.poll(() => stateOf(shown)).toEqual(['connected', 'leader', 'visible'])
    console.log(`hung leader loses the lead after ${Date.now() - at} ms`)
    const published = await ask(browser.pages, () => tab.published)
    const late = async (): Promise<unknown[]> => (await ask(browser.pages, () => tab.answered)).filter((count, index) => count < (published[index] ?? 0))
    await expect.poll(late).toEqual([])
    await expect.poll(() => relay.connections()).toBe(2)
    suite.tabs.wake(hung)
    browser.pages.push(hung)
    await expect.poll(async () => (await stateOf(hung)).slice(0, 2)).toEqual(['connected', 'follower'])
    await more(20)
    expect(await findings(browser, outside)).toEqual([])
    expect(await browser.leader()).toBe(shown)
    expect([await relay.connections(), relay.joined]).toEqual([2, 3])
    expect(outside.changes.filter(([, id]) => staying.includes(id))).toEqual([])
  })
})

describe('on plain http', () => {
  const suite = new Suite({ expected, host: 'app.test' })

  test('each tab has a socket of its own, says why, and nobody misses anything', async () => {
    const browser = await talking(suite)
    const told = await Promise.all(browser.pages.map(page => page.evaluate(() => [isSecureContext, tab.hub.status, tab.hub.capabilities['shared'], tab.statuses.filter(({ state }) => state === 'connected').length])))
    const why = 'there are no Web Locks: each tab has a socket of its own; serve the page over https or from localhost'
    expect(told).toEqual(browser.pages.map(() => [false, { state: 'connected', via: 'own' }, why, 1]))
    expect(await relay.connections()).toBe(TABS + 1)
    const [reloads, closes, ...stay] = browser.pages as [Page, Page, ...Page[]]
    const staying = await Promise.all(stay.map(sessionOf))
    await reloads.reload()
    await reloads.evaluate(() => tab.connected())
    await closes.close()
    browser.pages = [reloads, ...stay]
    await more(20)
    expect(await findings(browser, outside)).toEqual([])
    expect(outside.changes.filter(([, id]) => staying.includes(id))).toEqual([])
    await expect.poll(() => outside.presence.members.length).toBe(TABS - 1)
    expect(await relay.connections()).toBe(TABS)
  })
})
