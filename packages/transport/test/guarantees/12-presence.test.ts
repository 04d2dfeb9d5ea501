import { type Engine, seededRandom } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { type App, openApps, startApp } from '../support/tabs.ts'

/** What an app sees happen in the room, as `type data`. */
function events(app: App): string[] {
  const seen: string[] = []
  app.session.presence('room').subscribe(({ type, member }) => seen.push(`${type} ${String(member.data)}`))
  return seen
}

describe('guarantee 12: presence between tabs', () => {
  it.each<Engine>(['chromium', 'webkit', 'firefox'])('sees a crash within 250 ms, goodbye or not, and nothing else: %s', async engine => {
    const random = seededRandom(7)
    const { browser, apps } = await openApps(4, { engine, latency: () => random() * 50, reorderGrants: true })
    const seen = apps.map(events)
    for (const [index, { session }] of apps.entries()) session.presence('room').enter(index)
    await browser.advance(500)
    apps[0]?.tab.crash()
    await browser.advance(250)
    for (const each of seen.slice(1)) expect(each.filter(event => event.startsWith('leave'))).toEqual(['leave 0'])
  })

  it('sees a crash within 250 ms in hidden tabs, too, whose timers run once a minute', async () => {
    const { browser, apps } = await openApps(3, { throttle: 60_000 })
    const seen = apps.map(events)
    apps[0]?.session.presence('room').enter('ada')
    await browser.settle()
    apps[1]?.tab.hide()
    apps[0]?.tab.crash()
    await browser.advance(250)
    for (const each of seen.slice(1)) expect(each).toEqual(['enter ada', 'leave ada'])
  })

  it('says nothing of a reload, even where the freed lock overtakes the goodbye', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { browser, apps } = await openApps(3, { latency: 20, reorderGrants: true, seed })
      const [a, b] = apps as [App, App]
      const seen = events(b)
      a.session.presence('room').enter('ada')
      await browser.advance(200)
      const again = startApp(a.tab.reload(), { userId: 'user0' })
      again.session.presence('room').enter('ada')
      await browser.advance(5000)
      expect(seen).toEqual(['enter ada'])
    }
  })

  it('tells of what changed over a reload as an update', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const seen = events(b)
    a.session.presence('room').enter('busy')
    await browser.settle()
    const again = startApp(a.tab.reload(), { userId: 'user0' })
    again.session.presence('room').enter('free')
    await browser.advance(5000)
    again.session.presence('room').update('away')
    await browser.settle()
    expect(seen).toEqual(['enter busy', 'update free', 'update away'])
  })

  it('counts one user once, however many tabs', async () => {
    const { browser, apps } = await openApps(3, {}, { userId: 'ada' })
    for (const { session } of apps) session.presence('room').enter()
    await browser.settle()
    const room = apps[0]?.session.presence('room')
    expect(room?.members).toHaveLength(3)
    expect([...(room?.byUser().keys() ?? [])]).toEqual(['ada'])
    apps[2]?.session.close()
    await browser.settle()
    expect(room?.byUser().get('ada')).toHaveLength(2)
  })

  it('keeps a member whose tab is hidden and throttled, with locks and without', async () => {
    for (const locks of [true, false]) {
      const { browser, apps } = await openApps(2, { locks, throttle: 60_000 })
      const [a, b] = apps as [App, App]
      const seen = events(b)
      a.session.presence('room').enter('ada')
      await browser.settle()
      a.tab.hide()
      await browser.advance(400_000)
      expect(seen).toEqual(['enter ada'])
    }
  })

  it('never brings a member back by a late message of its dead tab', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const seen = events(b)
    const posts: unknown[] = []
    browser.onPost(post => (post.from === a.tab.id ? posts.push(post.data) : 0))
    a.session.presence('room').enter('ada')
    await browser.settle()
    a.session.presence('room').update('ada!')
    await browser.settle()
    a.tab.crash()
    await browser.advance(200)
    const ghost = new (b.tab.env.BroadcastChannel as NonNullable<typeof b.tab.env.BroadcastChannel>)('earshot:app:')
    for (const post of posts) ghost.postMessage(post)
    ghost.postMessage({ ...(posts[0] as object), n: 3, m: ['["m",1,"room","undead",0,4294967399,1]'] })
    await browser.advance(200)
    expect(seen).toEqual(['enter ada', 'update ada!', 'leave ada!'])
    expect(b.session.presence('room').members).toEqual([])
    ghost.close()
  })
})
