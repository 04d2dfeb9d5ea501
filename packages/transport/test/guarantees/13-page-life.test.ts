import type { Engine } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { type App, openApps, startApp } from '../support/tabs.ts'

describe('guarantee 13: a page that is hidden, frozen or cached', () => {
  it('goes into the back/forward cache with nothing open, whatever it was about to do', async () => {
    for (const wait of [0, 1, 5, 50, 500]) {
      const { browser, apps } = await openApps(1, { engine: 'chromium', latency: 2 })
      const [b] = apps as [App]
      const a = startApp(browser.openTab())
      a.listen('t')
      a.hub.onLeader(() => {})
      void a.session.claim('c', () => {})
      const second = a.hub.openSession()
      void second.ready
      await browser.advance(wait)
      a.tab.bfcache()
      await browser.advance(1000)
      b.session.publish('t', 1)
      await browser.advance(10_000)
      expect(a.tab.state).toBe('cached')
      expect(a.tab.leaks()).toMatchObject({ channels: 0, locks: 0, requests: 0 })
    }
  })

  it.each<Engine>(['chromium', 'webkit'])('comes back from the cache as the same session, listening and present as before: %s', async engine => {
    const { browser, apps } = await openApps(2, { engine })
    const [a, b] = apps as [App, App]
    a.listen('t')
    a.session.presence('room').enter('ada')
    const { id } = a.session
    await browser.settle()
    a.tab.bfcache()
    await browser.advance(60_000)
    a.tab.back()
    await browser.advance(500)
    b.session.publish('t', 'again')
    await browser.settle()
    expect(a.session.id).toBe(id)
    expect(a.data()).toEqual(['again'])
    expect(b.session.presence('room').members).toMatchObject([{ id, data: 'ada' }])
    expect(a.hub.status.state).toBe('connected')
  })

  it('says when it is back and what it says while away is said then', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    b.listen('t')
    const states: string[] = []
    a.hub.on('status', ({ state }) => states.push(state))
    await browser.settle()
    a.tab.bfcache()
    await browser.settle()
    const accepted: string[] = []
    const publish = (data: string): void => {
      void a.session.publish('t', data).then(() => accepted.push(data))
    }
    // The page sleeps, but what it still had to say in its last event is run.
    publish('on its way out')
    await browser.settle()
    expect(accepted).toEqual([])
    a.tab.back()
    publish('back')
    await browser.advance(500)
    expect(states).toEqual(['disconnected', 'connecting', 'connected'])
    expect(accepted).toEqual(['on its way out', 'back'])
    expect(b.data()).toEqual(['on its way out', 'back'])
  })

  it('says a gap after longer than siblings remember it', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    a.listen('t')
    await browser.settle()
    a.tab.bfcache()
    await browser.advance(200_000)
    b.session.publish('t', 'forgotten')
    await browser.settle()
    a.tab.back()
    await browser.advance(500)
    expect(a.data()).toEqual([])
    expect(a.gaps).toHaveLength(1)
  })

  it('says a gap when it comes back and nobody else is there', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    a.listen('t')
    await browser.settle()
    a.tab.bfcache()
    await browser.settle()
    b.session.publish('t', 'last words')
    await browser.settle()
    b.tab.crash()
    a.tab.back()
    await browser.advance(500)
    expect(a.gaps).toHaveLength(1)
  })

  it.each<Engine>(['chromium', 'webkit', 'firefox'])('hears after freezing what was said meanwhile: %s', async engine => {
    const { browser, apps } = await openApps(2, { engine })
    const [a, b] = apps as [App, App]
    a.listen('t')
    await browser.settle()
    a.tab.freeze({ deep: true })
    for (let i = 0; i < 10; i++) {
      b.session.publish('t', i)
      await browser.advance(1000)
    }
    expect(a.data()).toEqual([])
    a.tab.resume()
    await browser.advance(100)
    expect(a.data()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(a.gaps).toEqual([])
  })

  it('says a gap, too, when it went again before it had met the others', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    a.listen('t')
    await browser.settle()
    // Nobody remembers what it missed, but whoever it meets then does.
    a.tab.bfcache()
    await browser.advance(200_000)
    b.session.publish('t', 'forgotten')
    await browser.settle()
    // Somebody who does not answer keeps it from joining at once.
    browser.openTab().env.locks?.request('earshot:app::tab:silent', {}, () => new Promise(() => {})).catch(() => {})
    a.tab.back()
    await browser.advance(50)
    a.tab.bfcache()
    await browser.advance(50)
    a.tab.back()
    await browser.advance(500)
    expect(a.data()).toEqual([])
    expect(a.gaps).toHaveLength(1)
  })

  it('says goodbye in one small post, however much it was', async () => {
    for (const end of ['close', 'bfcache'] as const) {
      const { browser, apps } = await openApps(2)
      const [a] = apps as [App]
      for (let n = 0; n < 100; n++) {
        a.listen(`topic/${n}`)
        a.session.presence(`room/${n}`).enter({ text: 'here'.repeat(50) })
      }
      await browser.settle()
      const posts: string[] = []
      browser.onPost(({ from, data }) => void (from === a.tab.id && posts.push(JSON.stringify(data))))
      a.tab[end]()
      await browser.advance(100)
      expect(posts).toHaveLength(1)
      expect(posts[0]?.length).toBeLessThan(80)
    }
  })

  it('keeps no tab waiting: who joins while another is frozen is ready within a second or so', async () => {
    const { browser, apps } = await openApps(2, { engine: 'webkit' })
    const [a, b] = apps as [App, App]
    a.tab.freeze()
    const late = startApp(browser.openTab())
    let ready = false
    void late.listen('t').ready.then(() => (ready = true))
    await browser.advance(1500)
    expect(ready).toBe(true)
    b.session.publish('t', 1)
    await browser.settle()
    expect(late.data()).toEqual([1])
    a.tab.resume()
    await browser.advance(1000)
    a.session.publish('t', 2)
    await browser.settle()
    expect(late.data()).toEqual([1, 2])
  })

  it('says a gap to a page that was frozen while another joined and published, not knowing what it wants', async () => {
    const { browser, apps } = await openApps(1, { engine: 'webkit' })
    const [a] = apps as [App]
    a.listen('t')
    await browser.settle()
    a.tab.freeze()
    const late = startApp(browser.openTab())
    void late.session.ready
    await browser.advance(2000)
    late.session.publish('t', 'not posted')
    await browser.advance(100)
    a.tab.resume()
    await browser.advance(100)
    expect(a.data()).toEqual([])
    expect(a.gaps).toEqual([{ from: late.session.id }])
    late.session.publish('t', 'posted')
    await browser.settle()
    expect(a.data()).toEqual(['posted'])
  })

  it('listens to no event that would keep it out of the cache', async () => {
    const { apps } = await openApps(1)
    const { page } = (apps[0] as App).tab.env
    const asked: string[] = []
    const spied = { document: { visibilityState: 'visible' }, addEventListener: (type: string) => void asked.push(type), removeEventListener: () => {} }
    const spy = startApp((apps[0] as App).tab, { name: 'spied', page: page && spied })
    void spy.session.ready
    expect(asked.sort()).toEqual(['freeze', 'pagehide', 'pageshow', 'resume', 'visibilitychange'])
  })
})
