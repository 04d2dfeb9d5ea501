import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { expectAccessible } from '../support/axe.ts'
import { attributes, by, click, focused, front, joined, log, people, send, session, texts, visit } from '../support/demo.ts'
import { Suite } from '../support/suite.ts'

declare global {
  /** Which ways sparks went over the map. */
  var ways: string[]
}

const suite = new Suite({ pages: 'demo-relay' })

const SHARED = '/?reach=shared'

/** Tabs of one browser, and so of one person. Whoever crashed in another test is still at the relay for a while. */
async function meet(name: string, count: number): Promise<Page[]> {
  const pages = [await visit(suite, name, SHARED)]
  while (pages.length < count) {
    const page = await suite.tabs.open(SHARED)
    await joined(page)
    pages.push(page)
  }
  for (const page of pages) await expect.poll(async () => (await people(page)).find(([person]) => person === name)).toEqual([name, count])
  return pages
}

/** The tab that says that it has the socket: one. */
async function leaderOf(pages: readonly Page[]): Promise<Page> {
  const vias = async (): Promise<string[]> => (await Promise.all(pages.map(page => attributes(page, by('shared-status'), 'data-via')))).map(([via]) => via ?? '')
  await expect.poll(async () => (await vias()).sort().join()).toBe(['leader', ...pages.slice(1).map(() => 'follower')].sort().join())
  const leader = pages[(await vias()).indexOf('leader')]
  if (!leader) throw new Error('The lead has changed')
  return leader
}

test('three tabs have one socket: the map and each of them show which one has it', async () => {
  const pages = await meet('Xenia', 3)
  const leader = await leaderOf(pages)
  for (const page of pages) {
    await front(page)
    await expect.poll(() => texts(page, by('shared-tabs'))).toEqual(['3'])
    await expect.poll(() => texts(page, by('leader'))).toEqual(['leads'])
    await expect.poll(async () => [(await page.$$(by('thread'))).length, (await page.$$(by('socket'))).length]).toEqual([2, 1])
    await expect.poll(() => attributes(page, by('reach-shared'), 'aria-current')).toEqual(['true'])
    expect((await texts(page, by('shared-status')))[0]).toMatch(page === leader ? /^This tab has the socket/ : /^Tab [\w-]{6} has the socket/)
  }
  const [first, second, third] = pages as [Page, Page, Page]
  await send(first, 'all', 'over one socket')
  for (const page of [second, third]) await expect.poll(() => log(page, 'heard')).toEqual(['Xenia · broadcast · over one socket'])
})

/** The ways of the sparks on the map while something is done, by the tabs and the relay that they pass. */
async function waysDuring(page: Page, count: number, act: () => Promise<void>): Promise<string[]> {
  await front(page)
  await page.evaluate(() => {
    const spotOf = (translate: unknown): string => (String(translate).match(/[\d.]+/g) ?? []).map(part => Math.round(Number(part))).join()
    globalThis.ways = []
    new MutationObserver(records => {
      const places = [...document.querySelectorAll<HTMLElement>('[data-node], .relay-mark')].map(({ style, dataset }) => [spotOf(style.translate), dataset['node'] ?? 'relay'] as const)
      const names = new Map(places)
      for (const spark of records.flatMap(({ addedNodes }) => [...addedNodes])) {
        if (!(spark instanceof HTMLElement) || !spark.matches('.spark')) continue
        const frames = spark.getAnimations().flatMap(({ effect }) => (effect instanceof KeyframeEffect ? effect.getKeyframes() : []))
        ways.push(frames.flatMap(({ translate }) => (translate ? [names.get(spotOf(translate)) ?? 'nowhere'] : [])).join(' > '))
      }
    }).observe(document.querySelector('.effects') ?? document, { childList: true })
  })
  await act()
  await page.waitForFunction(expected => ways.length >= expected, {}, count)
  return (await page.evaluate(() => ways)).sort()
}

test('on the map, what a follower says goes to the leader, over its socket to the relay, and back to all by way of it', async () => {
  const pages = await meet('Una', 3)
  const leader = await leaderOf(pages)
  const [speaker, listener] = pages.filter(page => page !== leader) as [Page, Page]
  const [first, second, third] = await Promise.all([leader, speaker, listener].map(session))
  await front(speaker)
  await expect.poll(async () => (await speaker.$$(by('thread'))).length).toBe(2)
  const said = await waysDuring(speaker, 2, () => send(speaker, 'all', 'hello'))
  expect(said).toEqual([`${second} > ${first} > relay > ${first}`, `${second} > ${first} > relay > ${first} > ${third}`])
  // What the leader itself says goes straight over its socket.
  const led = await waysDuring(leader, 2, () => send(leader, 'all', 'hello'))
  expect(led).toEqual([`${first} > relay > ${first} > ${second}`, `${first} > relay > ${first} > ${third}`].sort())
})

test('the leader is crashed from another tab, and the others say after how long they were connected again', async () => {
  const pages = await meet('Zoe', 3)
  const leader = await leaderOf(pages)
  const rest = pages.filter(page => page !== leader)
  const [one] = rest as [Page]
  await click(one, by('crash-leader'))
  const crashed = suite.tabs.crashing(leader)
  await click(one, by('crash-leader-sure'))
  await crashed
  await leaderOf(rest)
  for (const page of rest) {
    await front(page)
    await expect.poll(() => texts(page, by('failover'))).toEqual([expect.stringMatching(/^The leader crashed: 2 tabs were connected again within \d+ ms\.$/)])
  }
  console.log((await texts(one, by('failover')))[0])
  await send(one, 'all', 'still here')
  await expect.poll(() => log(rest[1] as Page, 'heard')).toEqual(['Zoe · broadcast · still here'])
})

test('who signs in as somebody else has a socket of their own', async () => {
  const [vera] = (await meet('Vera', 1)) as [Page]
  const yorick = await visit(suite, 'Yorick', SHARED)
  for (const page of [vera, yorick]) {
    await expect.poll(() => people(page)).toEqual(expect.arrayContaining([['Vera', 1], ['Yorick', 1]]))
    await expect.poll(() => attributes(page, by('shared-status'), 'data-via')).toEqual(['leader'])
    await expect.poll(async () => (await page.$$(by('socket'))).length).toBeGreaterThan(1)
  }
})

test.each(['relay', 'shared'])('axe-core finds nothing serious, and nothing scrolls sideways, in both themes, wide and narrow: %s', async reach => {
  const page = await visit(suite, 'Xenia', `/?reach=${reach}`)
  const other = await suite.tabs.open(`/?reach=${reach}`)
  await joined(other)
  await front(page)
  await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }])
  await expect.poll(async () => (await page.$$(by('node'))).length).toBe(2)
  if (reach === 'shared') await click(page, by('crash-leader'))
  await expectAccessible(page)
})

test('the leader can be crashed from the keyboard, and one can think better of it', async () => {
  const [page] = (await meet('Wanda', 1)) as [Page]
  await page.focus(by('crash-leader'))
  await page.keyboard.press('Enter')
  await page.waitForSelector('[role=alert]')
  await expect.poll(() => focused(page)).toBe('crash-leader-sure')
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('Better not')
  await page.keyboard.press('Enter')
  await page.waitForSelector(by('crash-leader'))
  await expect.poll(() => focused(page)).toBe('crash-leader')
})
