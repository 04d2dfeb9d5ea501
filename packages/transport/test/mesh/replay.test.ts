import type { Message } from '@earshot/core'
import { seededRandom } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { type App, openApps, startApp } from '../support/tabs.ts'

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)

async function talk(count: number, options: Parameters<typeof openApps>[2] = {}): ReturnType<typeof openApps> {
  const { browser, apps } = await openApps(2, {}, options)
  for (const app of apps) app.listen('t')
  await browser.settle()
  for (const number of numbers(1, count)) {
    apps[0]?.session.publish('t', number)
    await browser.settle()
  }
  return { browser, apps }
}

describe('replay between tabs', () => {
  it('gives a tab that joins late the last n, oldest first, then what is live', async () => {
    const { browser, apps } = await talk(10)
    const late = startApp(browser.openTab())
    const { ready } = late.listen('t', { replay: 3 })
    await browser.advance(500)
    await ready
    apps[1]?.session.publish('t', 'live')
    await browser.settle()
    expect(late.data()).toEqual([8, 9, 10, 'live'])
    expect(new Set(late.heard.map(({ id }) => id)).size).toBe(4)
    expect(late.heard[0]).toMatchObject({ from: apps[0]?.session.id, userId: 'user0' })
  })

  it('loses and doubles nothing while others go on publishing, whoever hears whom first', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = seededRandom(seed)
      const { browser, apps } = await openApps(3, { latency: () => random() * 20, reorderGrants: true, seed })
      for (const app of apps) app.listen('t')
      await browser.advance(100)
      const late = startApp(browser.openTab())
      late.listen('t', { replay: 1000 })
      for (const number of numbers(1, 40)) {
        for (const { session } of apps) session.publish('t', number)
        await browser.advance(random() * 8)
      }
      await browser.advance(1000)
      for (const { session } of apps) expect(late.heard.filter(({ from }) => from === session.id).map(({ data }) => data)).toEqual(numbers(1, 40))
    }
  })

  it('pages back through the past with limit and before', async () => {
    const { browser, apps } = await talk(10)
    const late = startApp(browser.openTab())
    late.listen('other')
    await browser.advance(500)
    const page = async (limit: number, before?: Message): Promise<readonly Message[]> => {
      const past = late.session.history('t', { limit, ...(before && { before }) })
      await browser.advance(10)
      return past
    }
    const last = await page(4)
    const earlier = await page(4, last[0])
    const first = await page(4, earlier[0])
    expect([last, earlier, first].map(messages => messages.map(({ data }) => data))).toEqual([[7, 8, 9, 10], [3, 4, 5, 6], [1, 2]])
    expect((await page(0)).length).toBe(0)
    expect(apps[0]?.errors).toEqual([])
  })

  it('goes on after a message that is still kept, and says a gap after one that is not', async () => {
    const { browser, apps } = await talk(10, { history: { messages: 5 } })
    const [a] = apps as [App]
    const known = a.heard as [Message, ...Message[]]
    const heardSince = async (since: Message): Promise<[data: unknown[], gaps: number]> => {
      const late = startApp(browser.openTab())
      let gaps = 0
      late.listen('t', { since, onGap: () => gaps++ })
      await browser.advance(500)
      const result: [unknown[], number] = [late.data(), gaps]
      void late.hub.close()
      return result
    }
    expect(await heardSince(known[7] as Message)).toEqual([[9, 10], 0])
    expect(await heardSince(known[1] as Message)).toEqual([[6, 7, 8, 9, 10], 1])
  })

  it('keeps no more messages and topics than the options say', async () => {
    const { browser, apps } = await openApps(2, {}, { history: { messages: 2, topics: 3 } })
    const [a, b] = apps as [App, App]
    b.listen('*')
    await browser.settle()
    for (const number of numbers(1, 6)) for (let i = 0; i < 3; i++) a.session.publish(`t${number}`, `${number}.${i}`)
    await browser.settle()
    const past = b.session.history('*', { limit: 100 })
    await browser.advance(10)
    expect((await past).map(({ data }) => data)).toEqual(['4.1', '4.2', '5.1', '5.2', '6.1', '6.2'])
  })

  it('forgets a topic when nobody is interested any more', async () => {
    const { browser, apps } = await talk(3)
    for (const { session } of apps) session.unsubscribe('t')
    await browser.settle()
    const late = startApp(browser.openTab())
    late.listen('t', { replay: 10 })
    await browser.advance(500)
    expect(late.data()).toEqual([])
  })

  it('comes from siblings when the publisher is dead, and once although several have it', async () => {
    const { browser, apps } = await openApps(4)
    for (const app of apps) app.listen('t')
    await browser.settle()
    for (const number of numbers(1, 5)) apps[0]?.session.publish('t', number)
    await browser.settle()
    apps[0]?.tab.crash()
    const late = startApp(browser.openTab())
    late.listen('t', { replay: 10 })
    await browser.advance(1500)
    expect(late.data()).toEqual([1, 2, 3, 4, 5])
    expect(late.heard[0]?.from).toBe(apps[0]?.session.id)
  })

  it('never gives what was for some users only, or volatile', async () => {
    const { browser, apps } = await openApps(2)
    for (const app of apps) app.listen('t')
    await browser.settle()
    apps[0]?.session.publish('t', 'secret', { to: 'user1' })
    apps[0]?.session.publish('t', 'gone', { volatile: true })
    apps[0]?.session.publish('t', 'kept')
    await browser.settle()
    const late = startApp(browser.openTab(), { userId: 'user1' })
    late.listen('t', { replay: 10 })
    await browser.advance(500)
    expect(late.data()).toEqual(['kept'])
  })

  it('gives data of its own to each who asks', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    b.listen('t')
    await browser.settle()
    a.session.publish('t', new Map([['k', 1]]))
    await browser.settle()
    const [heard] = b.data() as [Map<string, number>]
    heard.set('k', 2)
    const past = b.session.history('t')
    await browser.advance(10)
    expect((await past).map(({ data }) => data)).toEqual([new Map([['k', 1]])])
  })
})
