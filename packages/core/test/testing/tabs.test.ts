import { describe, expect, it } from 'vitest'
import { createTestBrowser } from '../../src/testing/index.ts'
import { listen, lock, watch } from './helpers.ts'

const none = { channels: 0, locks: 0, requests: 0, listeners: 0, timers: 0 }

describe('a tab that ends', () => {
  it('says nothing when it crashes, and has no effect any more', async () => {
    const browser = createTestBrowser()
    const [a, b] = [browser.openTab(), browser.openTab()]
    const [dying, other] = [listen(a), listen(b)]
    const events = watch(a)
    a.env.clock.after(5, () => expect.unreachable())
    dying.post('before')
    other.post('to a dead tab')
    a.crash()
    dying.post('after')
    new a.env.BroadcastChannel!('room').postMessage('after')
    a.env.sessionStorage!.setItem('key', 'late')
    a.env.clock.after(0, () => expect.unreachable())
    a.env.page!.addEventListener('online', () => {}, true)
    await browser.advance(10)
    expect([events, other.heard, dying.heard, a.state]).toEqual([[], ['before'], [], 'gone'])
    expect(a.leaks()).toEqual(none)
    expect(browser.tabs).toEqual([b])
    expect(a.reload().env.sessionStorage!.getItem('key')).toBeNull()
  })

  it('can post from its pagehide listeners and their microtasks when it closes', async () => {
    const browser = createTestBrowser()
    const [a, b] = [browser.openTab(), browser.openTab()]
    const [closing, other] = [listen(a), listen(b)]
    const events = watch(a)
    a.env.page!.addEventListener('pagehide', () => {
      closing.post('bye')
      queueMicrotask(() => closing.post('bye again'))
      a.env.clock.after(0, () => expect.unreachable())
    }, true)
    a.close()
    expect(a.state).toBe('gone')
    other.post('too late')
    await browser.settle()
    closing.post('never')
    await browser.settle()
    expect([events, other.heard, closing.heard]).toEqual([['pagehide:false', 'hidden'], ['bye', 'bye again'], []])
    expect(browser.leaks().tabs.get(a.id)).toEqual(none)
  })

  it('may be ended again, and refuses all else', async () => {
    const browser = createTestBrowser()
    const tab = browser.openTab()
    tab.close()
    tab.crash()
    tab.close()
    await browser.settle()
    for (const act of ['hide', 'show', 'freeze', 'resume', 'bfcache', 'back', 'navigate', 'online', 'duplicate'] as const) {
      expect(() => tab[act]()).toThrow(/tab-1 is gone/)
    }
  })

  it('does not stop at a listener that throws, and raises it on settling', async () => {
    const browser = createTestBrowser()
    const tab = browser.openTab()
    tab.env.page!.addEventListener('pagehide', () => {
      throw new Error('bad listener')
    }, true)
    const events = watch(tab)
    tab.close()
    await expect(browser.settle()).rejects.toThrow('bad listener')
    expect(events).toEqual(['pagehide:false', 'hidden'])
    expect(browser.leaks()).toMatchObject(none)
  })
})

describe('a tab that goes on', () => {
  it('keeps its session storage over a reload, also after a crash, and only its locks are free', async () => {
    const browser = createTestBrowser()
    const a = browser.openTab({ sessionStorage: { id: '7' } })
    lock(a, 'id:7')
    await browser.settle()
    a.env.sessionStorage!.setItem('more', 'yes')
    a.env.page!.addEventListener('pagehide', () => a.env.sessionStorage!.setItem('last', 'word'), true)
    a.hide()
    const b = a.reload()
    const again = lock(b, 'id:7', { ifAvailable: true })
    await browser.settle()
    expect([b.id, b.state, again.state]).toEqual(['tab-2', 'hidden', 'held'])
    expect(['id', 'more', 'last', 'none'].map(key => b.env.sessionStorage!.getItem(key))).toEqual(['7', 'yes', 'word', null])
    b.crash()
    const c = b.reload()
    c.env.sessionStorage!.removeItem('more')
    expect(c.env.sessionStorage!.getItem('more')).toBeNull()
    expect(() => b.reload()).toThrow('already replaced')
  })

  it('is duplicated with a copy of its session storage', () => {
    const browser = createTestBrowser()
    const a = browser.openTab({ sessionStorage: { id: '7' } })
    const b = a.duplicate()
    b.env.sessionStorage!.setItem('id', '8')
    expect([a.env.sessionStorage!.getItem('id'), b.env.sessionStorage!.getItem('id')]).toEqual(['7', '8'])
    expect(browser.tabs).toEqual([a, b])
    expect(a.env.random()).not.toBe(b.env.random())
  })

  it('hides and shows, with an event for each change', () => {
    const tab = createTestBrowser().openTab({ visible: false })
    const events = watch(tab)
    tab.hide()
    tab.show()
    tab.show()
    tab.hide()
    tab.online()
    expect(events).toEqual(['visible', 'hidden', 'online'])
    expect(tab.state).toBe('hidden')
  })

  it('calls a page listener once, and not one that another removed', () => {
    const tab = createTestBrowser().openTab()
    const { page } = tab.env
    let calls = 0
    const second = (): void => expect.unreachable()
    const first = (): void => {
      calls += 1
      page!.removeEventListener('online', second, true)
    }
    page!.addEventListener('online', first, true)
    page!.addEventListener('online', first, true)
    page!.addEventListener('online', second, true)
    expect(tab.leaks().listeners).toBe(2)
    tab.online()
    expect(calls).toBe(1)
    expect(tab.leaks().listeners).toBe(1)
  })
})

