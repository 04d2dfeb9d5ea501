import { createHub, isEarshotError, type Session } from '@earshot/core'
import { createTestBrowser, type TestBrowser, type TestTab } from '@earshot/core/testing'
import { createTestNetwork, type TestDevice, type TestNetwork } from '@earshot/server/testing'
import { sharedWebSocket, webSocket } from '@earshot/transport'
import { describe, expect, it } from 'vitest'

interface Page {
  readonly tab: TestTab
  readonly session: Session
  readonly device: TestDevice
  readonly errors: string[]
  /** Publishes; tells what became of it. */
  say(data: unknown): Promise<string>
}

interface Scene {
  readonly network: TestNetwork
  readonly browser: TestBrowser
  /** What others hear, and see of who is there. */
  readonly heard: unknown[]
  readonly seen: string[]
  open(tab?: TestTab): Page
}

async function scene(kind: 'webSocket' | 'sharedWebSocket'): Promise<Scene> {
  const network = createTestNetwork()
  const { url, clock } = network
  const browser = createTestBrowser({ clock })
  const observer = createHub({ transport: webSocket({ url, WebSocket: network.WebSocket, clock }), clock }).openSession()
  const heard: unknown[] = []
  const seen: string[] = []
  observer.subscribe('talk', ({ data }) => heard.push(data))
  observer.presence('room').subscribe(({ type, member }) => seen.push(`${type} ${String(member.data)}`))
  await network.advance(500)
  return {
    network,
    browser,
    heard,
    seen,
    open(tab = browser.openTab()) {
      const device = network.device()
      const { env } = tab
      const options = { url, WebSocket: device.WebSocket, ...env }
      const errors: string[] = []
      const transport = kind === 'webSocket' ? webSocket(options) : sharedWebSocket({ ...options, user: null })
      const session = createHub({ transport, clock: env.clock, random: env.random, onError: ({ code }) => errors.push(code) }).openSession()
      void session.ready
      const say = (data: unknown): Promise<string> =>
        Promise.resolve(session.publish('talk', data)).then(({ offset }) => `accepted at ${offset}`, (error: unknown) => (isEarshotError(error) ? error.code : String(error)))
      return { tab, session, device, errors, say }
    },
  }
}

/** The page that a tab shows next. */
function next({ open }: Scene, { tab }: Page): Page {
  tab.bfcache()
  return open(tab.next())
}

/** Back from one page to the one before. */
async function back({ network }: Scene, from: Page, to: Page): Promise<void> {
  from.tab.bfcache()
  expect(to.tab.back().restored).toBe(true)
  await network.advance(20_000)
}

