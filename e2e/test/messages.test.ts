import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { ask, data, Suite } from '../support/suite.ts'

const suite = new Suite()

test('fail their test when one of them complains', async () => {
  const page = await suite.blank()
  await page.evaluate(() => {
    console.error('on the console')
    void Promise.reject(new Error('as a rejection'))
  })
  await expect.poll(() => suite.tabs.complaints.length).toBe(2)
  await expect(suite.tabs.check()).rejects.toThrow(/on the console[^]*as a rejection/)
})

test('hear a broadcast in all tabs, or without echo in all others', async () => {
  const pages = (await suite.labs(2)) as [Page, Page]
  const [first, second] = pages
  await ask(pages, () => {
    lab.session.onBroadcast(message => lab.heard.push(message))
    return lab.session.ready
  })
  await first.evaluate(() => {
    lab.session.broadcast('for all')
    lab.session.broadcast('for others', { echo: false })
  })
  await expect.poll(() => second.evaluate(data)).toEqual(['for all', 'for others'])
  expect(await first.evaluate(data)).toEqual(['for all'])
})

test('hear a topic where they listen to it', async () => {
  const [first, second] = (await suite.labs(2, { listen: 'rooms/*' })) as [Page, Page]
  await first.evaluate(() => {
    lab.session.publish('rooms/1', 'for all')
    lab.session.publish('halls/1', 'for none')
    lab.session.publish('rooms/2', 'for others', { echo: false })
  })
  await expect.poll(() => second.evaluate(data)).toEqual(['for all', 'for others'])
  expect(await first.evaluate(data)).toEqual(['for all'])
})

test('reach one user in all of his tabs, and nobody else', async () => {
  const ada = await suite.lab({ user: 'ada', listen: 'letters' })
  const bob = await suite.lab({ user: 'bob', listen: 'letters' })
  const bobToo = await suite.lab({ user: 'bob', listen: 'letters' })
  const nobody = await suite.lab({ listen: 'letters' })
  const pages = [ada, bob, bobToo, nobody]
  await ada.evaluate(() => {
    lab.session.publish('letters', 'for Bob', { to: 'bob' })
    lab.session.publish('letters', 'for both', { to: ['ada', 'bob'] })
    lab.session.publish('letters', 'for all')
  })
  await expect.poll(() => ask(pages, () => lab.data.at(-1))).toEqual(pages.map(() => 'for all'))
  const [forAda, ...others] = await ask(pages, data)
  expect(forAda).toEqual(['for both', 'for all'])
  expect(others).toEqual([['for Bob', 'for both', 'for all'], ['for Bob', 'for both', 'for all'], ['for all']])
})

test('post nothing that nobody is interested in, and count listeners exactly', async () => {
  const pages = await suite.labs(3)
  const [first, second, third] = pages as [Page, Page, Page]
  const occupancy = (): Promise<number> => lab.hub.occupancy('rooms/1')
  const publish = (): number => {
    const before = lab.spy.posts.length
    lab.session.publish('rooms/1', 'hi')
    lab.session.publish('rooms/1', 'ada only', { to: 'ada' })
    return before
  }
  expect(await ask(pages, occupancy)).toEqual([0, 0, 0])
  const before = await first.evaluate(publish)
  expect(await first.evaluate(() => lab.spy.posts.length)).toBe(before)

  await second.evaluate(() => lab.listen('rooms/*'))
  await third.evaluate(() => lab.listen('rooms/1'))
  await first.evaluate(() => lab.listen('halls/*'))
  expect(await ask(pages, occupancy)).toEqual([2, 2, 2])
  const later = await first.evaluate(publish)
  await expect.poll(() => ask([second, third], data)).toEqual([['hi'], ['hi']])
  expect(await first.evaluate(() => lab.spy.posts.length)).toBe(later + 1)

  await second.evaluate(() => lab.session.unsubscribe('rooms/*'))
  await third.evaluate(() => lab.session.close())
  expect(await first.evaluate(occupancy)).toBe(0)
  const last = await first.evaluate(publish)
  expect(await first.evaluate(() => lab.spy.posts.length)).toBe(last)
})

test('post what is published in one turn at once', async () => {
  const [first, second] = (await suite.labs(2)) as [Page, Page]
  await second.evaluate(() => lab.listen('count'))
  const posts = await first.evaluate(async () => {
    await lab.session.ready
    const before = lab.spy.posts.length
    for (let n = 0; n < 100; n++) lab.session.publish('count', n)
    await Promise.resolve()
    return lab.spy.posts.length - before
  })
  expect(posts).toBe(1)
  await expect.poll(() => second.evaluate(data)).toEqual(Array.from({ length: 100 }, (_, n) => n))
})

