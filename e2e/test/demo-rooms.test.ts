import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { attributes, by, chat, chatted, click, enter, fill, front, joined, texts, visit } from '../support/demo.ts'
import { Suite } from '../support/suite.ts'

const suite = new Suite({ pages: 'demo' })

/** Whose hands are shown, and where. */
function hands(page: Page): Promise<string[]> {
  return page.$$eval(`${by('cursor')}:not([hidden])`, cursors =>
    cursors.map(cursor => `${cursor.textContent} ${(cursor as HTMLElement).style.translate}`),
  )
}

async function spot(page: Page, x: number, y: number): Promise<[number, number]> {
  const box = await (await page.$(by('sheet')))?.boundingBox()
  if (!box) throw new Error('There is no sheet')
  return [box.x + x * box.width, box.y + y * box.height]
}

test('a room has chat with typing, hands and strokes, for those who are in it', async () => {
  const xenia = await visit(suite, 'Xenia')
  const yorick = await visit(suite, 'Yorick')
  await enter(yorick, 'attic')
  await front(xenia)
  await expect.poll(() => texts(xenia, `${by('door-attic')} .count`)).toEqual(['1'])
  await enter(xenia, 'attic')
  await expect.poll(() => texts(xenia, `${by('door-attic')} .count`)).toEqual(['2'])

  await fill(xenia, by('chat-text'), 'anybody')
  await front(yorick)
  await expect.poll(() => texts(yorick, by('typing'))).toEqual(['Xenia is typing …'])
  await chat(xenia, 'anybody here?')
  await expect.poll(() => chatted(xenia)).toEqual(['anybody here? · sent'])
  await expect.poll(() => chatted(yorick)).toEqual(['anybody here?'])
  await expect.poll(() => texts(yorick, by('typing')), { timeout: 1_000 }).toEqual([''])

  await front(xenia)
  await xenia.mouse.move(...(await spot(xenia, 0.25, 0.5)))
  await front(yorick)
  await expect.poll(() => hands(yorick)).toEqual(['Xenia 25cqw 50cqh'])
  await front(xenia)
  await xenia.mouse.down()
  await xenia.mouse.move(...(await spot(xenia, 0.75, 0.5)), { steps: 4 })
  await xenia.mouse.up()
  await front(yorick)
  await expect.poll(() => attributes(yorick, by('stroke'), 'points')).toEqual([expect.stringMatching(/^250,500 .*750,500$/)])
  await front(xenia)
  await xenia.mouse.move(0, 0)
  await front(yorick)
  await expect.poll(() => hands(yorick)).toEqual([])

  // Who comes late has what was said and drawn.
  const zoe = await visit(suite, 'Zoe')
  await enter(zoe, 'attic')
  await expect.poll(() => chatted(zoe)).toEqual(['anybody here?'])
  await expect.poll(() => attributes(zoe, by('stroke'), 'points')).toHaveLength(1)
  // Who is in another room hears nothing of it.
  await enter(zoe, 'garden')
  await chat(yorick, 'for the attic')
  await expect.poll(() => chatted(xenia)).toEqual(['anybody here? · sent', 'for the attic'])
  expect(await chatted(zoe)).toEqual([])
})

test('the canvas is drawn on with the keyboard', async () => {
  const xenia = await visit(suite, 'Xenia')
  await enter(xenia, 'garden')
  await xenia.focus(by('sheet'))
  for (const key of ['ArrowRight', 'ArrowDown', 'Space'] as const) await xenia.keyboard.press(key)
  await expect.poll(() => hands(xenia)).toEqual(['you 52.5cqw 52.5cqh'])
  await expect.poll(() => attributes(xenia, by('stroke'), 'points')).toEqual(['525,525 526,525'])
})

test('what is said out of earshot waits, and fails after a while; back again, both sides catch up', async () => {
  const xenia = await visit(suite, 'Xenia')
  const yorick = await visit(suite, 'Yorick')
  for (const page of [xenia, yorick]) await enter(page, 'kitchen')
  await expect.poll(() => texts(yorick, `${by('door-kitchen')} .count`)).toEqual(['2'])
  await click(xenia, by('more'))
  await click(xenia, by('away'))
  await expect.poll(() => attributes(xenia, by('status'), 'data-state')).toEqual(['disconnected'])
  await chat(xenia, 'does this wait?')
  await expect.poll(() => chatted(xenia)).toEqual(['does this wait? · pending'])
  await chat(yorick, 'you missed this')

  await click(xenia, by('away'))
  await joined(xenia)
  await expect.poll(() => chatted(xenia)).toEqual(expect.arrayContaining(['does this wait? · sent', 'you missed this']))
  await expect.poll(() => chatted(yorick)).toEqual(expect.arrayContaining(['does this wait?', 'you missed this · sent']))

  await click(xenia, by('away'))
  await chat(xenia, 'too late')
  await expect.poll(() => chatted(xenia)).toContain('too late · failed')
})

test('a theme is that of all tabs, and a late tab begins with it', async () => {
  const xenia = await visit(suite, 'Xenia')
  const yorick = await visit(suite, 'Yorick')
  const papers = (page: Page): Promise<string> => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)
  await click(xenia, `label:has(${by('theme-dark')})`)
  await front(yorick)
  await expect.poll(() => papers(yorick)).toBe('dark')
  const zoe = await suite.tabs.empty()
  const seen: string[] = []
  await zoe.exposeFunction('told', (theme: string) => seen.push(theme))
  await zoe.evaluateOnNewDocument(() => {
    const { told } = globalThis as unknown as { told: (theme: string | undefined) => void }
    new MutationObserver(() => told(document.documentElement.dataset['theme'])).observe(document, { subtree: true, attributeFilter: ['data-theme'] })
  })
  await zoe.goto(suite.tabs.url('/'))
  await joined(zoe)
  expect(new Set(seen)).toEqual(new Set(['dark']))
})