describe('timers', () => {
  it('are aligned in hidden tabs when throttled', async () => {
    const browser = createTestBrowser({ throttle: true })
    const [a, plain, intensive] = [browser.openTab(), browser.openTab({ throttle: false }), browser.openTab({ throttle: 60_000, visible: false })]
    const log: string[] = []
    const start = (tab: typeof a, delay: number, name: string): unknown => tab.env.clock.after(delay, () => log.push(`${name}@${browser.clock.now()}`))
    start(a, 300, 'shown')
    start(a, 1_500, 'hidden')
    start(a, 2_700, 'shown again')
    await browser.advance(400)
    a.hide()
    plain.hide()
    start(plain, 20, 'plain')
    start(a, 0, 'zero')
    start(intensive, 20, 'intensive')
    await browser.advance(1_700)
    a.show()
    await browser.advance(60_000)
    expect(log).toEqual(['shown@300', 'plain@420', 'zero@1000', 'hidden@2000', 'shown again@2700', 'intensive@60000'])
  })

  it('are on time in hidden tabs when they are prompt, and stop and die with their pages as others do', async () => {
    const browser = createTestBrowser({ throttle: true })
    const [a, b, c] = [browser.openTab({ visible: false }), browser.openTab({ visible: false }), browser.openTab({ visible: false })]
    const log: string[] = []
    for (const tab of [a, b, c]) tab.env.clock.promptly?.(100, () => log.push(`${tab.id}@${browser.clock.now()}`))
    b.freeze()
    c.crash()
    await browser.advance(500)
    b.resume()
    await browser.settle()
    expect(log).toEqual([`${a.id}@100`, `${b.id}@500`])
    expect(browser.leaks().timers).toBe(0)
  })

  it('do not throttle messages', async () => {
    const browser = createTestBrowser({ throttle: true })
    const [a, b] = [browser.openTab(), browser.openTab({ visible: false })]
    const hidden = listen(b)
    listen(a).post('hi')
    await browser.settle()
    expect(hidden.heard).toEqual(['hi'])
  })

  it('are counted and cancelled', () => {
    const browser = createTestBrowser()
    const tab = browser.openTab()
    const cancel = tab.env.clock.after(5, () => {})
    tab.env.clock.after(6, () => {})
    expect([tab.leaks().timers, browser.clock.pending]).toEqual([2, 2])
    cancel()
    cancel()
    expect([tab.leaks().timers, browser.clock.pending]).toEqual([1, 1])
    tab.crash()
    expect(browser.clock.pending).toBe(0)
  })
})

