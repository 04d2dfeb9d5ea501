import { describe, expect, it } from 'vitest'
import { createTestBrowser, type Engine, type TestBrowser, type TestTab } from '../../src/testing/index.ts'
import { listen, lock, watch } from './helpers.ts'

function open(engine: Engine): [TestBrowser, TestTab, TestTab, TestTab] {
  const browser = createTestBrowser({ engine })
  return [browser, browser.openTab({ sessionStorage: { id: '7' } }), browser.openTab(), browser.openTab()]
}

describe('every engine', () => {
  it.each([
    { engine: 'chromium', events: ['pagehide:true', 'hidden', 'freeze', 'resume', 'visible', 'pageshow:true'] },
    { engine: 'webkit', events: ['pagehide:true', 'hidden', 'visible', 'pageshow:true'] },
    { engine: 'firefox', events: ['pagehide:true', 'hidden', 'visible', 'pageshow:true'] },
  ] as const)('restores a page that had nothing open: $engine', async ({ engine, events }) => {
    const [browser, a] = open(engine)
    const log = watch(a)
    const ran: number[] = []
    a.env.clock.after(10, () => ran.push(browser.clock.now()))
    a.bfcache()
    expect(a.state).toBe('cached')
    await browser.advance(1_000)
    expect(ran).toEqual([])
    expect(a.back()).toEqual({ restored: true, tab: a })
    await browser.settle()
    expect([log, ran, a.state]).toEqual([events, [1_000], 'visible'])
    expect(() => a.back()).toThrow('it cannot go back')
  })

  it.each([
    { engine: 'chromium', restored: true },
    { engine: 'webkit', restored: true },
    { engine: 'firefox', restored: false },
  ] as const)('lets a page release and say bye in pagehide: $engine', async ({ engine, restored }) => {
    const [browser, a, b] = open(engine)
    const [channel, other] = [listen(a), listen(b)]
    const held = lock(a, 'leader')
    await browser.settle()
    const waiter = lock(b, 'leader')
    await browser.settle()
    a.env.page!.addEventListener('pagehide', () => {
      channel.post('bye')
      channel.close()
      held.release()
    }, true)
    a.bfcache()
    await browser.settle()
    expect([waiter.state, other.heard]).toEqual(['held', ['bye']])
    expect(a.back().restored).toBe(restored)
  })

  it.each(['chromium', 'webkit', 'firefox'] as const)('loads a page anew that was navigated away from: %s', async engine => {
    const [browser, a] = open(engine)
    const log = watch(a)
    a.navigate()
    await browser.settle()
    const { restored, tab } = a.back()
    expect([restored, tab === a, tab.env.sessionStorage!.getItem('id'), log]).toEqual([false, false, '7', ['pagehide:false', 'hidden']])
  })

  it.each(['chromium', 'webkit', 'firefox'] as const)('frees all of a cached page that is closed: %s', async engine => {
    const [browser, a, b] = open(engine)
    lock(a, 'leader')
    await browser.settle()
    const waiter = lock(b, 'leader')
    await browser.settle()
    a.bfcache()
    await browser.settle()
    a.close()
    await browser.settle()
    expect(waiter.state).toBe('held')
  })
})

