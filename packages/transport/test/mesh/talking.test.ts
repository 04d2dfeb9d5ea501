import { describe, expect, it } from 'vitest'
import type { App } from '../support/tabs.ts'
import { openApps, startApp } from '../support/tabs.ts'

describe('tabs that talk', () => {
  it('bring a message to every tab that listens, the publisher too', async () => {
    const { browser, apps } = await openApps(3)
    for (const app of apps) app.listen('rooms/*')
    await browser.settle()
    apps[0]?.session.publish('rooms/42', { text: 'hi' })
    await browser.settle()
    expect(apps.map(app => app.data())).toEqual([[{ text: 'hi' }], [{ text: 'hi' }], [{ text: 'hi' }]])
    expect(new Set(apps.map(app => app.heard[0]?.id)).size).toBe(1)
    expect(apps[2]?.heard[0]).toMatchObject({ topic: 'rooms/42', from: apps[0]?.session.id, userId: 'user0' })
  })

  it('keep echo, audience and broadcasts apart', async () => {
    const { browser, apps } = await openApps(3)
    const [a, b, c] = apps as [App, App, App]
    const broadcasts: unknown[] = []
    for (const app of apps) app.listen('t')
    for (const app of apps) app.session.onBroadcast(message => broadcasts.push([app.session.userId, message.data]))
    await browser.settle()
    a.session.publish('t', 'others', { echo: false })
    a.session.publish('t', 'for c', { to: 'user2' })
    a.session.broadcast('all')
    a.session.broadcast('c and a', { to: ['user2', 'user0'], echo: false })
    await browser.settle()
    expect([a.data(), b.data(), c.data()]).toEqual([[], ['others'], ['others', 'for c']])
    expect(broadcasts).toEqual([['user0', 'all'], ['user1', 'all'], ['user2', 'all'], ['user2', 'c and a']])
  })

  it('post nothing that no other tab wants', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    a.listen('mine')
    const subscription = b.listen('theirs/*')
    await browser.settle()
    const before = browser.posts
    a.session.publish('mine', 1)
    a.session.publish('nobody', 1)
    a.session.publish('theirs/x', 1, { to: 'user0' })
    await browser.settle()
    expect(browser.posts).toBe(before)
    a.session.publish('theirs/x', 1)
    await browser.settle()
    expect(browser.posts).toBe(before + 1)
    subscription.unsubscribe()
    await browser.settle()
    a.session.publish('theirs/x', 2)
    await browser.settle()
    expect([browser.posts, b.data()]).toEqual([before + 2, [1]]) // one more post told of the unsubscription
  })

  it('put all messages of one turn into one post', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    b.listen('t')
    await browser.settle()
    const before = browser.posts
    for (let i = 0; i < 100; i++) a.session.publish('t', i)
    await browser.settle()
    expect(browser.posts).toBe(before + 1)
    expect(b.data()).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })

  it('carry what structured clone carries, as it was at the publish', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    b.listen('t')
    await browser.settle()
    const point = { x: 1 }
    const values = [new Uint8Array([1, 2]), new Date(5), new Map([['k', new Set([1])]]), { missing: undefined }, [-0, Number.NaN], 10n, /x/g, 0, '', false, null, [], {}]
    a.session.publish('t', point)
    point.x = 2
    for (const value of values) a.session.publish('t', value)
    await browser.settle()
    expect(b.data()).toStrictEqual([{ x: 1 }, ...values])
  })

  it('refuse what cannot be cloned at the publish, and lose nothing else', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    a.listen('t')
    b.listen('t')
    await browser.settle()
    a.session.publish('t', 1)
    expect(() => a.session.publish('t', { list: [() => 1] })).toThrowError(expect.objectContaining({ code: 'not-serializable', details: { topic: 't', path: 'list.0' } }))
    a.session.publish('t', 2)
    await browser.settle()
    expect([a.data(), b.data()]).toEqual([[1, 2], [1, 2]])
  })

  it('count the sessions that listen anywhere', async () => {
    const { browser, apps } = await openApps(3)
    const [a, b, c] = apps as [App, App, App]
    b.listen('t')
    c.listen('*')
    c.listen('t')
    const second = c.hub.openSession()
    second.subscribe('t', () => {})
    c.hub.subscribe('t', () => {})
    const occupancy = a.hub.occupancy('t')
    await browser.advance(10)
    await expect(occupancy).resolves.toBe(3)
    c.tab.crash()
    await browser.advance(200)
    const later = a.hub.occupancy('t')
    await browser.advance(10)
    await expect(later).resolves.toBe(1)
  })

  it('keep hubs of other names and namespaces apart', async () => {
    const { browser, apps } = await openApps(1)
    const [a] = apps as [App]
    const others = [startApp(browser.openTab(), { name: 'other' }), startApp(browser.openTab(), { namespace: 'b' })]
    for (const other of others) other.listen('t')
    await browser.advance(500)
    a.session.publish('t', 1)
    await browser.settle()
    expect(others.map(other => other.data())).toEqual([[], []])
  })

  it('number messages so that all tabs show one order', async () => {
    const { browser, apps } = await openApps(3)
    for (const app of apps) app.listen('t')
    await browser.settle()
    for (let round = 0; round < 5; round++) {
      for (const app of apps) app.session.publish('t', `${app.session.userId} ${round}`)
      if (round % 2) await browser.settle()
    }
    await browser.settle()
    const shown = apps.map(({ heard }) => [...heard].sort((x, y) => x.clock - y.clock || (x.from < y.from ? -1 : 1)).map(message => message.data))
    expect(shown[1]).toEqual(shown[0])
    expect(shown[2]).toEqual(shown[0])
    expect(shown[0]).toHaveLength(15)
  })

  it('leaves no channel, lock, request, listener or timer behind', async () => {
    const { browser, apps } = await openApps(3)
    for (const app of apps) {
      app.listen('t', { replay: 3 })
      app.session.presence('room').enter()
      app.session.state('s', 1)
      app.hub.onLeader(() => {})
      void app.session.claim('c', () => {})
    }
    await browser.advance(100)
    for (const app of apps) void app.hub.close()
    await browser.advance(1000)
    expect(browser.leaks()).toMatchObject({ channels: 0, locks: 0, requests: 0, listeners: 0, timers: 0 })
    expect(apps.flatMap(app => app.errors)).toEqual([])
  })
})
