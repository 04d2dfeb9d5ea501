import { describe, expect, it } from 'vitest'
import { type App, openApps, startApp } from '../support/tabs.ts'

describe('guarantee 8: once and in order', () => {
  it('brings what each session published on a topic in its order, kept and volatile, through delays that differ', async () => {
    let turn = 0
    const { browser, apps } = await openApps(3, { latency: () => (turn++ * 7) % 11, reorderGrants: true })
    for (const app of apps) app.listen('**')
    await browser.advance(100)
    for (let round = 0; round < 20; round++) {
      for (const { session } of apps) {
        session.publish('a', round)
        session.publish('b/c', round, { volatile: true })
      }
      if (round % 3 === 0) await browser.advance(2)
    }
    await browser.advance(200)
    const rounds = Array.from({ length: 20 }, (_, round) => round)
    for (const { heard } of apps) {
      for (const { session } of apps) {
        for (const topic of ['a', 'b/c']) expect(heard.filter(message => message.from === session.id && message.topic === topic).map(({ data }) => data)).toEqual(rounds)
      }
    }
  })

  it('hears a message once when a session listens in several ways, and once for each listener', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const both: unknown[] = []
    b.session.subscribe(['t', '**'], message => both.push(message.data))
    b.listen('t')
    b.listen('*')
    await browser.settle()
    a.session.publish('t', 1)
    await browser.settle()
    expect(both).toEqual([1])
    expect(b.data()).toEqual([1, 1])
  })

  it('hears a post that arrives twice once', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    b.listen('t')
    await browser.settle()
    const posts: unknown[] = []
    browser.onPost(({ data }) => posts.push(data))
    a.session.publish('t', 1)
    await browser.settle()
    const parrot = new (a.tab.env.BroadcastChannel as NonNullable<typeof a.tab.env.BroadcastChannel>)('earshot:app:')
    for (const post of [...posts]) parrot.postMessage(post)
    await browser.settle()
    expect(posts).toHaveLength(2)
    expect(b.data()).toEqual([1])
    parrot.close()
  })

  it('gives every tab the same counters, which decide one shown order', async () => {
    const { browser, apps } = await openApps(3, { latency: 5 })
    for (const app of apps) app.listen('t')
    await browser.advance(50)
    for (const { session } of apps) session.publish('t', session.userId)
    await browser.advance(50)
    apps[1]?.session.publish('t', 'after all')
    await browser.advance(50)
    const shown = apps.map(({ heard }) => [...heard].sort((one, other) => one.clock - other.clock || (one.from < other.from ? -1 : 1)).map(({ data }) => data))
    expect(shown[0]).toHaveLength(4)
    expect(shown[0]?.at(-1)).toBe('after all')
    expect([shown[1], shown[2]]).toEqual([shown[0], shown[0]])
  })

  it('recovers what a page missed in the back/forward cache, in order, before what is new', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    b.listen('t')
    await browser.settle()
    b.tab.bfcache()
    await browser.settle()
    for (let i = 0; i < 5; i++) a.session.publish('t', i)
    await browser.settle()
    b.tab.back()
    a.session.publish('t', 5)
    await browser.advance(500)
    expect(b.data()).toEqual([0, 1, 2, 3, 4, 5])
    expect(b.gaps).toEqual([])
  })

  it('says that there is a gap when more was missed than is kept, then goes on', async () => {
    const { browser, apps } = await openApps(2, {}, { resend: { messages: 3 } })
    const [a, b] = apps as [App, App]
    const gaps: unknown[] = []
    b.listen('t', { onGap: gap => gaps.push(gap) })
    await browser.settle()
    b.tab.bfcache()
    await browser.settle()
    for (let i = 0; i < 5; i++) {
      a.session.publish('t', i)
      await browser.settle()
    }
    b.tab.back()
    await browser.advance(500)
    a.session.publish('t', 'new')
    await browser.advance(500)
    expect(gaps.length).toBeGreaterThan(0)
    expect(b.data().at(-1)).toBe('new')
    expect(b.data()).toEqual([...new Set(b.data())])
  })

  it('says that there is a gap when two pages left before the one had heard the other', async () => {
    const { browser, apps } = await openApps(3, { latency: 5 })
    const [a, b] = apps as [App, App]
    b.listen('t')
    await browser.advance(100)
    a.session.publish('t', 'under way')
    await browser.advance(1)
    a.tab.bfcache()
    b.tab.bfcache()
    await browser.advance(100)
    a.tab.back()
    b.tab.back()
    await browser.advance(1000)
    expect(b.data()).toEqual([])
    expect(b.gaps.length).toBeGreaterThan(0)
  })

  it('lets each living tab answer for itself, and siblings for the dead', async () => {
    const { browser, apps } = await openApps(3)
    const [a, b, c] = apps as [App, App, App]
    for (const app of apps) app.listen('t')
    await browser.settle()
    a.session.publish('t', 'of the dead')
    b.session.publish('t', 'of the living')
    await browser.settle()
    a.tab.crash()
    await browser.advance(200)
    const late = startApp(browser.openTab())
    late.listen('t', { replay: 10 })
    await browser.advance(500)
    expect(late.data().sort()).toEqual(['of the dead', 'of the living'])
    expect(c.data()).toHaveLength(2)
  })
})
