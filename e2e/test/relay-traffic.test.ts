import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { faults } from '../../packages/server/test/chaos/checker.ts'
import { type Notes, Talker } from '../fixtures/talker.ts'
import { factsOf, type Noted } from '../support/facts.ts'
import { RelayProcess } from '../support/relay-process.ts'
import { ask, Suite } from '../support/suite.ts'

// Browsers say on the console that a socket failed: nothing can keep them from it.
const suite = new Suite({ expected: /^console: WebSocket connection to/ })
/** Messages a second of each of four. */
const PACE = 50
/** Who was refused several times waits for a while before the next attempt; milliseconds. */
const patience = { timeout: 40_000 }

test('contradict themselves nowhere while four talk and the relay is cut off, killed and stopped, and a page reloads', async () => {
  const relay = new RelayProcess()
  await relay.start()
  // Nobody cuts off the witness: it does not pass the proxy.
  const [node, witness] = [new Talker('node', { url: relay.url, WebSocket }), new Talker('witness', { url: relay.direct, WebSocket })]
  const open = async (name: string): Promise<Page> => {
    const page = await suite.tabs.open(`/talk.html?${new URLSearchParams({ name, url: relay.url }).toString()}`)
    await page.evaluate(() => talker.ready)
    return page
  }
  const pages = [await open('steady'), await open('reloading')]
  const [steady, reloading] = pages as [Page, Page]
  await Promise.all([node.ready, witness.ready])

  for (const talker of [node, witness]) talker.talk(PACE)
  await ask(pages, () => talker.talk(50))
  const kills: number[] = []
  /** Traffic goes on: half a second's is heard everywhere. */
  const flowing = async (): Promise<void> => {
    const before = [node.heard, witness.heard, ...(await ask(pages, () => talker.heard))]
    const now = async (): Promise<boolean> => [node.heard, witness.heard, ...(await ask(pages, () => talker.heard))].every((heard, i) => heard > (before[i] as number) + 2 * PACE)
    await expect.poll(now, patience).toBe(true)
  }
  await flowing()
  relay.cut()
  const missed = witness.heard
  await expect.poll(() => witness.heard).toBeGreaterThan(missed + PACE)
  relay.mend()
  await flowing()
  for (const end of ['kill', 'stop'] as const) {
    kills.push(Date.now())
    await relay[end]()
    await relay.start()
    await flowing()
  }
  // What it says until it unloads is written down, in one go with the last that it says.
  const first = await reloading.evaluate(() => {
    talker.stop()
    return talker.notes
  })
  const endedAt = Date.now()
  await reloading.reload()
  await reloading.evaluate(() => talker.ready)
  expect(await reloading.evaluate(() => talker.session.id)).toBe(first.id)
  await reloading.evaluate(() => talker.talk(50))
  await flowing()

  for (const talker of [node, witness]) talker.stop()
  await ask(pages, () => talker.stop())
  await Promise.all([node.end(), witness.end(), ...(await ask(pages, () => talker.end()))])
  await expect.poll(() => Promise.all([node.open, witness.open, ...pages.map(page => page.evaluate(() => talker.open))])).toEqual([0, 0, 0, 0])
  const ends = [...witness.keys].slice(-8)
  const heardBy = async (): Promise<boolean> => [node.keys, ...(await ask(pages, () => talker.keys))].every(keys => ends.every(key => keys.includes(key)))
  await expect.poll(heardBy).toBe(true)

  const second: Noted = { notes: await reloading.evaluate(() => talker.notes) }
  const noted = (heardByNode: Notes): Noted[] => [{ notes: heardByNode }, seen, { notes: notesOfSteady }, { notes: first, endedAt, successor: second }, second]
  const [seen, notesOfSteady]: [Noted, Notes] = [{ notes: witness.notes }, await steady.evaluate(() => talker.notes)]
  expect(faults(factsOf(noted(node.notes), seen, kills))).toEqual([])

  // It would have noticed: one message that is lost, heard twice, or heard too early.
  const { heard } = node.notes
  const [before, [one, other]] = [heard.slice(0, -2), heard.slice(-2)]
  if (!one || !other) throw new Error('Nothing was heard')
  const planted = [[...before, other], [...before, one, one, other], [...before, other, one]]
  for (const wrong of planted) expect(faults(factsOf(noted({ ...node.notes, heard: wrong }), seen, kills))).not.toEqual([])
  await Promise.all([node.hub.close(), witness.hub.close()])
  await relay.close()
}, 150_000)
