import { createHub, type Hub, type HubStatus } from '@earshot/core'
import { createTestBrowser, type Engine, seededRandom, type TestTab } from '@earshot/core/testing'
import { createTestNetwork, type TestDevice, type TestNetwork } from '@earshot/server/testing'
import { webSocket } from '@earshot/transport'
import { describe, expect, it, onTestFinished } from 'vitest'

interface Scene {
  readonly network: TestNetwork
  readonly tab: TestTab
  readonly device: TestDevice
  readonly hub: Hub
  /** When it tried to connect, in milliseconds. */
  readonly attempts: number[]
  /** How long it meant to wait, by the number of the attempt that had failed. */
  readonly waits: [attempt: number, wait: number][]
}

/** A page that is connected. */
async function scene(random = seededRandom(1), engine: Engine = 'chromium'): Promise<Scene> {
  const network = createTestNetwork()
  const { url, clock } = network
  const tab = createTestBrowser({ clock, engine }).openTab()
  const device = network.device()
  const { page, locks } = tab.env
  const hub = createHub({ transport: webSocket({ url, WebSocket: device.WebSocket, page, locks, clock: tab.env.clock, random }), clock: tab.env.clock })
  onTestFinished(() => hub.close())
  hub.openSession().subscribe('a', () => {})
  await network.advance(10_000)
  expect(hub.status.state).toBe('connected')
  const attempts: number[] = []
  const waits: [number, number][] = []
  hub.on('status', ({ state, attempt = -1, retryAt }: HubStatus) => {
    if (state === 'connecting') attempts.push(clock.now())
    if (retryAt !== undefined) waits.push([attempt, retryAt - clock.now()])
  })
  return { network, tab, device, hub, attempts, waits }
}

/** The relay is gone, and the next attempt is far away. */
async function farAway(engine?: Engine): Promise<Scene> {
  const on = await scene(() => 0.99, engine)
  on.network.relay.stop({ how: 'kill' })
  await on.network.advance(35_000)
  const { retryAt = 0 } = on.hub.status
  expect(retryAt - on.network.clock.now()).toBeGreaterThan(10_000)
  on.network.relay.start()
  on.attempts.length = 0
  return on
}

describe('a client that lost its connection', () => {
  it('tries again at once', async () => {
    const { network, device, hub, attempts } = await scene()
    device.cut()
    await network.settle()
    expect([attempts, hub.status.state]).toEqual([[network.clock.now()], 'connected'])
  })

  it('waits for longer and longer, but for no longer than 20 s, as long as nobody answers', async () => {
    const { network, attempts, waits } = await scene()
    network.relay.stop({ how: 'kill' })
    await network.advance(600_000)
    expect(waits.map(([attempt]) => attempt)).toEqual(waits.map((_, index) => index))
    for (const [attempt, wait] of waits) expect(wait).toBeLessThanOrEqual(attempt === 0 ? 0 : Math.min(20_000, 500 * 2 ** attempt))
    expect(attempts.length).toBeGreaterThan(30)
    expect(Math.max(...waits.map(([, wait]) => wait))).toBeGreaterThan(15_000)
    // Anything from nothing on: clients of one relay must not come back together.
    expect(Math.min(...waits.slice(6).map(([, wait]) => wait))).toBeLessThan(5000)
  })

  it('goes on counting when the next one does not hold for five seconds', async () => {
    const { network, device, hub, waits } = await scene()
    for (let round = 0; round < 4; round++) {
      device.cut()
      await network.settle()
      while (hub.status.state !== 'connected') await network.advance(100)
      await network.advance(4800)
    }
    expect(waits.map(([attempt]) => attempt)).toEqual([0, 1, 2, 3])
    await network.advance(300)
    device.cut()
    await network.advance(10)
    expect([waits.at(-1), hub.status.state]).toEqual([[0, 0], 'connected'])
  })
})

describe('a page that waits to try again', () => {
  it.each<[what: string, act: (tab: TestTab) => void, before?: (tab: TestTab) => void, engine?: Engine]>([
    ['its machine is online', tab => tab.online()],
    ['it is looked at', tab => tab.show(), tab => tab.hide()],
    ['it is back from the cache', tab => tab.back(), tab => tab.bfcache()],
    ['it is back from the cache of a browser that says less', tab => tab.back(), tab => tab.bfcache(), 'webkit'],
    ['it is thawed', tab => tab.resume(), tab => tab.freeze()],
  ])('does so in the same moment when %s', async (_, act, before, engine) => {
    const { network, tab, hub, attempts } = await farAway(engine)
    before?.(tab)
    await network.advance(1000)
    expect(attempts).toEqual([])
    act(tab)
    await network.settle()
    expect([attempts, hub.status.state]).toEqual([[network.clock.now()], 'connected'])
    await network.advance(60_000)
    expect(attempts).toHaveLength(1)
  })

  it('goes on waiting when it is hidden', async () => {
    const { network, tab, attempts } = await farAway()
    tab.hide()
    await network.advance(1000)
    expect(attempts).toEqual([])
  })

  it('tries no more often when nobody looks at it', async () => {
    const counts = []
    for (const isHidden of [false, true]) {
      const { network, tab, attempts } = await scene()
      network.relay.stop({ how: 'kill' })
      if (isHidden) tab.hide()
      await network.advance(600_000)
      counts.push(attempts.length)
    }
    const [seen = 0, hidden = Infinity] = counts
    expect(seen).toBeGreaterThan(30)
    expect(hidden).toBeLessThanOrEqual(seen)
  })

  it('does not try while it is in the cache', async () => {
    const { network, tab, attempts } = await farAway()
    tab.bfcache()
    await network.advance(600_000)
    expect(attempts).toEqual([])
  })
})

describe('a page that is connected', () => {
  it.each<[what: string, act: (tab: TestTab) => void]>([
    ['online', tab => tab.online()],
    ['hidden and shown', tab => (tab.hide(), tab.show())],
  ])('is left alone by being %s', async (_, act) => {
    const { network, tab, hub, attempts } = await scene()
    act(tab)
    await network.advance(60_000)
    expect([attempts, hub.status.state]).toEqual([[], 'connected'])
  })
})