test('carry bytes, dates, maps and everything else that can be cloned', async () => {
  const [first, second] = (await suite.labs(2, { listen: 'things' })) as [Page, Page]
  await first.evaluate(() => {
    const loop: { self?: unknown } = {}
    loop.self = loop
    const blob = new Blob(['text'])
    lab.session.publish('things', {
      bytes: new Uint8Array([0, 127, 255]),
      date: new Date(86_400_000),
      map: new Map<unknown, unknown>([['one', new Set([1])], [2, 2n]]),
      odd: [Number.NaN, -0, Infinity, undefined],
      pattern: /a+/gi,
      fault: new RangeError('far'),
      loop,
      blob,
    })
  })
  await expect.poll(() => second.evaluate(() => lab.heard.length)).toBe(1)
  const seen = await second.evaluate(async () => {
    const { bytes, date, map, odd, pattern, fault, loop, blob } = lab.data[0] as {
      bytes: Uint8Array
      date: Date
      map: Map<unknown, unknown>
      odd: unknown[]
      pattern: RegExp
      fault: Error
      loop: { self: unknown }
      blob: Blob
    }
    return {
      bytes: bytes instanceof Uint8Array && [...bytes],
      date: date instanceof Date && date.toISOString(),
      map: map instanceof Map && [map.get('one') instanceof Set && [...(map.get('one') as Set<number>)], String(map.get(2)), typeof map.get(2)],
      odd: [Number.isNaN(odd[0]), Object.is(odd[1], -0), odd[2] === Infinity, odd[3] === undefined && odd.length],
      pattern: pattern instanceof RegExp && String(pattern),
      fault: fault instanceof RangeError && fault.message,
      loop: loop.self === loop,
      blob: await blob.text(),
    }
  })
  expect(seen).toEqual({
    bytes: [0, 127, 255],
    date: '1970-01-02T00:00:00.000Z',
    map: [[1], '2', 'bigint'],
    odd: [true, true, true, 4],
    pattern: '/a+/gi',
    fault: 'far',
    loop: true,
    blob: 'text',
  })
})

test('throw at the publish what cannot be cloned, and go on', async () => {
  const [first, second] = (await suite.labs(2, { listen: 'things' })) as [Page, Page]
  const thrown = await first.evaluate(() => {
    const attempts = [() => 1, { deep: { inside: Symbol('s') } }, document.body]
    return attempts.map(attempt => {
      try {
        lab.session.publish('things', attempt)
        return undefined
      } catch (error) {
        const { code, details } = error as { code: string; details: object }
        return { code, details }
      }
    })
  })
  expect(thrown).toEqual([
    { code: 'not-serializable', details: expect.objectContaining({ topic: 'things' }) },
    { code: 'not-serializable', details: { topic: 'things', path: 'deep.inside' } },
    { code: 'not-serializable', details: expect.objectContaining({ topic: 'things' }) },
  ])
  await first.evaluate(() => void lab.session.publish('things', 'plain'))
  await expect.poll(() => second.evaluate(data)).toEqual(['plain'])
  expect(await first.evaluate(data)).toEqual(['plain'])
})

test('give a late tab the last messages and the shared value', async () => {
  const [first, second] = (await suite.labs(2, { listen: 'news' })) as [Page, Page]
  await first.evaluate(() => {
    for (let n = 1; n <= 5; n++) lab.session.publish('news', `first ${n}`)
  })
  await expect.poll(() => second.evaluate(() => lab.heard.length)).toBe(5)
  await second.evaluate(() => {
    lab.session.publish('news', 'second')
    const theme = lab.session.state('theme', 'light')
    theme.set('dark')
  })
  const late = await suite.lab()
  await late.evaluate(() => lab.listen('news', { replay: 3 }))
  expect(await late.evaluate(data)).toEqual(['first 4', 'first 5', 'second'])
  const theme = await late.evaluate(async () => {
    const state = lab.session.state('theme', 'light')
    await state.ready
    return state.get()
  })
  expect(theme).toBe('dark')
})

test('share a value both ways', async () => {
  const pages = (await suite.labs(2)) as [Page, Page]
  const [first, second] = pages
  await ask(pages, async () => {
    const state = lab.session.state('counter', 0)
    Object.assign(globalThis, { counter: state })
    await state.ready
  })
  const add = (): void => (globalThis as unknown as { counter: { set(change: (old: number) => number): void } }).counter.set(old => old + 1)
  const value = (): unknown => (globalThis as unknown as { counter: { get(): unknown } }).counter.get()
  for (const [index, page] of [first, second, first].entries()) {
    await page.evaluate(add)
    await expect.poll(() => ask(pages, value)).toEqual([index + 1, index + 1])
  }
})

test('leave no listener, lock or channel behind when the hub closes', async () => {
  const [stays, goes] = (await suite.labs(2, { listen: 'rooms/*', enter: 'here' })) as [Page, Page]
  const watcher = await suite.blank()
  const before = await goes.evaluate(() => ({ listeners: lab.spy.listeners.length, channels: lab.spy.channels.size }))
  expect(before).toEqual({ listeners: expect.toSatisfy((count: number) => count > 1), channels: 1 })
  await goes.evaluate(async () => {
    lab.lead()
    await lab.session.claim('once', () => {})
    await lab.hub.close()
    await lab.hub.close()
  })
  // The page's own one is left.
  expect(await goes.evaluate(() => lab.spy.listeners)).toEqual(['pageshow'])
  expect(await goes.evaluate(() => lab.spy.channels.size)).toBe(0)
  await expect.poll(() => stays.evaluate(() => lab.members.length)).toBe(1)
  await stays.evaluate(() => lab.hub.close())
  const held = (): Promise<unknown> => watcher.evaluate(async () => navigator.locks.query())
  await expect.poll(held).toEqual({ held: [], pending: [] })
})
