import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { ask, data, members, sessionId, Suite } from '../support/suite.ts'

const suite = new Suite()

/** Opens tabs that are present and listen to the news, and waits until all see all. */
async function present(count: number): Promise<Page[]> {
  const pages = await suite.labs(count, { enter: 'here', listen: 'news' })
  await expect.poll(() => ask(pages, () => lab.members.length)).toEqual(pages.map(() => count))
  await ask(pages, () => lab.changes.splice(0))
  return pages
}

const changes = (): [type: string, id: string][] => lab.changes.map(({ type, id }) => [type, id])

/** Sends the tab to another page; the lab goes to the back/forward cache. */
async function leave(page: Page): Promise<void> {
  await page.goto(suite.tabs.url('/blank.html'))
}

/** Takes the tab back to the lab, and makes sure that it is the very same page. */
async function comeBack(page: Page): Promise<void> {
  await page.evaluate(() => history.back())
  const restored = (): unknown => {
    if (!('lab' in globalThis)) return undefined
    const [navigation] = performance.getEntriesByType('navigation') as (PerformanceNavigationTiming & { notRestoredReasons?: unknown })[]
    return { shows: lab.shows, why: navigation?.notRestoredReasons ?? null }
  }
  // In the moment of the change there is no page to ask.
  await expect.poll(() => page.evaluate(restored).catch(() => undefined)).toEqual({ shows: [false, true], why: null })
  await page.evaluate(() => lab.session.ready)
}

/** The names of the locks by which a tab proves that it lives, and that its session is its own. */
function locksOf(page: Page): Promise<string[]> {
  return page.evaluate(carrier => [`${carrier}:id:${lab.session.id}`, `${carrier}:tab:${(lab.spy.posts[0] as { f: string }).f}`], suite.carrier)
}

/** Queues for locks, and lets each go as soon as it has it. Gives those that it got, in any order. */
async function queueFor(page: Page, names: readonly string[]): Promise<() => Promise<string[]>> {
  const granted = await page.evaluateHandle(wanted => {
    const got: string[] = []
    for (const name of wanted) void navigator.locks.request(name, () => got.push(name))
    return got
  }, names)
  return async () => (await granted.jsonValue()).sort()
}

test('pages that a tab shows one after the other are one member, also when one goes back', async () => {
  const [goes, stays] = (await present(2)) as [Page, Page]
  const id = await goes.evaluate(sessionId)
  const dataOf = (member: string): unknown => lab.presence.get(member)?.data
  const url = new URL(goes.url())
  url.searchParams.set('page', '2')
  await goes.goto(url.href)
  await goes.evaluate(() => lab.session.ready)
  expect(await goes.evaluate(sessionId)).toBe(id)
  await goes.evaluate(() => lab.presence.update('on the second page'))
  await expect.poll(() => stays.evaluate(dataOf, id)).toBe('on the second page')
  await comeBack(goes)
  expect(await goes.evaluate(sessionId)).toBe(id)
  await goes.evaluate(() => lab.presence.update('back'))
  await expect.poll(() => stays.evaluate(dataOf, id)).toBe('back')
  expect((await stays.evaluate(changes)).filter(([type]) => type !== 'update')).toEqual([])
})

