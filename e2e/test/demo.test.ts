import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { attributes, by, click, fill, focused, front, joined, log, people, send, session, signIn, texts, visit } from '../support/demo.ts'
import { Suite } from '../support/suite.ts'

const suite = new Suite({ pages: 'demo' })

/** Those who stand on the map, as it names them. */
async function mapped(page: Page): Promise<(string | null)[]> {
  await front(page)
  return (await texts(page, `${by('node')} .label`)).sort()
}

test('a visitor opens a second tab from the page, sends, and sees it heard', async () => {
  const first = await suite.tabs.open('/')
  await joined(first)
  await expect.poll(() => texts(first, by('headline'))).toEqual(['Open this page in two tabs.'])
  const opened = new Promise<Page>((resolve, reject) => {
    first.browserContext().once('targetcreated', target => {
      target.page().then(page => page && resolve(page), reject)
    })
  })
  await click(first, by('open-tab'))
  const second = suite.tabs.adopt(await opened)
  await joined(second)
  // Tabs take turns at names.
  await expect.poll(() => mapped(first)).toEqual(['Ada you', 'Bob'])
  await expect.poll(() => texts(first, by('headline'))).toEqual(['Two tabs within earshot.'])
  await expect.poll(() => texts(first, `${by('node')}:has(.crown) .label`)).toEqual(['Ada you'])

  await send(first, 'all', 'can you hear me?')
  await first.waitForSelector('.effects .ring')
  await first.waitForSelector(`${by('node')}.hears`)
  await expect.poll(() => texts(first, `${by('entry')}.sent .latency`)).toEqual([expect.stringMatching(/^1 heard it, (<1|\d+) ms$/)])
  await expect.poll(() => log(second, 'heard')).toEqual(['Ada · broadcast · can you hear me?'])
  await expect.poll(() => texts(second, `${by('entry')}.heard .latency`)).toEqual([expect.stringMatching(/^(<1|\d+) ms$/)])

  await second.close()
  await expect.poll(() => mapped(first)).toEqual(['Ada you'])
})

test('two visitors see one another, reload, and leave', async () => {
  const xenia = await visit(suite, 'Xenia')
  const yorick = await visit(suite, 'Yorick')
  const both = [['Xenia', 1], ['Yorick', 1]]
  await expect.poll(() => people(xenia)).toEqual(both)
  await expect.poll(() => people(yorick)).toEqual(both)

  const before = await session(yorick)
  await yorick.reload()
  await expect.poll(() => people(yorick)).toEqual(both)
  expect(await session(yorick)).toBe(before)
  expect(await people(xenia)).toEqual(both)

  await yorick.close()
  // It says so at once; that it is no reload is known later.
  await expect.poll(() => attributes(xenia, by('node'), 'data-going')).toEqual([null, 'true'])
  await expect.poll(() => people(xenia)).toEqual([['Xenia', 1]])
})

/** The colours of those on the map. */
async function colorsOf(page: Page): Promise<Set<string | undefined>> {
  await front(page)
  return new Set(await page.$$eval(by('node'), nodes => nodes.map(node => node.querySelector('svg')?.style.color)))
}

test('who signs in as somebody new while their other tabs stay gets a colour of their own', async () => {
  const xenia = await visit(suite, 'Xenia')
  const again = await visit(suite, 'Xenia')
  await expect.poll(() => people(again)).toEqual([['Xenia', 2]])
  await signIn(again, 'Yorick')
  await expect.poll(() => people(xenia)).toEqual([['Xenia', 1], ['Yorick', 1]])
  expect((await colorsOf(xenia)).size).toBe(2)
})

test('one person with two tabs is shown once, in one colour, and less a tab that crashes', async () => {
  const xenia = await visit(suite, 'Xenia')
  const again = await visit(suite, 'Xenia')
  await expect.poll(() => people(xenia)).toEqual([['Xenia', 2]])
  expect((await colorsOf(xenia)).size).toBe(1)
  await suite.tabs.crash(again)
  await expect.poll(() => people(xenia)).toEqual([['Xenia', 1]])
})

test('what is sent to all, to others, to a topic and to one person is heard by those', async () => {
  const xenia = await visit(suite, 'Xenia')
  const yorick = await visit(suite, 'Yorick')
  const zoe = await visit(suite, 'Zoe')
  await expect.poll(async () => (await people(xenia)).length).toBe(3)
  await send(xenia, 'all', 'to all')
  await send(xenia, 'others', 'to others')
  await send(xenia, 'topic', 'to a topic')
  // Who is picked on the map is whom to send to.
  await click(xenia, `${by('node')}:has([data-name="Yorick"])`)
  await send(xenia, 'user', 'to Yorick')
  await send(xenia, 'all', 'the end')

  const common = ['Xenia · broadcast · to all', 'Xenia · broadcast · to others', 'Xenia · topics/news · to a topic']
  await expect.poll(() => log(yorick, 'heard')).toEqual([...common, 'Xenia · broadcast · to Yorick', 'Xenia · broadcast · the end'])
  await expect.poll(() => log(zoe, 'heard')).toEqual([...common, 'Xenia · broadcast · the end'])
  await expect.poll(() => log(xenia, 'heard')).toEqual(['me · broadcast · to all', 'me · topics/news · to a topic', 'me · broadcast · the end'])
})

