import { createTestBrowser, type LocksOption, type TestBrowser } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { forger, intruder } from '../support/intruder.ts'
import { type App, openApps, startApp } from '../support/tabs.ts'

/** Loses what is posted as long as `lost` says so of an item's kind and the tab that was to hear it. */
function lose(browser: TestBrowser, lost: (kind: unknown, to: string) => boolean): void {
  browser.intercept(({ data, to }) => {
    const kinds = (data as { m: unknown[] }).m.map(item => (typeof item === 'string' ? (JSON.parse(item) as unknown[]) : (item as unknown[]))[0])
    return kinds.some(kind => lost(kind, to)) ? 'drop' : 'deliver'
  })
}

const LOCKS: LocksOption[] = [true, 'no-query', false]

describe('tabs that meet', () => {
  it.each(LOCKS.flatMap(locks => ['h', 'w'].map(kind => ({ locks, kind }))))('do so although the first greeting is lost: $kind, locks $locks', async ({ locks, kind }) => {
    const browser = createTestBrowser({ locks })
    const a = startApp(browser.openTab())
    a.listen('t')
    a.session.presence('room').enter('ada')
    await browser.advance(500)
    let losses = 0
    lose(browser, given => given === kind && losses++ === 0)
    const b = startApp(browser.openTab())
    b.listen('t')
    b.session.presence('room').enter('bob')
    await browser.advance(400)
    expect(losses).toBeGreaterThan(0)
    a.session.publish('t', 'from a')
    b.session.publish('t', 'from b')
    await browser.settle()
    expect(b.data()).toContain('from a')
    expect(a.data()).toContain('from b')
    for (const { session } of [a, b]) expect(session.presence('room').members.map(({ data }) => data).sort()).toEqual(['ada', 'bob'])
  })

  it('after both had joined tell a gap: each has published what it did not know to be wanted', async () => {
    const browser = createTestBrowser()
    const a = startApp(browser.openTab())
    a.listen('t')
    await browser.advance(500)
    let losing = true
    lose(browser, () => losing)
    const b = startApp(browser.openTab())
    b.listen('t')
    void b.session.ready
    await browser.advance(2000)
    a.session.publish('t', 'not posted')
    b.session.publish('t', 'not posted either')
    await browser.settle()
    losing = false
    expect([a.gaps, b.gaps]).toEqual([[], []])
    const ready = b.listen('u').ready
    await browser.advance(100)
    await ready
    expect(a.gaps).toContainEqual({ from: b.session.id })
    expect(b.gaps).toContainEqual({ from: a.session.id })
    a.session.publish('t', 'posted')
    await browser.settle()
    expect(b.data()).toEqual(['not posted either', 'posted'])
  })

  it('late, since one had no time to answer, tell that one no gap: it has heard the other from its first word on', async () => {
    const browser = createTestBrowser({ engine: 'webkit' })
    const a = startApp(browser.openTab())
    a.listen('t')
    await browser.advance(500)
    a.tab.freeze()
    const b = startApp(browser.openTab())
    b.session.publish('t', 'before it has joined')
    await browser.advance(400)
    b.session.publish('t', 'skipped, as nothing else may be', { volatile: true })
    a.tab.resume()
    await browser.advance(100)
    b.session.publish('t', 'last')
    await browser.settle()
    expect([a.gaps, a.data()]).toEqual([[], ['before it has joined', 'last']])
  })

  it('greet a name that they do not know once a second while it speaks, and each other not at all', async () => {
    const { browser, apps } = await openApps(3)
    const script = intruder(browser.openTab())
    const posts: string[] = []
    browser.onPost(({ from, data }) => void (apps.some(({ tab }) => tab.id === from) && posts.push((data as { to: string }).to)))
    for (let round = 0; round < 100; round++) {
      for (let n = 0; n < 20; n++) script.postMessage({ v: 1, f: 'stranger', n: round * 20 + n + 2, m: [['e', 1]] })
      script.postMessage({ v: 1, f: 'stranger', n: 0, to: apps[0]?.tab.id, m: [['a', 1, 1, [], 0]] })
      await browser.advance(100)
    }
    expect(new Set(posts)).toEqual(new Set(['stranger']))
    expect(posts.length).toBe(30)
    script.close()
  })

  it('say their members anew to one that believed them gone', async () => {
    const { browser, apps } = await openApps(2, { locks: false })
    const [a, b] = apps as [App, App]
    a.session.presence('room').enter('ada')
    await browser.settle()
    const before = b.session.presence('room').members[0]?.clock ?? Number.NaN
    const script = intruder(browser.openTab())
    a.session.presence('other').enter('ada')
    const forge = forger(browser, a.tab)
    await browser.settle()
    script.postMessage(forge(['b', 0]))
    await browser.advance(2500)
    expect(b.session.presence('room').members).toEqual([])
    await browser.advance(5000)
    expect(b.session.presence('room').members).toMatchObject([{ id: a.session.id, data: 'ada' }])
    expect(b.session.presence('room').members[0]?.clock).toBeGreaterThan(before)
    script.close()
  })
})
