import type { Page } from 'puppeteer-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Talker } from '../fixtures/talker.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { Suite } from '../support/suite.ts'

// Browsers say on the console that a socket failed: nothing can keep them from it.
const suite = new Suite({ expected: /^console: WebSocket connection to/ })
let relay: RelayProcess
let node: Talker

beforeEach(async () => {
  relay = new RelayProcess()
  await relay.start()
  node = new Talker('node', { url: relay.url, WebSocket })
  await node.ready
})
afterEach(async () => {
  await node.hub.close()
  await relay.close()
})

test('a hub in a worker hears and is heard through a relay, and comes back after a cut', async () => {
  const page = await suite.tabs.open(`/worker.html?${new URLSearchParams({ url: relay.url }).toString()}`)
  const keys = async (): Promise<string[]> => (await page.evaluate(() => tellWorker('look'))).heard.map(({ key }) => key)
  await page.evaluate(() => tellWorker('say'))
  await node.end()
  await expect.poll(keys).toEqual(['worker:1', 'node:1'])
  relay.cut()
  relay.mend()
  await node.end()
  await page.evaluate(() => tellWorker('say'))
  await expect.poll(keys).toHaveLength(4)
  expect(new Set(await keys())).toEqual(new Set(['worker:1', 'node:1', 'node:2', 'worker:2']))
  const notes = await page.evaluate(() => tellWorker('look'))
  expect([notes.errors, notes.gaps]).toEqual([[], []])
  await expect.poll(() => node.keys).toEqual(await keys())
  await page.evaluate(() => tellWorker('close'))
  await expect.poll(() => relay.connections()).toBe(1)
})

test('a page comes back from the back/forward cache, and hears what it missed', async () => {
  const page = await suite.lab({ listen: 'rooms/*', relay: relay.url })
  await node.end()
  const heard = (of: Page): Promise<unknown[]> => of.evaluate(() => lab.data)
  await expect.poll(() => heard(page)).toEqual([{ by: 'node', number: 1 }])
  await page.goto(suite.tabs.url('/blank.html'))
  await expect.poll(() => relay.connections()).toBe(1)
  await node.end()
  await page.evaluate(() => history.back())
  // In the moment of the change there is no page to ask.
  await expect.poll(() => page.evaluate(() => lab.shows).catch(() => undefined)).toEqual([false, true])
  await expect.poll(() => heard(page)).toEqual([1, 2].map(number => ({ by: 'node', number })))
  await node.end()
  await expect.poll(() => heard(page)).toHaveLength(3)
  expect(await page.evaluate(() => lab.gaps.length)).toBe(0)
})
