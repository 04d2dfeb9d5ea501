import { seededRandom } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { intruder } from '../support/intruder.ts'
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

  it('outlives its handles in the only tab', async () => {
    const { browser, apps } = await openApps(1)
    const [{ session }] = apps as [App]
    const theme = session.state('theme', 'light')
    theme.set('dark')
    await browser.advance(500)
    theme.close()
    await browser.advance(1000)
    const again = session.state('theme', 'light')
    expect(again.get()).toBe('dark')
    await browser.advance(1000)
    expect(again.get()).toBe('dark')
  })

  it('is given to a tab that comes late by one that has no handle any more: its writer, or who has only seen it', async () => {
    for (const crashed of ['writer', 'none', 'reader']) {
      const { browser, apps } = await openApps(2)
      const [writer, reader] = apps as [App, App]
      const states = [writer.session.state('theme', 'light'), reader.session.state('theme', 'light')]
      await browser.advance(500)
      states[0]?.set('dark')
      await browser.advance(500)
      for (const state of states) state.close()
      await browser.advance(500)
      if (crashed === 'writer') writer.tab.crash()
      if (crashed === 'reader') reader.tab.crash()
      await browser.advance(500)
      const late = startApp(browser.openTab()).session.state('theme', 'light')
      await browser.advance(1000)
      expect(late.get()).toBe('dark')
    }
  })

  it('is given by a tab that has only seen it, although its writer, which had no handle, lives', async () => {
    const { browser, apps } = await openApps(2)
    const [writer, reader] = apps as [App, App]
    const state = reader.session.state('theme', 'light')
    await browser.advance(500)
    writer.session.publish('theme', 'dark')
    await browser.advance(500)
    state.close()
    await browser.advance(500)
    const late = startApp(browser.openTab()).session.state('theme', 'light')
    await browser.advance(1000)
    expect(late.get()).toBe('dark')
  })

  it('is the newest for who opens it again: what others wrote meanwhile wins, and the own old value is never ready', async () => {
    for (const writerStays of [true, false]) {
      const { browser, apps } = await openApps(2)
      const [a, b] = apps as [App, App]
      const [mine, theirs] = [a.session.state('theme', 'light'), b.session.state('theme', 'light')]
      mine.set('dark')
      await browser.advance(500)
      mine.close()
      await browser.advance(500)
      theirs.set('darker')
      await browser.advance(500)
      if (!writerStays) theirs.close()
      await browser.advance(500)
      const again = a.session.state('theme', 'light')
      const ready: unknown[] = []
      void again.ready.then(() => ready.push(again.get()))
      expect(again.get()).toBe('dark')
      await browser.advance(1000)
      expect(ready).toEqual(['darker'])
    }
  })

  it('is the newest for all, whoever of those that know an older one is asked', async () => {
    const { browser, apps } = await openApps(3)
    const [a, b, c] = apps as [App, App, App]
    const states = [a, b, c].map(({ session }) => session.state('v', 0))
    await browser.advance(500)
    for (const [index, state] of states.entries()) {
      state.set(index + 1)
      await browser.advance(500)
      state.close()
      await browser.advance(500)
    }
    const late = startApp(browser.openTab()).session.state('v', 0)
    const again = a.session.state('v', 0)
    await browser.advance(1000)
    expect([late.get(), again.get()]).toEqual([3, 3])
    again.set(old => Number(old) + 1)
    await browser.advance(500)
    expect(late.get()).toBe(4)
  })

  it('keeps no interest alive: what is written where nobody else has a handle is posted to nobody', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const [mine, theirs] = [a.session.state('theme', 'light'), b.session.state('theme', 'light')]
    await browser.advance(500)
    theirs.close()
    await browser.advance(500)
    const posts: unknown[] = []
    intruder(browser.openTab()).onmessage = ({ data }) => posts.push(data)
    mine.set('dark')
    await browser.advance(500)
    expect(posts).toEqual([])
    b.session.state('theme', 'light')
    await browser.advance(500)
    expect(posts.length).toBeGreaterThan(0)
  })

  it('lets nobody who comes back to its topic take it for complete', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const state = a.session.state('theme', 'light')
    a.listen('theme')
    await browser.advance(500)
    state.set('dark')
    await browser.advance(500)
    const [last] = a.heard
    if (!last) throw new Error('nothing heard')
    state.close()
    a.session.unsubscribe('theme')
    await browser.advance(500)
    b.session.publish('theme', 'missed')
    await browser.advance(500)
    let gaps = 0
    a.listen('theme', { since: last, onGap: () => gaps++ })
    await browser.advance(1000)
    expect([a.data(), gaps]).toEqual([['dark'], 1])
  })
})
