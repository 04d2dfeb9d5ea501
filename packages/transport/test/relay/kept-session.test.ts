import type { LocksLike } from '@earshot/core'
import { createTestBrowser, type TestBrowser, type TestTab } from '@earshot/core/testing'
import { expect, it } from 'vitest'
import { Slots } from '../../src/page/slots.ts'
import { KeptSession } from '../../src/relay/kept-session.ts'

/** A tab's locks that it is told of only after so many milliseconds. */
function lateLocks({ env: { locks, clock } }: TestTab, delay: number): LocksLike {
  if (!locks) throw new Error('there are locks')
  return {
    query: () => locks.query(),
    request: (name, options, task) => locks.request(name, options, lock => new Promise(resolve => void clock.after(delay, () => resolve(task(lock))))),
  }
}

function keep(tab: TestTab, locks = tab.env.locks): KeptSession {
  return new KeptSession({ ...tab.env, locks }, new Slots(tab.env.sessionStorage, 'app'), 'app', undefined, null)
}

/** A tab that was reloaded, with a publish that its former page could not send; and what that was called. */
async function reloaded(browser: TestBrowser): Promise<{ tab: TestTab; id: string }> {
  const tab = browser.openTab()
  const kept = keep(tab)
  await Promise.all([kept.claim(), browser.settle()])
  kept.put({ tag: 'former', clock: 1, text: 'unsent' })
  return { tab: tab.reload(), id: kept.id }
}

it.each([[1, 50], [2, 50], [1, 1500], [2, 1500]])('what was not sent stays when a page leaves and is back before it knows that its session is its own: %d times, %d ms late', async (times, delay) => {
  const browser = createTestBrowser()
  const { tab, id } = await reloaded(browser)
  const kept = keep(tab, lateLocks(tab, delay))
  const renamed: string[] = []
  kept.hearer = { renamed: () => renamed.push(kept.id), resumed: () => {} }
  for (let time = 0; time < times; time++) {
    void kept.claim()
    await browser.advance(10)
    kept.leave()
  }
  void kept.claim()
  await browser.advance(10_000)
  expect([kept.id, kept.stored.map(({ text }) => text), renamed]).toEqual([id, ['unsent'], []])
  // It is held: a copy of the tab is somebody else.
  const copy = keep(tab.duplicate())
  await Promise.all([copy.claim(), browser.settle()])
  expect([copy.id === id, copy.stored]).toEqual([false, []])
  kept.release()
  await browser.advance(10_000)
  expect(tab.leaks().locks).toBe(0)
})
