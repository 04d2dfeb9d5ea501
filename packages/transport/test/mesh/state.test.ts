import { seededRandom } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { type App, openApps, startApp } from '../support/tabs.ts'

describe('shared state between tabs', () => {
  it('gives a tab that joins late the value', async () => {
    const { browser, apps } = await openApps(2)
    const [a] = apps as [App]
    a.session.state('theme', 'light').set('dark')
    await browser.settle()
    const late = startApp(browser.openTab())
    const theme = late.session.state('theme', 'light')
    const changes: unknown[] = []
    theme.subscribe(value => changes.push(value))
    expect(theme.get()).toBe('light')
    await browser.advance(500)
    await theme.ready
    expect(theme.get()).toBe('dark')
    expect(changes).toEqual(['dark'])
  })

  it('puts a write made before the first snapshot above the value it did not know', async () => {
    const { browser, apps } = await openApps(2, { latency: 10 })
    const [a] = apps as [App]
    const theme = a.session.state('count', 0)
    for (let i = 1; i <= 57; i++) theme.set(i)
    await browser.advance(100)
    const late = startApp(browser.openTab())
    const other = late.session.state('count', 0)
    other.set(old => Number(old) + 1)
    await browser.advance(1000)
    expect([theme.get(), other.get()]).toEqual([58, 58])
  })

  it('converges everywhere when several write at once', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed)
      const { browser, apps } = await openApps(4, { latency: () => random() * 20, reorderGrants: true, seed })
      const states = apps.map(({ session }) => session.state('v', 'none'))
      await browser.advance(100)
      for (let i = 0; i < 10; i++) {
        for (const [index, state] of states.entries()) if (random() < 0.5) state.set(`${index}.${i}`)
        await browser.advance(random() * 10)
      }
      await browser.advance(100)
      const late = startApp(browser.openTab()).session.state('v', 'none')
      await browser.advance(1000)
      expect(new Set([...states, late].map(state => state.get())).size).toBe(1)
      expect(late.get()).not.toBe('none')
    }
  })

  it('lives on when its writer is gone, and ends with the last tab', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const kept = b.session.state('v', 0)
    await browser.advance(10)
    a.session.state('v', 0).set(7)
    await browser.advance(10)
    a.tab.crash()
    await browser.advance(500)
    const c = startApp(browser.openTab())
    const late = c.session.state('v', 0)
    await browser.advance(500)
    expect([kept.get(), late.get()]).toEqual([7, 7])
    b.tab.close()
    c.tab.close()
    await browser.advance(5000)
    const fresh = startApp(browser.openTab()).session.state('v', 0)
    await browser.advance(1000)
    expect(fresh.get()).toBe(0)
  })

  it('is caught up after the back/forward cache', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const mine = a.session.state('v', 0)
    const theirs = b.session.state('v', 0)
    await browser.advance(10)
    a.tab.bfcache()
    await browser.settle()
    theirs.set(5)
    await browser.settle()
    a.tab.back()
    await browser.advance(500)
    expect(mine.get()).toBe(5)
  })
})
