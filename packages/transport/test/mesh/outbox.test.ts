import { createTestBrowser } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { type App, openApps, startApp } from '../support/tabs.ts'

describe('what is published before a tab has joined', () => {
  it('is heard by the others afterwards, in order, and its receipts resolve then', async () => {
    const { browser, apps } = await openApps(1, { latency: 20 })
    const [a] = apps as [App]
    a.listen('**')
    await browser.advance(50)
    const late = startApp(browser.openTab())
    const accepted: number[] = []
    for (let i = 0; i < 50; i++) void late.session.publish(i % 2 ? 'odd' : 'even', i).then(() => accepted.push(i))
    await Promise.resolve()
    expect(accepted).toEqual([])
    await browser.advance(1000)
    const numbers = Array.from({ length: 50 }, (_, i) => i)
    expect(a.data()).toEqual(numbers)
    expect(accepted).toEqual(numbers)
    expect(a.heard[0]?.from).toBe(late.session.id)
  })

  it('comes from the id that the tab ends up with', async () => {
    const { browser, apps } = await openApps(1)
    const [a] = apps as [App]
    a.listen('t')
    const twin = startApp(a.tab.duplicate(), { userId: 'user0' })
    void twin.session.publish('t', 'hello')
    await browser.advance(500)
    expect(a.heard).toMatchObject([{ from: twin.session.id, data: 'hello' }])
    expect(twin.session.id).not.toBe(a.session.id)
  })

  it('is refused when too much waits: the receipt rejects, and nobody hears it', async () => {
    const { browser, apps } = await openApps(1)
    const [a] = apps as [App]
    a.listen('t')
    const late = startApp(browser.openTab(), { outbox: 2 })
    late.listen('t')
    const outcomes: unknown[] = []
    for (let i = 0; i < 4; i++) late.session.publish('t', i).then(() => outcomes.push('ok'), ({ code }: { code: string }) => outcomes.push(code))
    await browser.advance(500)
    expect(outcomes.sort()).toEqual(['ok', 'ok', 'outbox-full', 'outbox-full'])
    expect(a.data()).toEqual([0, 1])
    expect(late.errors).toEqual([])
  })

  it('tells the hub of a refusal that nobody waits for', async () => {
    const late = startApp(createTestBrowser().openTab(), { outbox: 0 })
    late.session.publish('t', 1)
    for (let i = 0; i < 10; i++) await Promise.resolve()
    expect(late.errors).toMatchObject([{ code: 'outbox-full' }])
  })

  it('waits for nothing when the hub is closed: receipts settle', async () => {
    const browser = createTestBrowser()
    const app = startApp(browser.openTab())
    let settled = false
    void app.session.publish('t', 1).then(() => (settled = true), () => (settled = true))
    void app.hub.close()
    await browser.advance(1000)
    expect(settled).toBe(true)
    expect(browser.leaks()).toMatchObject({ channels: 0, locks: 0, requests: 0, listeners: 0, timers: 0 })
  })

  it('leaves at once where there is no BroadcastChannel: the page itself hears it', async () => {
    const browser = createTestBrowser()
    const app = startApp(browser.openTab(), { BroadcastChannel: null })
    app.listen('t')
    const receipt = app.session.publish('t', 1)
    await expect(receipt).resolves.toMatchObject({ id: expect.any(String) as string })
    expect(app.data()).toEqual([1])
    expect(app.hub.status).toMatchObject({ state: 'disconnected', cause: { code: 'unsupported' } })
  })
})
