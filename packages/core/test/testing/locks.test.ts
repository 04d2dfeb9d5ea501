import { describe, expect, it } from 'vitest'
import { createTestBrowser, type TestBrowser, type TestTab } from '../../src/testing/index.ts'
import { lock } from './helpers.ts'

function three(options = {}): [TestBrowser, TestTab, TestTab, TestTab] {
  const browser = createTestBrowser(options)
  return [browser, browser.openTab(), browser.openTab(), browser.openTab()]
}

describe('Web Locks', () => {
  it('are granted in a task, never at once', async () => {
    const [browser, a] = three()
    const held = lock(a, 'x')
    await Promise.resolve()
    expect(held.state).toBe('waiting')
    expect(a.leaks()).toMatchObject({ locks: 0, requests: 1 })
    await browser.settle()
    expect(held.state).toBe('held')
    expect(a.leaks()).toMatchObject({ locks: 1, requests: 0 })
  })

  // What waits, in order, behind a holder of the mode: what is held after the holder let go.
  it.each([
    { holder: 'exclusive', waiting: ['exclusive', 'exclusive'], before: [false, false], after: [true, false] },
    { holder: 'exclusive', waiting: ['shared', 'shared', 'exclusive'], before: [false, false, false], after: [true, true, false] },
    { holder: 'exclusive', waiting: ['exclusive', 'shared'], before: [false, false], after: [true, false] },
    { holder: 'shared', waiting: ['shared', 'exclusive', 'shared'], before: [true, false, false], after: [true, false, false] },
    { holder: 'shared', waiting: ['exclusive', 'shared'], before: [false, false], after: [true, false] },
  ] as const)('are given out first in, first out: $holder, then $waiting', async ({ holder, waiting, before, after }) => {
    const [browser, a, b, c] = three()
    const first = lock(a, 'x', { mode: holder })
    const others = waiting.map((mode, index) => lock(index % 2 === 0 ? b : c, 'x', { mode }))
    const elsewhere = lock(c, 'y')
    await browser.settle()
    expect(others.map(({ state }) => state === 'held')).toEqual(before)
    expect(elsewhere.state).toBe('held')
    first.release()
    await browser.settle()
    expect(first.state).toBe('released')
    expect(others.map(({ state }) => state === 'held')).toEqual(after)
  })

  it('resolve or reject with what the callback did, and are free then', async () => {
    const [browser, a, b] = three()
    const good = a.env.locks!.request('x', {}, async () => 42)
    const bad = a.env.locks!.request('x', {}, () => {
      throw new Error('no')
    })
    const failure = bad.catch((error: Error) => error.message)
    const last = lock(b, 'x')
    await browser.settle()
    expect([await good, await failure]).toEqual([42, 'no'])
    expect(last.state).toBe('held')
  })

  it('answer ifAvailable at once', async () => {
    const [browser, a, b, c] = three()
    lock(a, 'x')
    const waiter = lock(b, 'x')
    const [taken, free] = [lock(c, 'x', { ifAvailable: true }), lock(c, 'y', { ifAvailable: true })]
    await browser.settle()
    expect([waiter.state, taken.state, free.state]).toEqual(['waiting', 'refused', 'held'])
  })

  it('can be stolen: the victim is told by its promise, its callback goes on', async () => {
    const [browser, a, b, c] = three()
    const victim = lock(a, 'x')
    const waiter = lock(b, 'x')
    await browser.settle()
    const thief = lock(c, 'x', { steal: true })
    await browser.settle()
    expect([victim.state, waiter.state, thief.state]).toEqual(['lost', 'waiting', 'held'])
    expect(victim.error?.name).toBe('AbortError')
    victim.release()
    await browser.settle()
    expect([thief.state, waiter.state]).toEqual(['held', 'waiting'])
    thief.release()
    await browser.settle()
    expect(waiter.state).toBe('held')
  })

  it('are withdrawn by a signal while they wait, and not afterwards', async () => {
    const [browser, a, b, c] = three()
    const controller = new AbortController()
    const held = lock(a, 'x', { signal: controller.signal })
    await browser.settle()
    const waiting = new AbortController()
    const waiter = lock(b, 'x', { signal: waiting.signal })
    const next = lock(c, 'x', { mode: 'shared' })
    await browser.settle()
    const reason = new Error('enough')
    waiting.abort(reason)
    controller.abort()
    await browser.settle()
    expect([held.state, waiter.state, next.state]).toEqual(['held', 'aborted', 'waiting'])
    expect(waiter.error).toBe(reason)
    expect(b.leaks().requests).toBe(0)
    held.release()
    await browser.settle()
    expect(next.state).toBe('held')
  })

  it.each([0, 1])('leave nothing when aborted on the way or between the grant and the callback: %i', async steps => {
    const [browser, a] = three()
    const controller = new AbortController()
    const request = lock(a, 'x', { signal: controller.signal })
    browser.clock.after(0, () => steps === 1 && controller.abort())
    if (steps === 0) controller.abort()
    await browser.settle()
    expect(request.state).toBe('aborted')
    expect(request.error?.name).toBe('AbortError')
    expect(browser.leaks()).toMatchObject({ locks: 0, requests: 0 })
  })

  it('are refused when the signal was aborted before', async () => {
    const [, a] = three()
    await expect(a.env.locks!.request('x', { signal: AbortSignal.abort('late') }, () => {})).rejects.toBe('late')
  })

  it.each([
    ['-x', {}],
    ['x', { steal: true, ifAvailable: true }],
    ['x', { steal: true, mode: 'shared' }],
    ['x', { ifAvailable: true, signal: new AbortController().signal }],
    ['x', { steal: true, signal: new AbortController().signal }],
  ] as const)('refuse what the platform refuses: %s %o', async (name, options) => {
    const [, a] = three()
    await expect(a.env.locks!.request(name, options, () => {})).rejects.toMatchObject({ name: 'NotSupportedError' })
  })

  it('are listed by query', async () => {
    const [browser, a, b] = three()
    lock(a, 'x')
    lock(b, 'x', { mode: 'shared' })
    const query = a.env.locks!.query()
    await browser.settle()
    expect(await query).toEqual({
      held: [{ name: 'x', mode: 'exclusive', clientId: a.id }],
      pending: [{ name: 'x', mode: 'shared', clientId: b.id }],
    })
  })

  it.each(['crash', 'close', 'navigate', 'reload'] as const)('are freed by %s, waiting ones too, and its promises never settle', async act => {
    const [browser, a, b, c] = three()
    const [dead, deadWaiter] = [lock(a, 'x'), lock(a, 'y')]
    const onWay = lock(b, 'y')
    await browser.settle()
    lock(a, 'z')
    const [waiter, watcher] = [lock(b, 'x', { mode: 'shared' }), lock(c, 'x', { mode: 'shared' })]
    const last = lock(a, 'y')
    await browser.settle()
    a[act]()
    await browser.settle()
    expect([waiter.state, watcher.state, onWay.state]).toEqual(['held', 'held', 'held'])
    dead.release()
    deadWaiter.release()
    await browser.settle()
    expect([dead.state, last.state]).toEqual(['held', 'waiting'])
    expect(a.leaks()).toEqual({ channels: 0, locks: 0, requests: 0, listeners: 0, timers: 0 })
  })

  it('never reach a page that crashed while its request or grant was under way', async () => {
    for (let step = 0; step < 4; step++) {
      const [browser, a, b] = three()
      const request = lock(a, 'x')
      for (let i = 0; i <= step; i++) browser.clock.after(0, () => i === step && a.crash())
      await browser.settle()
      const next = lock(b, 'x')
      await browser.settle()
      expect(next.state).toBe('held')
      expect(['waiting', 'held']).toContain(request.state)
    }
  })

  it('can be missing, denied, or without query', async () => {
    const browser = createTestBrowser({ locks: false })
    expect(browser.openTab().env.locks).toBeNull()
    const denied = browser.openTab({ locks: 'denied' }).env.locks!
    await expect(denied.request('x', {}, () => {})).rejects.toMatchObject({ name: 'SecurityError' })
    await expect(denied.query()).rejects.toMatchObject({ name: 'SecurityError' })
    const frame = browser.openTab({ locks: 'no-query' })
    await expect(frame.env.locks!.query()).rejects.toMatchObject({ name: 'SecurityError' })
    const held = lock(frame, 'x')
    await browser.settle()
    expect(held.state).toBe('held')
  })
})
