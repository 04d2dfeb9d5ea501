import { describe, expect, it } from 'vitest'
import { createHub, type LocksLike, type Session } from '@earshot/core'
import type { TestTab } from '@earshot/core/testing'
import { broadcastChannel } from '@earshot/transport'
import { intruder } from '../support/intruder.ts'
import { type App, openApps, startApp } from '../support/tabs.ts'

describe('who a tab is', () => {
  it('stays over reloads, and each life is another incarnation whose changes are newer', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const room = b.session.presence('room')
    const clocks: number[] = []
    let app = a
    for (let load = 0; load < 4; load++) {
      for (let change = 0; change < 3 - load; change++) app.session.presence('room').enter(`${load}.${change}`)
      app.session.presence('room').enter(load)
      await browser.advance(3000)
      expect(room.members).toMatchObject([{ id: a.session.id, data: load }])
      clocks.push(room.members[0]?.clock ?? 0)
      app = startApp(app.tab.reload(), { userId: 'user0' })
    }
    expect(clocks).toEqual([...clocks].sort((one, other) => one - other))
    expect(new Set(clocks).size).toBe(4)
  })

  it('is new for a duplicate, and the copy keeps its own over reloads', async () => {
    const { browser, apps } = await openApps(1)
    const [a] = apps as [App]
    const twin = startApp(a.tab.duplicate(), { userId: 'user0' })
    void twin.session.ready
    await browser.advance(500)
    const { id } = twin.session
    const again = startApp(twin.tab.reload(), { userId: 'user0' })
    void again.session.ready
    await browser.advance(3000)
    expect(id).not.toBe(a.session.id)
    expect(again.session.id).toBe(id)
  })

  it('stays, and can say something new, whichever page of the tab one goes back to', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const events: string[] = []
    b.session.presence('room').subscribe(({ type, member }) => events.push(`${type} ${String(member.data)}`))
    const pages = [a]
    a.session.presence('room').enter('page 0')
    for (let number = 1; number < 4; number++) {
      await browser.advance(1000)
      const { tab } = pages.at(-1) as App
      tab.bfcache()
      const page = startApp(tab.next(), { userId: 'user0' })
      pages.push(page)
      page.session.presence('room').enter(`page ${number}`)
    }
    await browser.advance(1000)
    for (const number of [2, 0]) {
      for (const { tab } of pages) if (tab.state === 'visible') tab.bfcache()
      const page = pages[number] as App
      expect(page.tab.back().restored).toBe(true)
      await browser.advance(1000)
      page.session.presence('room').update(`back on ${number}`)
      await browser.advance(3000)
      expect(b.session.presence('room').members.filter(({ id }) => id !== b.session.id)).toMatchObject([{ id: a.session.id, data: `back on ${number}` }])
    }
    expect(events.filter(event => !event.startsWith('update'))).toEqual(['enter page 0'])
  })

  it('is one for each hub of a page, each kept over a reload', async () => {
    const { browser, apps } = await openApps(1)
    const [first] = apps as [App]
    const second = startApp(first.tab, { userId: 'user0' })
    void second.session.ready
    await browser.advance(500)
    const ids = [first, second].map(({ session }) => session.id)
    expect(new Set(ids).size).toBe(2)
    const tab = first.tab.reload()
    const again = [startApp(tab, { userId: 'user0' }), startApp(tab, { userId: 'user0' })]
    for (const { session } of again) void session.ready
    await browser.advance(3000)
    expect(again.map(({ session }) => session.id)).toEqual(ids)
  })

  it('is kept over a reload, however many hubs the page has closed', async () => {
    const { browser, apps } = await openApps(1)
    const [{ tab }] = apps as [App]
    for (let number = 0; number < 70; number++) {
      const { hub, session } = startApp(tab, { userId: 'user0' })
      void session.ready
      await browser.settle()
      await hub.close()
    }
    const last = startApp(tab, { userId: 'last' })
    void last.session.ready
    await browser.advance(500)
    const again = startApp(tab.reload(), { userId: 'last' })
    void again.session.ready
    await browser.advance(3000)
    expect(again.session.id).toBe(last.session.id)
  })

  it('is the id that was asked for, unless another tab has it', async () => {
    const { browser } = await openApps(1)
    const open = (tab: TestTab): Session =>
      createHub({ clock: tab.env.clock, random: tab.env.random, transport: broadcastChannel({ name: 'app', ...tab.env }) }).openSession({ id: 'kiosk' })
    const first = open(browser.openTab())
    void first.ready
    await browser.advance(500)
    const second = open(browser.openTab())
    void second.ready
    await browser.advance(500)
    expect(first.id).toBe('kiosk')
    expect(second.id).not.toBe('kiosk')
  })

  it('is one for each session of a page, all of them kept over a reload', async () => {
    const { browser, apps } = await openApps(1)
    const [a] = apps as [App]
    const second = a.hub.openSession({ userId: 'eve' })
    void second.ready
    await browser.advance(500)
    const again = startApp(a.tab.reload(), { userId: 'user0' })
    const secondAgain = again.hub.openSession({ userId: 'eve' })
    void secondAgain.ready
    await browser.advance(3000)
    expect(second.id).not.toBe(a.session.id)
    expect([again.session.id, secondAgain.id]).toEqual([a.session.id, second.id])
  })

  it.each([0, 10])('is told to the others before anything that it says, when it is opened in a page that has long joined; latency %d ms', async latency => {
    const { browser, apps } = await openApps(2, { latency })
    const [a, b] = apps as [App, App]
    a.listen('t')
    await browser.advance(500)
    const [second, third] = [b.hub.openSession({ userId: 'eve' }), b.hub.openSession({ userId: 'mallory' })]
    for (const session of [second, third]) {
      session.publish('t', `at once, ${session.userId}`)
      session.presence('room').enter('here')
    }
    third.publish('t', 'last words')
    third.close()
    await browser.advance(500)
    expect(a.heard.map(({ data, userId, from }) => [data, userId, from])).toEqual([
      ['at once, eve', 'eve', second.id],
      ['at once, mallory', 'mallory', third.id],
      ['last words', 'mallory', third.id],
    ])
    expect(a.session.presence('room').members.map(({ userId }) => userId)).toEqual(['eve'])
  })

  it('is told to its page as soon as it is another one, so that what is said while that is claimed has a sender', async () => {
    const { browser, apps } = await openApps(1)
    const [a] = apps as [App]
    a.listen('t')
    a.hub.openSession({ id: 'kiosk' }).subscribe('u', () => {})
    const tab = browser.openTab()
    const locks = tab.env.locks as LocksLike
    let session: Session | undefined
    const request: LocksLike['request'] = (name, options, task) => {
      if (session && name.includes(':id:') && !name.endsWith(':kiosk')) session.publish('t', 'meanwhile')
      return locks.request(name, options, task)
    }
    const b = startApp(tab, { userId: 'eve', locks: { query: () => locks.query(), request } })
    void b.session.ready
    await browser.advance(500)
    session = b.hub.openSession({ id: 'kiosk', userId: 'eve' })
    await browser.advance(500)
    expect(session.id).not.toBe('kiosk')
    expect(a.heard.map(({ data, from, userId }) => [data, from, userId])).toEqual([['meanwhile', session.id, 'eve']])
  })

  it('ends with a session that was closed: the next page begins anew', async () => {
    const { browser, apps } = await openApps(1)
    const [a] = apps as [App]
    a.session.close()
    const again = startApp(a.tab.reload(), { userId: 'user0' })
    void again.session.ready
    await browser.advance(3000)
    expect(again.session.id).not.toBe(a.session.id)
  })

  it('is new at each load without Web Locks, since a copy could not be told from its original', async () => {
    const { browser, apps } = await openApps(1, { locks: false })
    const [a] = apps as [App]
    const again = startApp(a.tab.reload(), { userId: 'user0' })
    void again.session.ready
    await browser.advance(500)
    expect(again.session.id).not.toBe(a.session.id)
  })

  it.each(['{', '7', '{"id":5,"incarnation":1}', '{"id":"x","incarnation":"y"}'])('is new when the storage holds nonsense: %s', async nonsense => {
    const { browser, apps } = await openApps(1)
    const [a] = apps as [App]
    const app = startApp(browser.openTab({ sessionStorage: { 'earshot:app::session:0': nonsense } }), { userId: 'user1' })
    app.listen('t')
    await browser.advance(500)
    a.session.publish('t', 1)
    await browser.settle()
    expect(app.session.id).toMatch(/^[0-9a-z]{26}$/)
    expect(app.data()).toEqual([1])
  })

  it('is not brought back by what a dead tab said late, and its messages still count', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    b.listen('t')
    await browser.settle()
    let last: { f: string; n: number; m: unknown[] } | undefined
    browser.onPost(({ from, data }) => void (from === a.tab.id && (last = data as typeof last)))
    a.session.presence('room').enter('ada')
    await browser.settle()
    a.tab.crash()
    await browser.advance(200)
    const script = intruder(browser.openTab())
    const n = (last?.n ?? 0) + (last?.m.length ?? 0)
    script.postMessage({ v: 1, f: last?.f, n, m: ['["m",1,"room","ada again",0,4294967999,1]', '["i",1,"x/*",1]', '["p",1,"t",50,0,"late",null,0]'] })
    await browser.settle()
    expect(b.session.presence('room').members).toEqual([])
    expect(b.data()).toEqual(['late'])
    const occupancy = b.hub.occupancy('x/y')
    await browser.advance(10)
    expect(await occupancy).toBe(0)
    script.close()
  })
})