describe('Chromium', () => {
  async function cachedHolder(waiters: 0 | 1 | 2 = 1) {
    const [browser, a, b, c] = open('chromium')
    const held = lock(a, 'leader')
    await browser.settle()
    const [first, second] = [b, c].slice(0, waiters).map(tab => lock(tab, 'leader', { mode: 'shared' }))
    await browser.settle()
    a.bfcache()
    await browser.advance(90_000)
    return { browser, a, b, c, held, first, second }
  }

  it('caches a page with its lock, and waiters starve', async () => {
    const { a, first, second, held, browser } = await cachedHolder(2)
    expect([a.state, held.state, first?.state, second?.state]).toEqual(['cached', 'held', 'waiting', 'waiting'])
    expect(a.back().restored).toBe(true)
    held.release()
    await browser.settle()
    expect(first?.state).toBe('held')
  })

  it('grants a request made later when nobody waited', async () => {
    const { a, b, browser } = await cachedHolder(0)
    const later = lock(b, 'leader')
    await browser.settle()
    expect([later.state, a.state]).toEqual(['held', 'gone'])
    expect(a.back().restored).toBe(false)
  })

  it.each([{ ifAvailable: true }, {}])('evicts the page for a later request %o, but its old waiter starves on', async options => {
    const { a, c, first, browser } = await cachedHolder()
    const later = lock(c, 'leader', options)
    await browser.advance(60_000)
    expect([a.state, first?.state, later.state]).toEqual(['gone', 'waiting', options.ifAvailable ? 'refused' : 'waiting'])
    const query = c.env.locks!.query()
    await browser.advance(60_000)
    expect((await query).held).toEqual([])
    expect(first?.state).toBe('waiting')
  })

  it('grants the old waiter after a poke', async () => {
    const { c, first, browser } = await cachedHolder()
    const poke = new AbortController()
    const later = lock(c, 'leader', { signal: poke.signal })
    poke.abort()
    await browser.settle()
    expect([first?.state, later.state]).toEqual(['held', 'aborted'])
  })

  it('grants the old waiter after a query, if that comes first', async () => {
    const { a, b, first, browser } = await cachedHolder()
    void b.env.locks!.query()
    await browser.settle()
    expect([a.state, first?.state]).toEqual(['gone', 'held'])
  })

  it('lets a lock be stolen from a cached page', async () => {
    const { a, c, first, browser } = await cachedHolder()
    const thief = lock(c, 'leader', { steal: true })
    await browser.settle()
    expect([thief.state, first?.state, a.state]).toEqual(['held', 'waiting', 'gone'])
    thief.release()
    await browser.settle()
    expect(first?.state).toBe('held')
  })

  it('evicts a page by a message for its open channel', async () => {
    const [browser, a, b] = open('chromium')
    const cached = listen(a)
    const other = listen(b)
    lock(a, 'leader')
    await browser.settle()
    const waiter = lock(b, 'leader')
    await browser.settle()
    a.bfcache()
    await browser.settle()
    expect(a.state).toBe('cached')
    other.post('hi')
    await browser.settle()
    expect([a.state, cached.heard, waiter.state]).toEqual(['gone', [], 'held'])
  })

  it('keeps the queued request of a cached page, and grants it', async () => {
    const [browser, a, b] = open('chromium')
    const held = lock(b, 'leader')
    await browser.settle()
    const waiter = lock(a, 'leader')
    await browser.settle()
    a.bfcache()
    await browser.settle()
    held.release()
    await browser.settle()
    expect([waiter.state, a.leaks().locks]).toEqual(['waiting', 1])
    a.back()
    await browser.settle()
    expect(waiter.state).toBe('held')
  })
})

describe('WebKit', () => {
  it('takes the locks of a page that it caches, and says so after the restore', async () => {
    const [browser, a, b] = open('webkit')
    const [held, waiting] = [lock(a, 'leader'), lock(b, 'other')]
    await browser.settle()
    const [waiter, cachedWaiter] = [lock(b, 'leader'), lock(a, 'other')]
    await browser.settle()
    const log = watch(a)
    const order: string[] = []
    a.env.page!.addEventListener('pageshow', () => order.push(held.state), true)
    a.bfcache()
    await browser.settle()
    expect([waiter.state, held.state, cachedWaiter.state]).toEqual(['held', 'held', 'waiting'])
    a.back()
    await browser.settle()
    expect([held.state, cachedWaiter.state, order]).toEqual(['lost', 'aborted', ['held']])
    expect([held.error?.name, cachedWaiter.error?.name]).toEqual(['AbortError', 'AbortError'])
    expect(log.at(-1)).toBe('pageshow:true')
    waiting.release()
    await browser.settle()
    expect(a.leaks()).toMatchObject({ locks: 0, requests: 0 })
  })

  it('loses the messages for a cached page and restores it', async () => {
    const [browser, a, b] = open('webkit')
    const [cached, other] = [listen(a), listen(b)]
    a.bfcache()
    other.post('lost')
    await browser.settle()
    other.post('lost too')
    await browser.settle()
    expect(a.back().restored).toBe(true)
    other.post('heard')
    await browser.settle()
    expect(cached.heard).toEqual(['heard'])
  })
})

describe('Firefox', () => {
  it.each(['lock', 'request', 'channel'])('does not cache a page with a %s', async kind => {
    const [browser, a, b] = open('firefox')
    const held = lock(kind === 'lock' ? a : b, 'leader')
    await browser.settle()
    if (kind === 'channel') listen(a)
    const waiter = lock(kind === 'request' ? a : b, 'leader')
    await browser.settle()
    const log = watch(a)
    a.bfcache()
    await browser.settle()
    expect([a.state, log]).toEqual(['gone', ['pagehide:false', 'hidden']])
    held.release()
    await browser.settle()
    expect(waiter.state).toBe(kind === 'request' ? 'waiting' : 'held')
    expect(a.back()).toMatchObject({ restored: false, tab: { state: 'visible' } })
  })

  it('does not cache a page that opens something in pagehide', async () => {
    const [browser, a] = open('firefox')
    a.env.page!.addEventListener('pagehide', () => void listen(a), true)
    a.bfcache()
    await browser.settle()
    expect(a.state).toBe('gone')
    expect(browser.leaks().channels).toBe(0)
  })
})
