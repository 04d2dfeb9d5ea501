import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { ask, members, sessionId, Suite } from '../support/suite.ts'

const suite = new Suite()

/** Opens tabs that are present, and waits until all see all. */
async function present(count: number): Promise<[Page, ...Page[]]> {
  const pages = (await suite.labs(count, { enter: 'here' })) as [Page, ...Page[]]
  const ids = (await ask(pages, sessionId)).sort()
  await expect.poll(() => ask(pages, members)).toEqual(pages.map(() => ids))
  await ask(pages, () => lab.changes.splice(0))
  return pages
}

const changes = (): unknown[] => lab.changes.map(({ type, id, data }) => [type, id, data])

test('is told on enter, update and leave', async () => {
  const [first, second] = (await suite.labs(2)) as [Page, Page]
  await first.evaluate(() => {
    lab.presence.enter({ mood: 'new' })
    lab.presence.update({ mood: 'fine' })
    lab.presence.leave()
  })
  const id = await first.evaluate(sessionId)
  const told = [
    ['enter', id, { mood: 'new' }],
    ['update', id, { mood: 'fine' }],
    ['leave', id, { mood: 'fine' }],
  ]
  await expect.poll(() => second.evaluate(changes)).toEqual(told)
  expect(await first.evaluate(changes)).toEqual(told)
})

test('is shown whole to a newcomer', async () => {
  const [first] = await present(2)
  const late = await suite.lab()
  expect(await late.evaluate(members)).toEqual(await first.evaluate(members))
})

test('ends with the tab that closes', async () => {
  const [first, second] = (await present(2)) as [Page, Page]
  const id = await second.evaluate(sessionId)
  await second.close()
  await expect.poll(() => first.evaluate(changes)).toEqual([['leave', id, 'here']])
})

test('ends with a tab that goes elsewhere', async () => {
  const [first, second] = (await present(2)) as [Page, Page]
  const id = await second.evaluate(sessionId)
  await second.goto('about:blank')
  await expect.poll(() => first.evaluate(changes)).toEqual([['leave', id, 'here']])
})

test('outlives reloads: twenty times the same id, and no sibling hears of anything', async () => {
  const [first, second, third] = (await present(3)) as [Page, Page, Page]
  const [, id, otherId] = await ask([first, second, third], sessionId)
  const ids: string[] = []
  for (let n = 0; n < 20; n++) {
    await second.reload()
    const read = await second.evaluate(async () => {
      await lab.session.ready
      return { ids: [firstId, lab.session.id], clock: lab.presence.self?.clock }
    })
    ids.push(...read.ids)
    await expect.poll(() => first.evaluate(own => lab.presence.members.find(member => member.id === own)?.clock, id)).toBe(read.clock)
  }
  expect(ids).toEqual(Array.from({ length: 40 }, () => id))
  // A tab that really leaves does so after the same delay: a false leave would have been heard before it.
  await third.close()
  await expect.poll(() => first.evaluate(changes)).toEqual([['leave', otherId, 'here']])
})

test('gives a duplicated tab an id of its own', async () => {
  const [first, second] = (await present(2)) as [Page, Page]
  const opened = new Promise<Page | null>(resolve => {
    second.once('popup', resolve)
  })
  // A tab that a page opens gets a copy of its sessionStorage, as a tab duplicated by its user does.
  await second.evaluate(path => void window.open(path), suite.path({ enter: 'copy' }))
  const copy = await opened
  if (!copy) throw new Error('No tab was opened')
  suite.tabs.adopt(copy)
  await copy.waitForFunction(() => 'lab' in globalThis)
  await copy.evaluate(() => lab.session.ready)
  const [a, b, c] = await ask([first, second, copy], sessionId)
  expect(await copy.evaluate(() => firstId)).toBe(b)
  expect(new Set([a, b, c]).size).toBe(3)
  await expect.poll(() => ask([first, second, copy], members)).toEqual([a, b, c].map(() => [a, b, c].sort()))
  expect(await first.evaluate(changes)).toEqual([['enter', c, 'copy']])
})

test('ends at once when the renderer crashes', async () => {
  const latencies: Record<'visible' | 'hidden', number[]> = { visible: [], hidden: [] }
  const pages = await present(7)
  const [first, ...others] = pages
  for (const [index, page] of others.entries()) {
    const how = index < 3 ? 'visible' : 'hidden'
    await (how === 'visible' ? first : page).bringToFront()
    expect(await first.evaluate(() => document.visibilityState)).toBe(how)
    const id = await page.evaluate(sessionId)
    const crashedAt = await suite.tabs.crash(page)
    await expect.poll(() => first.evaluate(() => lab.changes.length)).toBe(index + 1)
    const change = await first.evaluate(() => lab.changes.at(-1))
    expect(change).toMatchObject({ type: 'leave', id, data: 'here' })
    latencies[how].push((change?.at ?? Number.NaN) - crashedAt)
  }
  console.log(`from the crash to the leave at a sibling, in ms: ${JSON.stringify(latencies)}`)
  // A machine under load is no failure; without load it is 0.25 s at most.
  for (const latency of [...latencies.visible, ...latencies.hidden]) expect(latency).toBeLessThanOrEqual(1000)
})