describe('a frozen tab', () => {
  it('has no timers, hears messages, keeps its locks, and goes on with resume', async () => {
    const browser = createTestBrowser()
    const [a, b] = [browser.openTab(), browser.openTab()]
    const [frozen, other] = [listen(a), listen(b)]
    const events = watch(a)
    const log: string[] = []
    a.env.clock.after(20, () => log.push(`second@${browser.clock.now()}`))
    a.env.clock.after(10, () => log.push(`first@${browser.clock.now()}`))
    a.env.clock.after(200, () => log.push(`third@${browser.clock.now()}`))
    const held = lock(a, 'leader')
    await browser.settle()
    const waiter = lock(b, 'leader')
    a.freeze()
    other.post('hi')
    await browser.advance(100)
    expect([frozen.heard, log, held.state, waiter.state, a.state]).toEqual([['hi'], [], 'held', 'waiting', 'frozen'])
    a.resume()
    await browser.advance(100)
    expect(log).toEqual(['first@100', 'second@100', 'third@200'])
    expect(events).toEqual(['hidden', 'freeze', 'resume', 'visible'])
  })

  it('can release in its freeze listener', async () => {
    const browser = createTestBrowser()
    const [a, b] = [browser.openTab(), browser.openTab()]
    const held = lock(a, 'leader')
    await browser.settle()
    const waiter = lock(b, 'leader')
    a.env.page!.addEventListener('freeze', () => held.release(), true)
    a.freeze()
    await browser.settle()
    expect(waiter.state).toBe('held')
  })

  it('is granted a lock that it waits for, and keeps it without knowing', async () => {
    const browser = createTestBrowser()
    const [a, b, c] = [browser.openTab(), browser.openTab(), browser.openTab()]
    const held = lock(a, 'leader')
    await browser.settle()
    const waiters = [lock(b, 'leader'), lock(c, 'leader')]
    await browser.settle()
    b.freeze()
    held.release()
    await browser.settle()
    expect(waiters.map(({ state }) => state)).toEqual(['waiting', 'waiting'])
    expect(b.leaks().locks).toBe(1)
    b.resume()
    await browser.settle()
    expect(waiters.map(({ state }) => state)).toEqual(['held', 'waiting'])
  })

  it('learns of a stolen lock when it thaws', async () => {
    const browser = createTestBrowser()
    const [a, b] = [browser.openTab(), browser.openTab()]
    const victim = lock(a, 'leader')
    await browser.settle()
    a.freeze()
    const thief = lock(b, 'leader', { steal: true })
    await browser.settle()
    expect([victim.state, thief.state]).toEqual(['held', 'held'])
    a.resume()
    await browser.settle()
    expect(victim.state).toBe('lost')
  })

  it('hears messages after it thaws when frozen deeply, before those that come later', async () => {
    const browser = createTestBrowser()
    const [a, b] = [browser.openTab(), browser.openTab()]
    const [frozen, other] = [listen(a), listen(b)]
    a.freeze({ deep: true })
    other.post(1)
    other.post(2)
    await browser.settle()
    expect(frozen.heard).toEqual([])
    other.post(3)
    a.resume()
    other.post(4)
    await browser.settle()
    expect(frozen.heard).toEqual([1, 2, 3, 4])
  })

  it('is told nothing and stays visible when it hangs', async () => {
    const browser = createTestBrowser()
    const tab = browser.openTab()
    const events = watch(tab)
    tab.freeze({ silent: true, deep: true })
    expect(tab.env.page!.document.visibilityState).toBe('visible')
    tab.resume()
    expect(events).toEqual([])
    expect(tab.state).toBe('visible')
  })

  it.each(['webkit', 'firefox'] as const)('is suspended without a word in %s', async engine => {
    const browser = createTestBrowser({ engine })
    const [a, b] = [browser.openTab(), browser.openTab()]
    const events = watch(a)
    const frozen = listen(a)
    a.freeze()
    listen(b).post('hi')
    await browser.settle()
    expect([events, frozen.heard]).toEqual([[], []])
    a.resume()
    await browser.settle()
    expect([events, frozen.heard]).toEqual([[], ['hi']])
  })

  it('ends without events', async () => {
    const browser = createTestBrowser()
    const tab = browser.openTab()
    const events = watch(tab)
    tab.freeze()
    tab.close()
    expect(events).toEqual(['hidden', 'freeze'])
    expect(browser.leaks()).toMatchObject(none)
  })
})

describe('leaks', () => {
  it('counts what is open, in all and for each tab', async () => {
    const browser = createTestBrowser()
    const [a, b] = [browser.openTab(), browser.openTab()]
    const channel = listen(a)
    watch(b)
    const held = lock(a, 'x')
    lock(b, 'x')
    const cancel = b.env.clock.after(10, () => {})
    await browser.settle()
    const leaks = browser.leaks()
    expect(leaks).toMatchObject({ channels: 1, locks: 1, requests: 1, listeners: 6, timers: 1 })
    expect(leaks.tabs.get(a.id)).toEqual({ ...none, channels: 1, locks: 1 })
    expect(leaks.tabs.get(b.id)).toEqual({ ...none, requests: 1, listeners: 6, timers: 1 })
    channel.close()
    held.release()
    cancel()
    b.crash()
    await browser.settle()
    expect(browser.leaks()).toMatchObject(none)
    expect(browser.clock.pending).toBe(0)
  })
})
