import { describe, expect, it } from 'vitest'
import { intruder } from '../support/intruder.ts'
import { type App, openApps, startApp } from '../support/tabs.ts'

const frame = (m: unknown, more: object = {}): object => ({ v: 1, f: 'intruder', n: 0, m, ...more })
const hello = (items: unknown[] = []): unknown[] => ['h', 1, items, '']
const deep = (levels: number): unknown => Array.from({ length: levels }).reduce<unknown>(inner => [inner], 0)

/** Frames that must be refused with one report. */
const FRAMES: readonly [name: string, frame: unknown][] = [
  ['nothing', null],
  ['a number', 42],
  ['a string', 'hello'],
  ['an array', [1, 2]],
  ['an empty object', {}],
  ['a version that is no number', { v: '1', f: 'x', n: 1, m: [] }],
  ['no sender', { v: 1, n: 1, m: [] }],
  ['an empty sender', { v: 1, f: '', n: 1, m: [] }],
  ['a sender that is an object', { v: 1, f: {}, n: 1, m: [] }],
  ['an endless sender', { v: 1, f: 'x'.repeat(100_000), n: 1, m: [] }],
  ['a negative number', frame([], { n: -1 })],
  ['a number that is none', frame([], { n: Number.NaN })],
  ['a number beyond counting', frame([], { n: 2 ** 60 })],
  ['an addressee that is no string', frame([], { to: 5 })],
  ['items that are no array', frame('items')],
  ['more items than fit', frame(Array.from({ length: 20_001 }, () => '["b",0]'))],
  ['an item that is a number', frame([1])],
  ['an item that is no JSON', frame(['{'])],
  ['an item that is an object', frame(['{"__proto__":{"polluted":1}}'])],
  ['an item of an unknown kind', frame(['["zz",1]'])],
  ['an item called like a method', frame(['["constructor",1]'])],
  ['an item called like the prototype', frame(['["__proto__",1]'])],
  ['an item that is nested deeply', frame([deep(500)])],
  ['text that is nested deeply', frame([`${'['.repeat(50_000)}${']'.repeat(50_000)}`])],
  ['a hello without a number', frame([['h', 'x', [], '']])],
  ['a welcome without items', frame([['w', 1, 'x', 1]])],
  ['a publication to a wildcard', frame([['p', 1, 'a/*', 1, 1, 'x', null, 0]])],
  ['a publication to an object', frame([['p', 1, { toString: 1 }, 1, 1, 'x', null, 0]])],
  ['a member on an endless topic', frame([['m', 1, 'x'.repeat(10_000), 0, 0, 1, 1]])],
  ['a wish for what is no pattern', frame([['i', 1, 'a//b', 1]])],
  ['a question for what is no pattern', frame([['q', 1, [7], 10, null, null]])],
  ['an answer with a negative number', frame([['a', -1, 1, [], 0]])],
]

