import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { ask, data, members, sessionId, Suite } from '../support/suite.ts'

// Plain http on a host that is not this machine's name: browsers give such pages no Web Locks.
const suite = new Suite({ host: 'app.test' })

const changes = (): unknown[] => lab.changes.map(({ type, id }) => [type, id])

async function present(count: number): Promise<Page[]> {
  const pages = await suite.labs(count, { enter: 'here', listen: 'news' })
  await expect.poll(() => ask(pages, () => lab.members.length)).toEqual(pages.map(() => count))
  await ask(pages, () => lab.changes.splice(0))
  return pages
}

test('has no locks, and the hub says so', async () => {
  const page = await suite.lab()
  const seen = await page.evaluate(() => [isSecureContext, 'locks' in navigator, lab.hub.capabilities['BroadcastChannel'], typeof lab.hub.capabilities['locks'], lab.hub.status.state])
  expect(seen).toEqual([false, false, true, 'string', 'connected'])
})

test('carries messages and counts listeners', async () => {
  const pages = (await present(3)) as [Page, Page, Page]
  expect(await ask(pages, () => lab.hub.occupancy('news'))).toEqual([3, 3, 3])
  await pages[0].evaluate(() => {
    lab.session.publish('news', { bytes: new Uint8Array([1]) })
    lab.session.publish('news', 'for others', { echo: false })
  })
  await expect.poll(() => ask(pages, () => lab.heard.length)).toEqual([1, 2, 2])
  expect(await pages[1].evaluate(() => (lab.data[0] as { bytes: Uint8Array }).bytes instanceof Uint8Array)).toBe(true)
})

test('refuses claims and the lead as unsupported', async () => {
  const page = await suite.lab()
  const refused = await page.evaluate(async () => {
    const claim = await lab.session.claim('toast', () => {}).catch((error: unknown) => (error as { code: string }).code)
    try {
      return [claim, lab.lead()]
    } catch (error) {
      return [claim, (error as { code: string }).code]
    }
  })
  expect(refused).toEqual(['unsupported', 'unsupported'])
})

test('hears goodbyes; a tab that reloads comes back as another session', async () => {
  const [stays, reloads, closes] = (await present(3)) as [Page, Page, Page]
  const [, first, closed] = await ask([stays, reloads, closes], sessionId)
  await reloads.reload()
  await reloads.evaluate(() => lab.session.ready)
  const second = await reloads.evaluate(sessionId)
  expect(second).not.toBe(first)
  await closes.close()
  await expect.poll(() => stays.evaluate(changes)).toEqual([['enter', second], ['leave', first], ['leave', closed]])
  expect(await stays.evaluate(members)).toEqual(await reloads.evaluate(members))
})

test('misses the heartbeats of a tab that crashed, and those of no other', async () => {
  const [stays, crashes, third] = (await present(3)) as [Page, Page, Page]
  const id = await crashes.evaluate(sessionId)
  await crashes.bringToFront()
  const crashedAt = await suite.tabs.crash(crashes)
  await stays.bringToFront()
  await expect.poll(() => stays.evaluate(changes), { timeout: 15_000 }).toEqual([['leave', id]])
  const latency = (await stays.evaluate(() => lab.changes.at(-1)?.at ?? Number.NaN)) - crashedAt
  console.log(`without locks, from the crash of a visible tab to the leave at a sibling: ${latency} ms`)
  await third.bringToFront()
  await expect.poll(() => third.evaluate(changes), { timeout: 15_000 }).toEqual([['leave', id]])
  await third.evaluate(() => void lab.session.publish('news', 'alive'))
  await expect.poll(() => stays.evaluate(data)).toEqual(['alive'])
  expect(await stays.evaluate(changes)).toEqual([['leave', id]])
})
