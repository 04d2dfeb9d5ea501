import { describe, expect, it } from 'vitest'
import { createTestBrowser, type TestDelivery } from '../../src/testing/index.ts'
import { listen, lock } from './helpers.ts'

describe('BroadcastChannel', () => {
  it('reaches every other object of the name, in the same tab too, and never itself', async () => {
    const browser = createTestBrowser()
    const [a, b] = [browser.openTab(), browser.openTab()]
    const [sender, sibling, other, stranger] = [listen(a), listen(a), listen(b), listen(b, 'another')]
    sender.post('hi')
    expect(other.heard).toEqual([])
    await browser.settle()
    expect([sender.heard, sibling.heard, other.heard, stranger.heard]).toEqual([[], ['hi'], ['hi'], []])
  })

  it('clones at the post, and once for each receiver', async () => {
    const browser = createTestBrowser()
    const [a, b, c] = [browser.openTab(), browser.openTab(), browser.openTab()]
    const [sender, first, second] = [listen(a), listen(b), listen(c)]
    const data = { list: [1], when: new Date(5), map: new Map([[1, 2]]) }
    sender.post(data)
    data.list.push(2)
    await browser.settle()
    expect(first.heard).toEqual([{ list: [1], when: new Date(5), map: new Map([[1, 2]]) }])
    expect(first.heard[0]).not.toBe(second.heard[0])
  })

  it('throws a DataCloneError at the post', () => {
    const browser = createTestBrowser()
    const sender = listen(browser.openTab())
    for (const data of [() => {}, { deep: [Symbol('s')] }, Symbol('s')]) {
      expect(() => sender.post(data)).toThrow(expect.objectContaining({ name: 'DataCloneError' }))
    }
    expect(browser.posts).toBe(0)
  })

  it('delivers what was posted before close, and nothing to a closed object', async () => {
    const browser = createTestBrowser()
    const [a, b, c] = [browser.openTab(), browser.openTab(), browser.openTab()]
    const [sender, open, closed] = [listen(a), listen(b), listen(c)]
    sender.post('last')
    sender.close()
    closed.close()
    await browser.settle()
    expect([open.heard, closed.heard]).toEqual([['last'], []])
    expect(() => sender.post('more')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
  })

  it('keeps nothing for channels that open later', async () => {
    const browser = createTestBrowser()
    const [a, b] = [browser.openTab(), browser.openTab()]
    listen(a).post('early')
    const late = listen(b)
    await browser.settle()
    expect(late.heard).toEqual([])
  })

  it.each([{ reorderGrants: false }, { reorderGrants: true }])('is first in, first out from tab to tab whatever the latency: %o', async ({ reorderGrants }) => {
    for (let seed = 1; seed <= 20; seed++) {
      let random = seed
      const browser = createTestBrowser({ seed, reorderGrants, latency: () => (random = (random * 16_807) % 2_147_483_647) % 50 })
      const [a, b] = [browser.openTab(), browser.openTab()]
      const [one, two, receiver] = [listen(a), listen(a, 'two'), listen(b)]
      const other = listen(b, 'two')
      const order: unknown[] = []
      receiver.heard.push = other.heard.push = (...items: unknown[]) => order.push(...items)
      for (let i = 0; i < 30; i++) {
        ;(i % 3 === 0 ? two : one).post(i)
        await browser.advance(i % 4)
      }
      await browser.advance(100)
      expect(order).toEqual(Array.from({ length: 30 }, (_, i) => i))
    }
  })

  it('takes its latency', async () => {
    const browser = createTestBrowser({ latency: 5 })
    const [a, b] = [browser.openTab(), browser.openTab()]
    const receiver = listen(b)
    listen(a).post('hi')
    await browser.advance(4)
    expect(receiver.heard).toEqual([])
    await browser.advance(1)
    expect(receiver.heard).toEqual(['hi'])
  })

  it('mixes senders when it may, the same way at each run', async () => {
    const run = async (seed: number): Promise<unknown[]> => {
      const browser = createTestBrowser({ reorderGrants: true, seed })
      const [a, b, c] = [browser.openTab(), browser.openTab(), browser.openTab()]
      const [one, two, receiver] = [listen(a), listen(b), listen(c)]
      for (let i = 0; i < 10; i++) {
        one.post(`a${i}`)
        two.post(`b${i}`)
      }
      await browser.settle()
      return receiver.heard
    }
    expect(await run(3)).toEqual(await run(3))
    expect(await run(3)).not.toEqual(await run(4))
    expect(await run(3)).toHaveLength(20)
  })

  it('tells of posts, and lets a test drop or garble deliveries', async () => {
    const browser = createTestBrowser()
    const [a, b, c] = [browser.openTab(), browser.openTab(), browser.openTab()]
    const posted: unknown[] = []
    const asked: TestDelivery[] = []
    const stop = browser.onPost(post => posted.push(post))
    const restore = browser.intercept(delivery => {
      asked.push(delivery)
      return delivery.to === b.id ? 'drop' : 'messageerror'
    })
    const [sender, first, second] = [listen(a), listen(b), new c.env.BroadcastChannel!('room')]
    let errors = 0
    second.onmessage = () => expect.unreachable()
    second.onmessageerror = () => (errors += 1)
    sender.post('one')
    await browser.settle()
    expect([first.heard, errors, browser.posts]).toEqual([[], 1, 1])
    expect(posted).toEqual([{ from: 'tab-1', name: 'room', data: 'one' }])
    expect(asked).toEqual(['tab-2', 'tab-3'].map(to => ({ from: 'tab-1', to, name: 'room', data: 'one' })))
    stop()
    restore()
    sender.post('two')
    second.close()
    await browser.settle()
    expect(first.heard).toEqual(['two'])
    expect(posted).toHaveLength(1)
  })

  it('raises what a listener throws when the browser settles', async () => {
    const browser = createTestBrowser()
    const [a, b] = [browser.openTab(), browser.openTab()]
    new b.env.BroadcastChannel!('room').onmessage = () => {
      throw new Error('listener failed')
    }
    listen(a).post('hi')
    await expect(browser.settle()).rejects.toThrow('listener failed')
  })
})

describe('lock grants and messages', () => {
  /** How many of ten messages, posted before the release, the waiter had heard when it was granted the lock. */
  async function heardBeforeGrant(options: { latency?: number; reorderGrants?: boolean; seed?: number }): Promise<number> {
    const browser = createTestBrowser(options)
    const [a, b] = [browser.openTab(), browser.openTab()]
    const [sender, receiver] = [listen(a), listen(b)]
    const held = lock(a, 'leader')
    await browser.settle()
    let heard = -1
    void b.env.locks!.request('leader', {}, () => void (heard = receiver.heard.length))
    await browser.settle()
    for (let i = 0; i < 10; i++) sender.post(i)
    held.release()
    await browser.advance(100)
    expect(receiver.heard).toHaveLength(10)
    return heard
  }

  it('are in order by default', async () => {
    expect(await heardBeforeGrant({})).toBe(10)
    expect(await heardBeforeGrant({ latency: 20 })).toBe(10)
  })

  it('overtake one another when they may', async () => {
    for (const latency of [0, 20]) {
      const heard = await Promise.all(Array.from({ length: 20 }, (_, seed) => heardBeforeGrant({ latency, reorderGrants: true, seed })))
      expect(heard.some(count => count < 10)).toBe(true)
    }
  })
})
