import { expect, it } from 'vitest'
import { createTestBrowser, seededRandom, type Engine, type TestTab } from '../../src/testing/index.ts'
import { listen, lock } from './helpers.ts'

type Act = (tab: TestTab) => unknown

const acts: Act[] = [
  tab => listen(tab).post('hi'),
  tab => lock(tab, 'leader'),
  tab => lock(tab, 'leader', { mode: 'shared' }),
  tab => lock(tab, 'leader', { ifAvailable: true }),
  tab => lock(tab, 'leader', { steal: true }),
  tab => lock(tab, 'leader').release(),
  tab => tab.env.clock.after(3, () => {}),
  tab => void tab.env.locks!.query(),
  tab => tab.hide(),
  tab => tab.show(),
  tab => tab.freeze(),
  tab => tab.freeze({ deep: true }),
  tab => tab.bfcache(),
  tab => tab.duplicate(),
  tab => tab.reload(),
  tab => tab.close(),
  tab => tab.crash(),
]

/** One act, or the way back to a page that runs. */
function step(tab: TestTab, random: () => number): void {
  if (tab.state === 'frozen') tab.resume()
  else if (tab.state === 'cached') tab.back()
  else acts[Math.floor(random() * acts.length)]!(tab)
}

it.each(['chromium', 'webkit', 'firefox'] as Engine[])('random acts leave nothing behind, and a lock has one exclusive holder: %s', async engine => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = seededRandom(seed)
    const browser = createTestBrowser({ engine, seed, reorderGrants: seed % 2 === 0, latency: () => random() * 4, throttle: true })
    for (let i = 0; i < 60; i++) {
      while (browser.tabs.length < 3) browser.openTab()
      step(browser.tabs[Math.floor(random() * browser.tabs.length)]!, random)
      if (random() < 0.5) await browser.advance(random() * 5)
    }
    const asker = browser.openTab()
    const query = asker.env.locks!.query()
    await browser.settle()
    const held = ((await query).held ?? []) as { mode?: string }[]
    expect(held.some(({ mode }) => mode === 'exclusive') && held.length > 1).toBe(false)
    for (const tab of browser.tabs) tab.crash()
    await browser.advance(2_000)
    expect(browser.leaks()).toMatchObject({ channels: 0, locks: 0, requests: 0, listeners: 0, timers: 0 })
    expect(browser.clock.pending).toBe(0)
  }
})
