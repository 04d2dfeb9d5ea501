import { createTestBrowser } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { type App, openApps, skewedClock, startApp } from '../support/tabs.ts'

/** What an app sees happen in the room, as `type data`. */
function events(app: App): string[] {
  const seen: string[] = []
  app.session.presence('room').subscribe(({ type, member }) => seen.push(`${type} ${String(member.data)}`))
  return seen
}

describe('heartbeats', () => {
  it('begin with one that says whether the tab is hidden, also when it was hidden while it joined', async () => {
    const browser = createTestBrowser({ locks: false, throttle: 60_000 })
    const [a, b] = [startApp(browser.openTab()), startApp(browser.openTab())]
    const seen = events(b)
    a.session.presence('room').enter('ada')
    await browser.advance(50)
    a.tab.hide()
    await browser.advance(300_000)
    expect(seen).toEqual(['enter ada'])
  })

  it('go on when the clock is set back or ahead, seen and hidden', async () => {
    for (const skew of [-3_600_000, -30_000, -1, 86_400_000]) {
      const browser = createTestBrowser({ locks: false })
      let set = 0
      const [a, b, c] = [1, 2, 3].map(() => {
        const tab = browser.openTab()
        return startApp(tab, { clock: skewedClock(tab, () => set) })
      }) as [App, App, App]
      const seen = events(c)
      for (const [index, app] of [a, b].entries()) app.session.presence('room').enter(index)
      await browser.advance(500)
      a.tab.hide()
      await browser.advance(7000)
      set = skew
      await browser.advance(400_000)
      expect(seen).toEqual(['enter 0', 'enter 1'])
    }
  })

  it('expire nobody when the computer wakes from hours of sleep', async () => {
    const { browser, apps } = await openApps(3, { locks: false })
    const seen = apps.map(events)
    for (const [index, { session }] of apps.entries()) session.presence('room').enter(index)
    await browser.settle()
    const before = seen.map(each => [...each])
    for (const { tab } of apps) tab.freeze({ deep: true, silent: true })
    await browser.advance(8 * 3_600_000)
    for (const { tab } of apps) tab.resume()
    await browser.advance(60_000)
    expect(seen).toEqual(before)
    expect(apps.map(({ gaps }) => gaps)).toEqual([[], [], []])
  })

  it('that stop in a frozen tab alone make it leave; it misses nobody, is back when it goes on, and is told a gap', async () => {
    const { browser, apps } = await openApps(3, { locks: false })
    const [a, b, c] = apps as [App, App, App]
    a.listen('t')
    b.listen('t')
    const [atFrozen, atOther] = [events(a), events(b)]
    for (const [index, { session }] of apps.entries()) session.presence('room').enter(index)
    a.session.presence('room').enter(0)
    await browser.settle()
    atFrozen.length = atOther.length = 0
    a.tab.freeze({ deep: true, silent: true })
    await browser.advance(600_000)
    c.session.publish('t', 'not for a sleeper')
    await browser.settle()
    a.tab.resume()
    await browser.advance(5000)
    expect(atOther).toEqual(['leave 0', 'enter 0'])
    expect(atFrozen).toEqual([])
    expect(a.data()).toEqual(['not for a sleeper'])
    expect(a.gaps.length).toBeGreaterThan(0)
    c.session.publish('t', 'for all')
    a.session.publish('t', 'mine')
    await browser.settle()
    expect(a.data().slice(1)).toEqual(['mine', 'for all'])
    expect(b.data().slice(1).sort()).toEqual(['for all', 'mine'])
  })
})

describe('a clock that is set back', () => {
  it('changes no order: the counter decides, with locks and without', async () => {
    for (const locks of [true, false]) {
      const browser = createTestBrowser({ locks })
      let set = 0
      const [a, b] = [1, 2].map(() => {
        const tab = browser.openTab()
        return startApp(tab, { clock: skewedClock(tab, () => set) })
      }) as [App, App]
      a.listen('t')
      b.listen('t')
      const theme = [a, b].map(({ session }) => session.state('theme', 'light'))
      await browser.advance(500)
      a.session.publish('t', 1)
      theme[0]?.set('dark')
      set = -86_400_000
      await browser.settle()
      b.session.publish('t', 2)
      await browser.settle()
      a.session.publish('t', 3)
      theme[1]?.set('blue')
      await browser.settle()
      expect(b.data()).toEqual([1, 2, 3])
      expect(b.heard.map(({ time }) => time)).toEqual([500, 500 - 86_400_000, 500 - 86_400_000])
      const history = b.session.history('t')
      await browser.settle()
      expect((await history).map(({ data }) => data)).toEqual([1, 2, 3])
      expect(theme.map(state => state.get())).toEqual(['blue', 'blue'])
    }
  })

  it('holds up neither a leave nor the end of a claim', async () => {
    const browser = createTestBrowser()
    let set = 0
    const [a, b] = [1, 2].map(() => {
      const tab = browser.openTab()
      return startApp(tab, { clock: skewedClock(tab, () => set) })
    }) as [App, App]
    const seen = events(b)
    a.session.presence('room').enter('ada')
    await browser.advance(500)
    void b.session.claim('toast', () => {})
    await browser.settle()
    set = -3_600_000
    a.tab.close()
    await browser.advance(2000)
    expect(seen).toEqual(['enter ada', 'leave ada'])
    await browser.advance(58_000)
    const again = b.session.claim('toast', () => {})
    await browser.settle()
    expect(await again).toBe(true)
  })
})