describe('guarantee 14: hostile frames', () => {
  it.each(FRAMES)('are reported and ignored, and others go on: %s', async (_, hostile) => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    b.listen('t')
    await browser.settle()
    const before = Object.getOwnPropertyNames(Object.prototype).length
    const script = intruder(browser.openTab())
    script.postMessage(hostile)
    a.session.publish('t', 'goes on')
    await browser.advance(100)
    expect(b.errors).toMatchObject([{ code: 'protocol-violation' }])
    expect(b.data()).toEqual(['goes on'])
    expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(before)
    script.close()
  })

  it('carry no prototype into data', async () => {
    const { browser, apps } = await openApps(1)
    const [a] = apps as [App]
    a.listen('t')
    await browser.settle()
    const script = intruder(browser.openTab())
    script.postMessage(frame([hello([['s', 1, 'x', null, 'y']])], { n: 1 }))
    script.postMessage(frame(['["p",1,"t",1,1,{"__proto__":{"admin":true},"a":1},null,0]'], { n: 2 }))
    await browser.advance(100)
    const [data] = a.data() as [{ admin?: boolean; a: number }]
    expect(data.a).toBe(1)
    expect(data.admin).toBeUndefined()
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
    script.close()
  })

  it('are reported once in ten seconds, however many come', async () => {
    const { browser, apps } = await openApps(1)
    const [a] = apps as [App]
    const script = intruder(browser.openTab())
    for (let i = 0; i < 500; i++) script.postMessage(i)
    await browser.advance(1000)
    expect(a.errors).toHaveLength(1)
    await browser.advance(10_000)
    script.postMessage(null)
    await browser.settle()
    expect(a.errors).toHaveLength(2)
    script.close()
  })

  it('cannot make a tab know more siblings, sessions or members than it bounds', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    a.listen('t')
    await browser.settle()
    const script = intruder(browser.openTab())
    for (let i = 0; i < 1000; i++) script.postMessage({ v: 1, f: `forged${i}`, n: 1, m: [hello()] })
    await browser.advance(10)
    const { requests } = a.tab.leaks()
    expect(requests).toBeLessThan(510)
    const sessions = Array.from({ length: 1000 }, (_, i) => ['s', i, `s${i}`, null, 'x'])
    const wishes = Array.from({ length: 1000 }, (_, i) => ['i', i, 't', 1])
    script.postMessage({ v: 1, f: 'forged0', n: 1, m: [hello([...sessions, ...wishes])] })
    const occupancy = b.hub.occupancy('t')
    await browser.advance(2000)
    expect(await occupancy).toBeLessThan(210)
    a.session.publish('t', 'still')
    await browser.advance(10)
    expect(a.data()).toEqual(['still'])
    void a.hub.close()
    await browser.advance(10)
    expect(a.tab.leaks()).toMatchObject({ channels: 0, locks: 0, requests: 0, timers: 0 })
    script.close()
  })

  it('that forge a far number hold nothing up for longer than it takes to ask', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    b.listen('t')
    await browser.settle()
    let node = ''
    browser.onPost(({ from, data }) => (from === a.tab.id ? (node = (data as { f: string }).f) : 0))
    a.session.publish('t', 0)
    await browser.settle()
    const script = intruder(browser.openTab())
    for (let i = 0; i < 300; i++) script.postMessage({ v: 1, f: node, n: 1_000_000 + i, m: ['["p",1,"t",1,1,"forged",null,0]'] })
    await browser.advance(100)
    a.session.publish('t', 1)
    a.session.publish('t', 2)
    await browser.advance(100)
    const real = b.data().filter(data => data !== 'forged')
    expect(real.length === 3 || b.gaps.length > 0).toBe(true)
    expect(b.errors).toEqual([])
    script.close()
  })

  it('cannot push the counter so far that nobody can count on', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    b.listen('t')
    await browser.settle()
    const script = intruder(browser.openTab())
    script.postMessage(frame([hello([['s', 1, 'x', null, 'y']])], { n: 1 }))
    script.postMessage(frame([['p', 1, 't', Number.MAX_SAFE_INTEGER, 1, 'forged', null, 0]], { n: 2 }))
    await browser.advance(10)
    a.session.publish('t', 1)
    b.session.publish('t', 2)
    b.session.publish('t', 3)
    await browser.advance(10)
    const clocks = b.heard.filter(({ from }) => from === b.session.id).map(({ clock }) => clock)
    expect(clocks).toEqual([expect.any(Number), (clocks[0] ?? 0) + 1])
    expect(clocks[1]).toBeLessThan(2 ** 52)
    script.close()
  })

  it('of other versions are reported once each, and bounded; nobody else is disturbed', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    b.listen('t')
    await browser.settle()
    const script = intruder(browser.openTab())
    for (const v of [2, 0, 2, 2, 0]) script.postMessage({ v, f: 'other', whatever: true })
    await browser.advance(10)
    expect(b.errors).toMatchObject([{ code: 'protocol-version', details: { value: 2 } }, { code: 'protocol-version', details: { value: 0 } }])
    for (let v = 3; v < 100; v++) script.postMessage({ v, f: 'other' })
    a.session.publish('t', 1)
    await browser.advance(10)
    expect(b.errors.length).toBeLessThanOrEqual(16)
    expect(b.data()).toEqual([1])
    script.close()
  })

  it('do not harm a tab that joins meanwhile', async () => {
    const { browser, apps } = await openApps(1)
    const [a] = apps as [App]
    const script = intruder(browser.openTab())
    const late = startApp(browser.openTab())
    late.listen('t')
    for (const [, hostile] of FRAMES) {
      script.postMessage(hostile)
      await browser.advance(10)
    }
    await browser.advance(500)
    a.session.publish('t', 1)
    await browser.settle()
    expect(late.data()).toEqual([1])
    expect(late.hub.status.state).toBe('connected')
    script.close()
  })
})
