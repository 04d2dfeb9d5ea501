import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { Suite } from '../support/suite.ts'

const suite = new Suite({ pages: 'demo' })

const by = (id: string): string => `[data-testid="${id}"]`

/** Opens the demo as somebody. */
async function visit(name: string): Promise<Page> {
  const page = await suite.tabs.open('/')
  await page.locator(by('me-name')).fill(name)
  await page.locator(by('me-save')).click()
  await expect.poll(() => page.$$eval(by('status'), elements => elements.map(element => element.getAttribute('data-state')))).toEqual(['connected'])
  return page
}

/** Who is shown, with how many tabs. */
async function people(page: Page): Promise<[string, number][]> {
  await page.bringToFront()
  const shown = await page.$$eval(by('person'), persons =>
    persons.map((person): [string, number] => [person.getAttribute('data-user') ?? '', person.querySelectorAll('[data-testid="tab"]').length]),
  )
  return shown.sort(([one], [other]) => one.localeCompare(other))
}

/** What the log shows as heard, oldest first. */
async function heard(page: Page): Promise<string[]> {
  await page.bringToFront()
  const shown = await page.$$eval(`${by('entry')}[data-direction="heard"]`, entries =>
    entries.map(entry => ['who', 'where', 'text'].map(part => entry.querySelector(`.${part}`)?.textContent).join(' · ')),
  )
  return shown.reverse()
}

async function send(page: Page, to: 'all' | 'others' | 'topic' | 'user', text: string): Promise<void> {
  await page.bringToFront()
  await page.locator(by(`to-${to}`)).click()
  await page.locator(by('send-text')).fill(text)
  await page.locator(by('send')).click()
}

function session(page: Page): Promise<string | null> {
  return page.$eval(by('me-session'), element => element.textContent)
}

test('two visitors see one another, reload, and leave', async () => {
  const xenia = await visit('Xenia')
  const yorick = await visit('Yorick')
  const both = [['Xenia', 1], ['Yorick', 1]]
  await expect.poll(() => people(xenia)).toEqual(both)
  await expect.poll(() => people(yorick)).toEqual(both)

  const before = await session(yorick)
  await yorick.reload()
  await expect.poll(() => people(yorick)).toEqual(both)
  expect(await session(yorick)).toBe(before)
  expect(await people(xenia)).toEqual(both)

  await yorick.close()
  await expect.poll(() => people(xenia)).toEqual([['Xenia', 1]])
})

test('one person with two tabs is shown once, and less a tab that crashes', async () => {
  const xenia = await visit('Xenia')
  const again = await visit('Xenia')
  await expect.poll(() => people(xenia)).toEqual([['Xenia', 2]])
  await suite.tabs.crash(again)
  await expect.poll(() => people(xenia)).toEqual([['Xenia', 1]])
})

test('what is sent to all, to others, to a topic and to one person is heard by those', async () => {
  const xenia = await visit('Xenia')
  const yorick = await visit('Yorick')
  const zoe = await visit('Zoe')
  await expect.poll(async () => (await people(xenia)).length).toBe(3)
  await send(xenia, 'all', 'to all')
  await send(xenia, 'others', 'to others')
  await send(xenia, 'topic', 'to a topic')
  await xenia.locator(by('to-user')).click()
  await xenia.locator(by('send-user')).fill('Yorick')
  await send(xenia, 'user', 'to Yorick')
  await send(xenia, 'all', 'the end')

  const common = ['Xenia · broadcast · to all', 'Xenia · broadcast · to others', 'Xenia · topics/news · to a topic']
  await expect.poll(() => heard(yorick)).toEqual([...common, 'Xenia · broadcast · to Yorick', 'Xenia · broadcast · the end'])
  await expect.poll(() => heard(zoe)).toEqual([...common, 'Xenia · broadcast · the end'])
  expect(await heard(xenia)).toEqual(['me · broadcast · to all', 'me · topics/news · to a topic', 'me · broadcast · the end'])
})

test('a topic that is none is refused with a reason', async () => {
  const xenia = await visit('Xenia')
  await xenia.locator(by('to-topic')).click()
  await xenia.locator(by('send-topic')).fill('a//b')
  await send(xenia, 'topic', 'nowhere')
  await expect.poll(() => xenia.$eval(by('refusal'), element => element.textContent)).toContain('a//b')
  expect(await heard(xenia)).toEqual([])
})
