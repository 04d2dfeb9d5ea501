import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { attributes, by, chat, chatted, click, enter, front, joined, log, paneOf, people, send, session, texts, visit } from '../support/demo.ts'
import { Suite } from '../support/suite.ts'

const suite = new Suite({ pages: 'demo-relay' })

const RELAY = '/?reach=relay'

/** Xenia and Yorick in two browsers: only the relay joins them. */
async function meet(): Promise<[Page, Page]> {
  const xenia = await visit(suite, 'Xenia', RELAY)
  const yorick = await visit({ tabs: await suite.elsewhere() }, 'Yorick', RELAY)
  for (const page of [xenia, yorick]) await expect.poll(() => people(page)).toEqual([['Xenia', 1], ['Yorick', 1]])
  return [xenia, yorick]
}

/** A number that the panel shows. */
async function shown(page: Page, id: string): Promise<number> {
  await front(page)
  return Number((await texts(page, by(id)))[0])
}

async function state(page: Page): Promise<string | null | undefined> {
  await front(page)
  return (await attributes(page, by('status'), 'data-state'))[0]
}

test('without the relay, tabs of two browsers are out of earshot; with it, they talk', async () => {
  const xenia = await visit(suite, 'Xenia')
  const yorick = await visit({ tabs: await suite.elsewhere() }, 'Yorick')
  expect(await people(xenia)).toEqual([['Xenia', 1]])
  expect(await xenia.$(by('relay'))).toBeNull()
  for (const page of [xenia, yorick]) {
    await Promise.all([page.waitForNavigation(), click(page, by('reach-relay'))])
    await joined(page)
    await expect.poll(() => attributes(page, by('reach-relay'), 'aria-current')).toEqual(['true'])
  }
  for (const page of [xenia, yorick]) await expect.poll(() => people(page)).toEqual([['Xenia', 1], ['Yorick', 1]])
  await send(xenia, 'all', 'over there?')
  await expect.poll(() => log(yorick, 'heard')).toEqual(['Xenia · broadcast · over there?'])
  // Who is picked on the map is whom to send to.
  await click(yorick, `${by('node')}:has([data-name="Xenia"])`)
  await send(yorick, 'user', 'here!')
  await expect.poll(() => log(xenia, 'heard')).toContain('Yorick · broadcast · here!')
  // What only the tabs of one browser can agree upon is not offered.
  expect(await xenia.$(by('more'))).toBeNull()
  expect(await texts(xenia, by('leader'))).toEqual([])
  await Promise.all([xenia.waitForNavigation(), click(xenia, by('reach-tabs'))])
  await joined(xenia)
  await xenia.waitForSelector(by('more'))
})

test('what was said on both sides of a cut arrives once when the connection is restored', async () => {
  const [xenia, yorick] = await meet()
  for (const page of [xenia, yorick]) await enter(page, 'kitchen')
  await chat(xenia, 'before')
  for (const page of [xenia, yorick]) await expect.poll(() => chatted(page)).toEqual([expect.stringMatching(/^before( · sent)?$/)])
  const id = await session(yorick)

  await click(yorick, by('cut'))
  await expect.poll(() => state(yorick)).toBe('disconnected')
  await expect.poll(() => texts(yorick, by('relay-status'))).toEqual([expect.stringMatching(/^You have cut the connection; what you say waits – attempt \d+ (in \d+ s|…)$/)])
  await chat(yorick, 'while away')
  await expect.poll(() => chatted(yorick)).toEqual(['before', 'while away · pending'])
  await chat(xenia, 'to whom it may concern')
  await send(xenia, 'all', 'anybody?')
  await expect.poll(() => log(xenia, 'heard')).toContain('me · broadcast · anybody?')
  await expect.poll(() => chatted(xenia)).toEqual(['before · sent', 'to whom it may concern · sent'])
  expect(await chatted(yorick)).toEqual(['before', 'while away · pending'])
  expect(await shown(yorick, 'recovered')).toBe(0)

  await click(yorick, by('cut'))
  await expect.poll(() => state(yorick)).toBe('connected')
  await expect.poll(() => chatted(yorick)).toEqual(['before', 'to whom it may concern', 'while away · sent'])
  await expect.poll(() => chatted(xenia)).toEqual(['before · sent', 'to whom it may concern · sent', 'while away'])
  await expect.poll(() => shown(yorick, 'recovered')).toBe(2)
  expect(await session(yorick)).toBe(id)

  // What comes after it shows that nothing comes a second time.
  await chat(xenia, 'the end')
  await expect.poll(() => chatted(yorick)).toEqual(['before', 'to whom it may concern', 'while away · sent', 'the end'])
  expect((await log(yorick, 'heard')).filter(line => line.includes('anybody?'))).toHaveLength(1)
  expect([await shown(yorick, 'recovered'), await shown(yorick, 'gaps')]).toEqual([2, 0])
  expect([await shown(xenia, 'recovered'), await shown(xenia, 'gaps')]).toEqual([0, 0])
})

test('after a restart of the relay each page is told of a gap, and they go on talking', async () => {
  const [xenia, yorick] = await meet()
  await send(xenia, 'all', 'before')
  await expect.poll(() => log(yorick, 'heard')).toEqual(['Xenia · broadcast · before'])
  for (const [index, page] of [xenia, yorick].entries()) {
    await click(page, by('restart'))
    for (const each of [xenia, yorick]) {
      await expect.poll(() => shown(each, 'gaps')).toBeGreaterThan(index)
      await joined(each)
      await expect.poll(() => log(each, 'trouble')).toContain('me · hub · Messages were lost beyond recovery')
    }
    await expect.poll(() => attributes(page, by('restart'), 'disabled')).toEqual([null])
    const text = `after restart ${index + 1}`
    await send(xenia, 'all', text)
    await expect.poll(() => log(yorick, 'heard')).toContain(`Xenia · broadcast · ${text}`)
  }
  await expect.poll(() => people(xenia)).toEqual([['Xenia', 1], ['Yorick', 1]])
  // Those who watch a relay are answered by the one that is there.
  expect(await (await fetch(suite.tabs.url('/earshot/readyz'))).text()).toBe('ready')
  expect(await (await fetch(suite.tabs.url('/earshot/metrics'))).text()).toContain('earshot_sessions 2')
})

test('a split view has two connections of its own', async () => {
  const page = await suite.tabs.open(`/split.html?reach=relay`)
  for (const side of ['left', 'right'] as const) {
    const frame = await paneOf(page, side)
    await frame.waitForSelector(by('relay'))
    await expect.poll(async () => (await people(frame)).length).toBe(2)
  }
  expect(await attributes(page, by('unsplit'), 'href')).toEqual(['./?reach=relay'])
})