test('a tab comes back from the back/forward cache, whoever waits for its locks, and has missed nothing', async () => {
  const [goes, stays] = (await present(2)) as [Page, Page]
  await goes.evaluate(() => void lab.lead())
  await expect.poll(() => goes.evaluate(() => lab.leads)).toBe(true)
  await stays.evaluate(() => void lab.lead())
  const id = await goes.evaluate(sessionId)
  const locks = await locksOf(goes)
  const before = await queueFor(stays, locks)
  expect(await before()).toEqual([])

  await leave(goes)
  await expect.poll(before).toEqual(locks)
  await expect.poll(() => stays.evaluate(() => lab.leads)).toBe(true)
  const after = await queueFor(stays, locks)
  await expect.poll(after).toEqual(locks)
  await stays.evaluate(() => {
    for (const text of ['one', 'two', 'three']) lab.session.publish('news', text)
  })
  await expect.poll(() => stays.evaluate(changes)).toEqual([['leave', id]])

  await comeBack(goes)
  expect(await goes.evaluate(sessionId)).toBe(id)
  await expect.poll(() => goes.evaluate(data)).toEqual(['one', 'two', 'three'])
  expect(await goes.evaluate(() => [lab.gaps, lab.leads])).toEqual([[], false])
  await expect.poll(() => stays.evaluate(changes)).toEqual([['leave', id], ['enter', id]])
  expect(await goes.evaluate(members)).toEqual(await stays.evaluate(members))

  await goes.evaluate(() => void lab.session.publish('news', 'back'))
  await stays.evaluate(() => void lab.session.publish('news', 'four'))
  await expect.poll(() => ask([goes, stays], () => [...lab.data].sort())).toEqual([0, 1].map(() => ['back', 'four', 'one', 'three', 'two']))
  await stays.close()
  await expect.poll(() => goes.evaluate(() => [lab.leads, lab.terms])).toEqual([true, 2])
})

test('a tab that comes back at once was never missed', async () => {
  const [goes, stays, third] = (await present(3)) as [Page, Page, Page]
  const thirdId = await third.evaluate(sessionId)
  await leave(goes)
  await comeBack(goes)
  await third.close()
  await expect.poll(() => ask([goes, stays], () => lab.members.length)).toEqual([2, 2])
  // Had it been missed, its leave would have come before that of the third.
  expect(await stays.evaluate(changes)).toEqual([['leave', thirdId]])
})

test('a tab back from the back/forward cache is told that it may have missed a tab that came and went', async () => {
  const [goes, stays] = (await present(2)) as [Page, Page]
  await leave(goes)
  const guest = await suite.lab({ publish: 'news' })
  await expect.poll(() => stays.evaluate(() => lab.data.length)).toBe(1)
  await suite.tabs.crash(guest)
  await comeBack(goes)
  await expect.poll(() => goes.evaluate(() => lab.gaps.length)).toBe(1)
  await stays.evaluate(() => void lab.session.publish('news', 'go on'))
  await expect.poll(() => goes.evaluate(() => lab.data.at(-1))).toBe('go on')
})

test('a frozen tab lets the lead go, stays present and misses nothing', async () => {
  const [freezes, stays, third] = (await present(3)) as [Page, Page, Page]
  await freezes.evaluate(() => void lab.lead())
  await expect.poll(() => freezes.evaluate(() => lab.leads)).toBe(true)
  await stays.evaluate(() => Object.assign(globalThis, { resign: lab.lead() }))
  const client = await freezes.createCDPSession()
  await client.send('Page.setWebLifecycleState', { state: 'frozen' })
  await expect.poll(() => stays.evaluate(() => lab.leads)).toBe(true)
  expect(await freezes.evaluate(() => lab.leads)).toBe(false)
  await stays.evaluate(() => void lab.session.publish('news', 'meanwhile'))

  const thirdId = await third.evaluate(sessionId)
  await third.close()
  await expect.poll(() => stays.evaluate(changes)).toEqual([['leave', thirdId]])
  const resign = (): void => (globalThis as unknown as { resign(): void }).resign()
  await stays.evaluate(resign)
  // Nobody leads: a frozen tab that waited for the lock would have been granted it.
  expect(await stays.evaluate(async () => (await navigator.locks.query()).held?.filter(({ name }) => name?.endsWith(':leader')))).toEqual([])

  await client.send('Page.setWebLifecycleState', { state: 'active' })
  await expect.poll(() => freezes.evaluate(() => [lab.leads, lab.terms])).toEqual([true, 2])
  await expect.poll(() => freezes.evaluate(data)).toEqual(['meanwhile'])
  await freezes.evaluate(() => void lab.session.publish('news', 'thawed'))
  await expect.poll(() => stays.evaluate(data)).toEqual(['meanwhile', 'thawed'])
  const left = (await ask([freezes, stays], sessionId)).sort()
  await expect.poll(() => ask([freezes, stays], members)).toEqual([left, left])
  expect(await stays.evaluate(changes)).toEqual([['leave', thirdId]])
})