test('the log has what was sent before what is heard of it, is filtered, and outlives signing in', async () => {
  const xenia = await visit(suite, 'Xenia')
  await send(xenia, 'all', 'first')
  await send(xenia, 'topic', 'second')
  const kinds = (): Promise<(string | null)[]> => attributes(xenia, by('entry'), 'data-direction')
  await expect.poll(kinds).toEqual(['heard', 'sent', 'heard', 'sent'])

  await signIn(xenia, 'Yorick')
  await expect.poll(() => people(xenia)).toEqual([['Yorick', 1]])
  expect(await kinds()).toEqual(['heard', 'sent', 'heard', 'sent'])

  const shown = (): Promise<(string | null)[]> => texts(xenia, `${by('entry')} .text`)
  await fill(xenia, by('log-filter'), 'topics/*')
  await expect.poll(shown).toEqual(['second', 'second'])
  await fill(xenia, by('log-filter'), 'FIR')
  await expect.poll(shown).toEqual(['first', 'first'])
  await xenia.select(by('log-kind'), 'people')
  await expect.poll(shown).toEqual([])
})

test('a topic that is none is refused with a reason, and marked', async () => {
  const xenia = await visit(suite, 'Xenia')
  await click(xenia, `label:has(${by('to-topic')})`)
  await fill(xenia, by('send-topic'), 'a//b')
  await send(xenia, 'topic', 'nowhere')
  await expect.poll(() => texts(xenia, by('refusal'))).toEqual([expect.stringContaining('a//b')])
  expect(await log(xenia, 'heard')).toEqual([])
  await expect.poll(() => log(xenia, 'trouble')).toEqual(['me · topics/a//b · nowhere'])
  await xenia.waitForSelector(`${by('node')}.shakes`)
})

test('a colour that one chooses is seen by the others, on the map and beside the name, and kept over a reload', async () => {
  const xenia = await visit(suite, 'Xenia')
  const yorick = await visit(suite, 'Yorick')
  await expect.poll(() => people(yorick)).toEqual([['Xenia', 1], ['Yorick', 1]])
  const seen = async (): Promise<string[]> => {
    await front(yorick)
    const dots = await yorick.$$eval(`${by('person')}[data-user="Xenia"] .dot`, all => all.map(dot => getComputedStyle(dot).backgroundColor))
    const heads = await yorick.$$eval('[data-name="Xenia"]', all => all.map(head => getComputedStyle(head).color))
    return [...dots, ...heads]
  }
  const chosen = 'rgb(1, 35, 69)'
  expect(await seen()).not.toContain(chosen)
  await front(xenia)
  // A picker is the browser's own window: what it tells the page is that there was input.
  await xenia.$eval(by('me-color'), element => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(element, '#012345')
    element.dispatchEvent(new Event('input', { bubbles: true }))
  })
  await expect.poll(seen).toEqual([chosen, chosen])
  await front(xenia)
  await xenia.reload()
  await joined(xenia)
  expect(await xenia.$eval(by('me-color'), element => (element as HTMLInputElement).value)).toBe('#012345')
  await expect.poll(seen).toEqual([chosen, chosen])
})

test('tabs of one person are told apart by the marks that they have in the list', async () => {
  const xenia = await visit(suite, 'Xenia')
  await expect.poll(() => mapped(xenia)).toEqual(['Xenia you'])
  const yorick = await visit(suite, 'Yorick')
  const again = await visit(suite, 'Xenia')
  const mark = (await session(again))?.slice(0, 6)
  await expect.poll(() => mapped(xenia)).toEqual([`Xenia ${mark}`, 'Xenia you', 'Yorick'].sort())
  await expect.poll(() => texts(xenia, `${by('person')}[data-user="Xenia"] code`)).toEqual([mark])
  await again.close()
  await expect.poll(() => mapped(yorick)).toEqual(['Xenia', 'Yorick you'])
})

test('signing in leaves the focus where it was', async () => {
  const xenia = await visit(suite, 'Xenia')
  expect(await focused(xenia)).toBe('me-name')
  await signIn(xenia, 'Yorick')
  expect(await focused(xenia)).toBe('me-name')
})
