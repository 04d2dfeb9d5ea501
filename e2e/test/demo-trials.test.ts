import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { by, click, focused, front, joined, log, paneOf, people, send, session, visit } from '../support/demo.ts'
import { Suite } from '../support/suite.ts'

const suite = new Suite({ pages: 'demo' })

test('of three tabs one rings', async () => {
  const pages = [await visit(suite, 'Xenia'), await visit(suite, 'Yorick'), await visit(suite, 'Zoe')]
  const [xenia] = pages as [Page]
  await expect.poll(async () => (await people(xenia)).length).toBe(3)
  // Whoever rings says so: each tab counts what it hears.
  for (const page of pages) {
    await page.evaluate(selector => {
      const bell = document.querySelector(selector)
      if (!bell) throw new Error('There is no bell')
      new MutationObserver(() => {
        if (bell.textContent) document.title = `${document.title} ding`
      }).observe(bell, { childList: true })
    }, by('bell'))
  }
  await click(xenia, by('more'))
  await click(xenia, by('ring'))
  await xenia.waitForSelector('.effects .word::-p-text(ding!)')
  for (const page of pages) await expect.poll(() => log(page, page === xenia ? 'sent' : 'heard')).toContainEqual(expect.stringContaining('bell/ring'))
  const titles = await Promise.all(pages.map(page => page.title()))
  expect(titles.filter(title => title.endsWith(' ding'))).toHaveLength(1)
})

test('a burst overflows the queues, and the drops are counted and marked', async () => {
  const xenia = await visit(suite, 'Xenia')
  const yorick = await visit(suite, 'Yorick')
  await expect.poll(async () => (await people(xenia)).length).toBe(2)
  await click(xenia, by('more'))
  await click(xenia, by('burst'))
  await xenia.waitForSelector('.effects .word.bad::-p-text(899 dropped)')
  const lines = async (page: Page): Promise<string[]> => (await log(page, 'heard')).filter(line => line.includes('burst'))
  await expect.poll(() => lines(xenia)).toEqual(['me · burst · read 101, dropped 899: a queue of 100 that keeps the newest'])
  await expect.poll(() => lines(yorick)).toEqual([expect.stringMatching(/^Xenia · burst · read \d+, dropped \d+: /)])
})

test('a tab that crashes itself is gone, and the others say after how long', async () => {
  const xenia = await visit(suite, 'Xenia')
  const yorick = await visit(suite, 'Yorick')
  await expect.poll(async () => (await people(xenia)).length).toBe(2)
  await click(yorick, by('more'))
  await click(yorick, by('crash'))
  const crashed = suite.tabs.crashing(yorick)
  await click(yorick, by('crash-sure'))
  await crashed
  await front(xenia)
  await expect.poll(() => people(xenia)).toEqual([['Xenia', 1]])
  await expect.poll(() => log(xenia, 'people')).toContainEqual(expect.stringMatching(/^Yorick · people · crashed: known (<1|\d+) ms later$/))
  console.log(`at a sibling: ${(await log(xenia, 'people')).at(-1)}`)
})

test('a split view has two sessions that hear each other; one is cut off without a goodbye', async () => {
  const page = await suite.tabs.open('/')
  await joined(page)
  const before = await session(page)
  await Promise.all([page.waitForNavigation(), click(page, by('split'))])
  const [left, right] = [await paneOf(page, 'left'), await paneOf(page, 'right')]
  const both = [['Ada', 1], ['Bob', 1]]
  await expect.poll(() => people(left)).toEqual(both)
  await expect.poll(() => people(right)).toEqual(both)
  const ids = [await session(left), await session(right)]
  expect(ids[0]).not.toBe(ids[1])
  // The left one goes on with what the whole tab was.
  expect(ids[0]).toBe(before)
  await send(left, 'others', 'over there?')
  await expect.poll(() => log(right, 'heard')).toEqual([expect.stringMatching(/over there\?$/)])

  // Each pane is itself again after a reload.
  await page.reload()
  const again = [await paneOf(page, 'left'), await paneOf(page, 'right')] as const
  expect(await Promise.all(again.map(session))).toEqual(ids)
  await expect.poll(() => people(again[0])).toEqual(both)

  await click(again[1], by('more'))
  await click(again[1], by('crash'))
  await click(again[1], by('crash-sure'))
  await expect.poll(() => log(again[0], 'people')).toContainEqual(expect.stringMatching(/crashed: known \d+ ms later$/))
  await expect.poll(() => people(again[0])).toHaveLength(1)
  await expect.poll(() => focused(page)).toBe('Bring it back')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-pane'))).toBe('right')
  await paneOf(page, 'right')
  await expect.poll(() => people(again[0])).toEqual(both)

  await Promise.all([page.waitForNavigation(), click(page, by('unsplit'))])
  await joined(page)
  expect(await session(page)).toBe(before)
  await expect.poll(() => people(page)).toEqual([['Ada', 1]])
})

test('who tries it from the keyboard never loses the place, and can think better of a crash', async () => {
  const xenia = await visit(suite, 'Xenia')
  await xenia.focus(by('more'))
  await xenia.keyboard.press('Enter')
  await expect.poll(() => focused(xenia)).toBe('trials')
  await xenia.keyboard.press('Tab')
  expect(await focused(xenia)).toBe('ring')
  await xenia.focus(by('crash'))
  await xenia.keyboard.press('Enter')
  await xenia.waitForSelector(by('crash-sure'))
  await expect.poll(() => focused(xenia)).toBe('crash-sure')
  await xenia.keyboard.press('Tab')
  expect(await focused(xenia)).toBe('Better not')
  await xenia.keyboard.press('Enter')
  await xenia.waitForSelector(by('crash'))
  await expect.poll(() => focused(xenia)).toBe('crash')
})
