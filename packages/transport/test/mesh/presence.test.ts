import type { Presence } from '@earshot/core'
import { createTestBrowser, type Engine } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { forger, intruder } from '../support/intruder.ts'
import { type App, openApps, startApp } from '../support/tabs.ts'

/** Watches a room: what happened there, as `type name`. */
function watch(app: App): { events: string[]; room: Presence; names(): string[] } {
  const room = app.session.presence('room') as Presence
  const events: string[] = []
  room.subscribe(({ type, member }) => events.push(`${type} ${String(member.data)}`))
  return { events, room, names: () => room.members.map(member => String(member.data)).sort() }
}

describe('presence between tabs', () => {
  it('announces enter, update and leave, and gives a newcomer the whole roster', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const seen = watch(b)
    const room = a.session.presence('room')
    room.enter('ada')
    await browser.settle()
    room.update('ada!')
    await browser.settle()
    const c = startApp(browser.openTab())
    const late = watch(c)
    const ready = late.room.ready
    await browser.advance(300)
    await ready
    expect(late.names()).toEqual(['ada!'])
    room.leave()
    await browser.settle()
    expect(seen.events).toEqual(['enter ada', 'update ada!', 'leave ada!'])
    expect(late.names()).toEqual([])
  })

  it('sees a crash at once: no time passes but the wait for an overtaken goodbye', async () => {
    const { browser, apps } = await openApps(3)
    const [a, b] = apps as [App, App]
    const seen = watch(b)
    a.session.presence('room').enter('ada')
    await browser.settle()
    a.tab.crash()
    await browser.advance(99)
    expect(seen.events).toEqual(['enter ada'])
    await browser.advance(2)
    expect(seen.events).toEqual(['enter ada', 'leave ada'])
  })

  it('waits for an overtaken goodbye anew after each word that came late, too', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const seen = watch(b)
    const ghost = intruder(browser.openTab())
    const forge = forger(browser, a.tab)
    a.session.presence('room').enter('ada')
    await browser.settle()
    a.tab.crash()
    await browser.advance(90)
    ghost.postMessage(forge(['i', 1, 'late', 1]))
    await browser.advance(90)
    ghost.postMessage(forge(['b', 0]))
    await browser.advance(1900)
    expect(seen.events).toEqual(['enter ada'])
    await browser.advance(100)
    expect(seen.events).toEqual(['enter ada', 'leave ada'])
    ghost.close()
  })

  it('does not vouch for a tab whose goodbye came after it was forgotten', async () => {
    const { browser, apps } = await openApps(2)
    const [a] = apps as [App]
    const ghost = intruder(browser.openTab())
    const welcomes: unknown[] = []
    ghost.onmessage = ({ data }) => welcomes.push(...(data as { m: unknown[][] }).m.filter(([kind]) => kind === 'w').map(item => item[3]))
    const forge = forger(browser, a.tab)
    a.listen('t')
    await browser.settle()
    a.tab.crash()
    await browser.advance(300)
    const goodbye = forge(['b', 1])
    ghost.postMessage(goodbye)
    ghost.postMessage({ v: 1, f: 'returned', n: 1, m: [['h', 1, [], goodbye.f]] })
    await browser.settle()
    expect(welcomes).toEqual([0])
    ghost.close()
  })

  it('leaves its lock to the end of the page, behind its goodbye', async () => {
    const { browser, apps } = await openApps(1)
    const [a] = apps as [App]
    const before = a.tab.leaks().locks
    a.tab.close()
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    expect([before, a.tab.leaks().locks]).toEqual([2, 1])
    await browser.settle()
    expect(a.tab.leaks().locks).toBe(0)
  })

  it('lets a session that is closed leave at once, and a tab that is closed after two seconds', async () => {
    const { browser, apps } = await openApps(3)
    const [a, b, c] = apps as [App, App, App]
    const seen = watch(c)
    a.session.presence('room').enter('ada')
    b.session.presence('room').enter('bob')
    await browser.settle()
    a.session.close()
    b.tab.close()
    await browser.settle()
    expect(seen.events.slice(2)).toEqual(['leave ada'])
    await browser.advance(1900)
    expect(seen.events.slice(3)).toEqual([])
    await browser.advance(200)
    expect(seen.events.slice(3)).toEqual(['leave bob'])
  })

  it('is silent over a reload, and keeps the session', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const seen = watch(b)
    a.session.presence('room').enter('ada')
    await browser.settle()
    const before = b.session.presence('room').members[0]
    const again = startApp(a.tab.reload(), { userId: 'user0' })
    again.session.presence('room').enter('ada')
    await browser.advance(3000)
    expect(again.session.id).toBe(a.session.id)
    expect(seen.events).toEqual(['enter ada'])
    expect(b.session.presence('room').members).toMatchObject([{ id: before?.id, since: before?.since }])
  })

  it('gives another user who signs in after a reload another session', async () => {
    const { browser, apps } = await openApps(1)
    const [a] = apps as [App]
    const again = startApp(a.tab.reload(), { userId: 'bob' })
    void again.session.ready
    await browser.advance(500)
    expect(again.session.id).not.toBe(a.session.id)
  })

  it('makes a duplicated tab a session of its own', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    a.session.presence('room').enter('ada')
    const twin = startApp(a.tab.duplicate(), { userId: 'user0' })
    twin.session.presence('room').enter('twin')
    await browser.advance(3000)
    expect(twin.session.id).not.toBe(a.session.id)
    expect(watch(b).names()).toEqual(['ada', 'twin'])
    expect(watch(a).names()).toEqual(['ada', 'twin'])
    expect(watch(twin).names()).toEqual(['ada', 'twin'])
    expect(b.session.presence('room').byUser().get('user0')).toHaveLength(2)
  })

  it.each<Engine>(['chromium', 'webkit'])('survives the back/forward cache of %s', async engine => {
    const browser = createTestBrowser({ engine })
    const a = startApp(browser.openTab(), { userId: 'user0' })
    const b = startApp(browser.openTab(), { userId: 'user1' })
    a.listen('t')
    a.session.presence('room').enter('ada')
    const seen = watch(b)
    await browser.advance(500)
    a.tab.bfcache()
    await browser.advance(2500)
    expect(seen.events).toEqual(['enter ada', 'leave ada'])
    b.session.publish('t', 'missed')
    await browser.settle()
    const { restored, tab } = a.tab.back()
    expect(restored).toBe(true)
    await browser.advance(3000)
    expect(tab.leaks().locks).toBeGreaterThan(0)
    expect(seen.events).toEqual(['enter ada', 'leave ada', 'enter ada'])
    expect(a.data()).toEqual(['missed'])
    expect(a.gaps).toEqual([])
    b.session.publish('t', 'after')
    await browser.settle()
    expect(a.data()).toEqual(['missed', 'after'])
    expect([...a.errors, ...b.errors]).toEqual([])
  })

  it('is silent when Firefox loads a page anew instead of keeping it', async () => {
    const { browser, apps } = await openApps(2, { engine: 'firefox' })
    const [a, b] = apps as [App, App]
    const seen = watch(b)
    a.session.presence('room').enter('ada')
    await browser.settle()
    a.tab.bfcache()
    const { restored, tab } = a.tab.back()
    expect(restored).toBe(false)
    const again = startApp(tab, { userId: 'user0' })
    again.session.presence('room').enter('ada')
    await browser.advance(5000)
    expect(seen.events).toEqual(['enter ada'])
  })

  it('tells a page from the cache of a gap when nobody can vouch for what it missed', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    a.listen('t')
    await browser.settle()
    a.tab.bfcache()
    await browser.settle()
    const c = startApp(browser.openTab())
    void c.session.ready
    await browser.advance(500)
    c.session.publish('t', 'unheard')
    b.tab.crash()
    await browser.settle()
    a.tab.back()
    await browser.advance(500)
    expect(a.gaps).toHaveLength(1)
  })

  it('keeps a frozen tab, and hears it go', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const seen = watch(b)
    a.session.presence('room').enter('ada')
    await browser.settle()
    a.tab.hide()
    a.tab.freeze()
    await browser.advance(120_000)
    expect(seen.events).toEqual(['enter ada'])
    a.tab.resume()
    await browser.advance(5000)
    expect(seen.events).toEqual(['enter ada'])
    a.tab.freeze()
    a.tab.crash()
    await browser.advance(200)
    expect(seen.events).toEqual(['enter ada', 'leave ada'])
  })

  it('takes over when the lock of a living tab is stolen: it comes back as another life of the same session', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const seen = watch(b)
    a.session.presence('room').enter('ada')
    a.listen('t')
    await browser.settle()
    const { locks } = b.tab.env
    const query = locks?.query()
    await browser.settle()
    const { held = [] } = (await query) ?? {}
    for (const { name = '' } of held) if (name.includes(':tab:')) void locks?.request(name, { steal: true }, () => {}).catch(() => {})
    await browser.advance(3000)
    b.session.publish('t', 'still here')
    await browser.settle()
    expect(seen.events.filter(event => event.startsWith('leave'))).toEqual([])
    expect(a.data()).toEqual(['still here'])
  })

  it('comes from heartbeats without Web Locks: a crash is seen within their validity, a goodbye at once', async () => {
    const { browser, apps } = await openApps(3, { locks: false })
    const [a, b, c] = apps as [App, App, App]
    const seen = watch(c)
    a.session.presence('room').enter('ada')
    b.session.presence('room').enter('bob')
    await browser.settle()
    await browser.advance(60_000)
    expect(seen.events).toEqual(['enter ada', 'enter bob'])
    a.tab.crash()
    await browser.advance(4000)
    expect(seen.events.length).toBe(2)
    await browser.advance(6000)
    expect(seen.events.slice(2)).toEqual(['leave ada'])
    b.tab.close()
    await browser.advance(2100)
    expect(seen.events.slice(3)).toEqual(['leave bob'])
    expect(c.hub.capabilities.locks).toMatch(/https/)
  })

  it('outlives the throttling of hidden tabs without Web Locks', async () => {
    const { browser, apps } = await openApps(2, { locks: false, throttle: 60_000 })
    const [a, b] = apps as [App, App]
    const seen = watch(b)
    a.session.presence('room').enter('ada')
    await browser.settle()
    a.tab.hide()
    await browser.advance(600_000)
    expect(seen.events).toEqual(['enter ada'])
    a.tab.crash()
    await browser.advance(200_000)
    expect(seen.events).toEqual(['enter ada', 'leave ada'])
  })

  it.each(['denied', 'no-query'] as const)('works where locks are %s', async locks => {
    const { browser, apps } = await openApps(3, { locks })
    const [a, , c] = apps as [App, App, App]
    const seen = watch(c)
    a.session.presence('room').enter('ada')
    await browser.settle()
    a.tab.crash()
    await browser.advance(10_000)
    expect(seen.events).toEqual(['enter ada', 'leave ada'])
    expect(apps.flatMap(app => app.errors)).toEqual([])
  })

  it('is the same for ten tabs that load at the same instant', async () => {
    const { browser, apps } = await openApps(10, { latency: 3 })
    for (const [index, app] of apps.entries()) app.session.presence('room').enter(`n${index}`)
    await browser.advance(100)
    const names = apps.map((_, index) => `n${index}`).sort()
    for (const app of apps) expect(watch(app).names()).toEqual(names)
  })
})
