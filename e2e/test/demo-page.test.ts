import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { expectAccessible } from '../support/axe.ts'
import { by, click, enter, front, joined, paneOf, people, send, visit } from '../support/demo.ts'
import { Suite } from '../support/suite.ts'

declare global {
  /** How far things moved while they loaded, as Chromium scores it. */
  var shifts: number[]
  /** What was drawn over the map, and whether it moves. */
  var drawn: [name: string, moves: boolean][]
}

const suite = new Suite({ pages: 'demo' })

/** What a first visit may cost, in bytes of gzip. */
const FIRST_LOAD = 100_000

test('a first visit fetches at most 100 kB of gzip', async () => {
  const page = await suite.tabs.empty()
  const bodies: Promise<Uint8Array>[] = []
  page.on('response', response => bodies.push(response.buffer()))
  await page.goto(suite.tabs.url('/'), { waitUntil: 'networkidle0' })
  await joined(page)
  const sizes = (await Promise.all(bodies)).map(body => gzipSync(body, { level: 9 }).byteLength)
  const total = sizes.reduce((sum, size) => sum + size)
  console.log(`first load: ${total} bytes of gzip in ${sizes.length} files`)
  // The page, its style and its script: more would mean that something is fetched that nobody has asked for.
  expect(sizes).toHaveLength(3)
  expect(total).toBeLessThanOrEqual(FIRST_LOAD)
})

test.each([360, 800, 1280])('nothing moves while it loads: %d px', async width => {
  const page = await suite.tabs.empty()
  await page.setViewport({ width, height: 800 })
  await page.evaluateOnNewDocument(() => {
    globalThis.shifts = []
    new PerformanceObserver(list => shifts.push(...list.getEntries().map(entry => (entry as PerformanceEntry & { value: number }).value))).observe({
      type: 'layout-shift',
      buffered: true,
    })
  })
  await page.goto(suite.tabs.url('/'), { waitUntil: 'networkidle0' })
  await joined(page)
  await page.waitForSelector(by('node'))
  // Shifts are told with a later frame.
  await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  const shift = await page.evaluate(() => shifts.reduce((sum, value) => sum + value, 0))
  expect(shift).toBeLessThan(0.01)
})

test('the page says what it is to browsers and search engines', async () => {
  for (const path of ['/', '/split.html']) {
    const page = await suite.tabs.open(path)
    const said = await page.evaluate(() => ({
      lang: document.documentElement.lang,
      title: document.title,
      headings: document.querySelectorAll('h1').length,
      metas: [...document.querySelectorAll('meta[name]')].map(meta => [meta.getAttribute('name'), meta.getAttribute('content') !== '']),
      icon: document.querySelector('link[rel=icon]')?.getAttribute('href')?.slice(0, 19),
    }))
    expect(said).toEqual({
      lang: 'en',
      title: expect.stringContaining('Earshot') as string,
      headings: 1,
      metas: [['viewport', true], ['description', true], ['theme-color', true], ['theme-color', true]],
      icon: 'data:image/svg+xml,',
    })
  }
})

test('axe-core finds nothing serious, and nothing scrolls sideways, in both themes, wide and narrow', async () => {
  const xenia = await visit(suite, 'Xenia')
  const yorick = await visit(suite, 'Yorick')
  await enter(yorick, 'kitchen')
  await front(xenia)
  await xenia.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }])
  await expect.poll(async () => (await people(xenia)).length).toBe(2)
  await enter(xenia, 'kitchen')
  await click(xenia, by('more'))
  await click(xenia, by('crash'))
  await send(xenia, 'topic', 'hello')
  await send(xenia, 'user', 'hello')
  await expectAccessible(xenia)
})

test('axe-core finds nothing serious, and nothing scrolls sideways, in a split view and in both of its panes', async () => {
  const page = await suite.tabs.open('/split.html')
  await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }])
  const panes = [await paneOf(page, 'left'), await paneOf(page, 'right')]
  for (const pane of panes) await expect.poll(async () => (await pane.$$(by('node'))).length).toBe(2)
  await expectAccessible(page, panes)
})

test.each(['no-preference', 'reduce'])('what is said moves over the map, unless one prefers less motion: %s', async preference => {
  const xenia = await visit(suite, 'Xenia')
  const yorick = await visit(suite, 'Yorick')
  await front(xenia)
  await xenia.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: preference }])
  await expect.poll(async () => (await people(xenia)).length).toBe(2)
  await expect.poll(async () => (await people(yorick)).length).toBe(2)
  await front(xenia)
  await xenia.evaluate(selector => {
    globalThis.drawn = []
    new MutationObserver(records => {
      for (const element of records.flatMap(({ addedNodes }) => [...addedNodes])) {
        if (!(element instanceof HTMLElement)) continue
        const frames = element.getAnimations().flatMap(({ effect }) => (effect instanceof KeyframeEffect ? effect.getKeyframes() : []))
        const moves = (['scale', 'translate'] as const).some(how => new Set(frames.map(frame => frame[how]).filter(Boolean)).size > 1)
        drawn.push([element.classList[0] ?? '', moves])
      }
    }).observe(document.querySelector(selector) ?? document, { childList: true })
  }, '.effects')
  await send(xenia, 'all', 'hello')
  // The word is the last of it: over the one that has heard it.
  await xenia.waitForFunction(() => drawn.some(([name]) => name === 'word'))
  const moving = preference === 'no-preference'
  const ring = ['ring', moving]
  expect(await xenia.evaluate(() => drawn)).toEqual(moving ? [ring, ring, ring, ['spark', true], ['word', true]] : [ring, ring, ring, ['word', false]])
})

test('the whole of it works from the keyboard', async () => {
  const page = await suite.tabs.open('/')
  await joined(page)
  const stops = new Set<string>()
  for (;;) {
    await page.keyboard.press('Tab')
    const stop = await page.evaluate(() => {
      const { activeElement: element } = document
      return element?.getAttribute('data-testid') ?? element?.className ?? ''
    })
    if (stops.has(stop) || stop === '') break
    stops.add(stop)
  }
  const wanted = ['me-color', 'me-name', 'open-tab', 'split', 'node', 'send-text', 'send', 'to-all', 'log-filter', 'door-kitchen', 'more']
  expect([...stops]).toEqual(expect.arrayContaining(wanted))
})