describe.each(['webSocket', 'sharedWebSocket'] as const)('pages that a tab shows one after the other, over %s', kind => {
  it('are one session: what one could not send the next one sends, and the first does not send it again when it is back', async () => {
    const on = await scene(kind)
    const first = on.open()
    await on.network.advance(500)
    first.device.cut()
    first.device.hold()
    const outcome = first.say('once')
    await on.network.advance(100)
    const second = next(on, first)
    await on.network.advance(5000)
    expect(on.heard).toEqual(['once'])
    first.device.release()
    await back(on, second, first)
    expect([on.heard, await outcome, second.session.id]).toEqual([['once'], 'accepted at 1', first.session.id])
    expect(await Promise.all([first.say('again'), on.network.advance(1000)])).toEqual(['accepted at 2', undefined])
  })

  it('know what became of what was said in the moment of leaving', async () => {
    const on = await scene(kind)
    const first = on.open()
    await on.network.advance(500)
    const outcome = first.say('last word')
    const second = next(on, first)
    await on.network.advance(5000)
    await back(on, second, first)
    expect([on.heard, await outcome, first.errors]).toEqual([['last word'], 'accepted at 1', []])
  })

  it('are one member, however often one goes back and on, and each can say something new', async () => {
    const on = await scene(kind)
    const pages = [on.open()]
    await on.network.advance(500)
    pages[0]?.session.presence('room').enter('page 0')
    await on.network.advance(500)
    for (let number = 1; number < 4; number++) {
      const page = next(on, pages.at(-1) as Page)
      pages.push(page)
      page.session.presence('room').enter(`page ${number}`)
      await on.network.advance(1000)
    }
    const [first, , third, last] = pages as [Page, Page, Page, Page]
    await back(on, last, third)
    await back(on, third, first)
    first.session.presence('room').update('back')
    await on.network.advance(1000)
    expect(on.seen.filter(each => !each.startsWith('update'))).toEqual(['enter page 0'])
    expect(on.seen.at(-1)).toBe('update back')
  })

  it('send for one another what was left', async () => {
    const on = await scene(kind)
    const first = on.open()
    await on.network.advance(500)
    const second = next(on, first)
    await on.network.advance(500)
    second.device.cut()
    second.device.hold()
    void second.say('from the second')
    await on.network.advance(100)
    await back(on, second, first)
    expect([on.heard, first.errors]).toEqual([['from the second'], []])
  })

  it.each([false, true])('lose nothing of what either says while it is back and has no connection yet; it is reloaded: %s', async isReloaded => {
    const on = await scene(kind)
    const first = on.open()
    await on.network.advance(500)
    const second = next(on, first)
    await on.network.advance(500)
    for (const { device } of [first, second]) device.hold()
    second.device.cut()
    await on.network.advance(100)
    for (let n = 0; n < 100; n++) void second.say(`second ${n}`)
    await on.network.advance(100)
    second.tab.bfcache()
    first.tab.back()
    // At once: more than it has keys for.
    for (let n = 0; n < 100; n++) void first.say(`first ${n}`)
    await on.network.advance(3000)
    for (let n = 100; n < 110; n++) void first.say(`first ${n}`)
    await on.network.advance(100)
    const last = isReloaded ? on.open(first.tab.reload()) : first
    if (!isReloaded) first.device.release()
    await on.network.advance(30_000)
    const numbered = (page: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${page} ${n}`)
    const wanted = [...numbered('first', 110), ...numbered('second', 100)]
    expect([[...on.heard].sort(), last.errors]).toEqual([wanted.sort(), []])
  })

  it('say that they do not know what a copy of the tab has sent', async () => {
    const on = await scene(kind)
    const first = on.open()
    await on.network.advance(500)
    first.device.cut()
    first.device.hold()
    await on.network.advance(100)
    const outcome = first.say('once')
    await on.network.advance(100)
    first.tab.bfcache()
    await on.network.settle()
    const copy = on.open(first.tab.duplicate())
    await on.network.advance(5000)
    first.device.release()
    first.tab.back()
    await on.network.advance(20_000)
    expect([on.heard, await outcome, first.session.id === copy.session.id]).toEqual([['once'], 'outcome-unknown', false])
    expect(await Promise.all([first.say('again'), on.network.advance(1000)])).toEqual(['accepted at 2', undefined])
  })
})

describe.each(['webSocket', 'sharedWebSocket'] as const)('two hubs of a page, over %s', kind => {
  it('have a session each, and what each could not send, over a reload', async () => {
    const on = await scene(kind)
    const before = [on.open()]
    before.push(on.open(before[0]?.tab))
    await on.network.advance(500)
    for (const { device } of before) {
      device.cut()
      device.hold()
    }
    await on.network.advance(100)
    for (const [index, { say }] of before.entries()) void say(`from ${index}`)
    await on.network.advance(100)
    const tab = before[0]?.tab.reload()
    const after = [on.open(tab), on.open(tab)]
    await on.network.advance(20_000)
    expect(after.map(({ session }) => session.id)).toEqual(before.map(({ session }) => session.id))
    expect([[...on.heard].sort(), after.flatMap(({ errors }) => errors)]).toEqual([['from 0', 'from 1'], []])
  })

  it('do not run out of places, however many are closed', async () => {
    const on = await scene(kind)
    const tab = on.browser.openTab()
    for (let number = 0; number < 70; number++) {
      const { session, device, say } = on.open(tab)
      if (number % 2) device.hold()
      void say('unsent')
      await on.network.advance(10)
      await session.hub.close()
    }
    const last = on.open(tab)
    await on.network.advance(500)
    last.device.hold()
    await on.network.advance(100)
    void last.say('last')
    await on.network.advance(100)
    on.open(tab.reload())
    await on.network.advance(20_000)
    expect(on.heard.filter(each => each === 'last')).toHaveLength(1)
  })

  it('keep a session of the same name for one of them', async () => {
    const on = await scene(kind)
    const { tab } = on.open()
    const named = (): Session => {
      const { session } = on.open(tab)
      const kiosk = session.hub.openSession({ id: 'kiosk' })
      void kiosk.ready
      return kiosk
    }
    const [one, other] = [named(), named()]
    await on.network.advance(1000)
    expect([one.id, other.id === 'kiosk']).toEqual(['kiosk', false])
  })
})
