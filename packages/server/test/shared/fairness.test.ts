import { describe, expect, it } from 'vitest'
import { startComputer } from './browser.ts'
import { Traffic } from './traffic.ts'

describe('a tab that says too much through the socket of all', () => {
  it('is detached alone, comes back, and loses nothing that is kept', async () => {
    const computer = startComputer({ relay: { authenticate: (_, token) => ({ userId: token ?? null }), limits: { frames: { perSecond: 100, burst: 200 } } } })
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4)
    await traffic.run(300)
    const [greedy] = computer.followers()
    for (let n = 0; n < 1000; n++) {
      greedy?.session.presence('room').enter(n)
      if (n % 100 === 0 && greedy) traffic.say(greedy)
    }
    await traffic.run(200)
    expect(computer.network.relay.readings.connections).toBe(2)
    await computer.advance(10_000)
    await traffic.run(300)
    expect(new Set(greedy?.errors.splice(0))).toEqual(new Set(['rate-limited: The relay refused the session: too many frames']))
    await traffic.check()
    // The others did not even notice.
    expect(computer.apps.filter(app => app !== greedy).map(({ statuses }) => statuses.filter(({ state }) => state === 'connected').length)).toEqual([1, 1, 1])
    expect(greedy?.statuses.filter(({ state }) => state === 'connected')).toHaveLength(1)
  })

  it('in publishes is refused them alone', async () => {
    const computer = startComputer({ relay: { authenticate: (_, token) => ({ userId: token ?? null }), limits: { publishes: { perSecond: 20, burst: 50 } } } })
    const traffic = new Traffic(computer, computer.observer())
    const [greedy] = await computer.openAll(3)
    const refused: unknown[] = []
    for (let n = 0; n < 100; n++) greedy?.session.publish('flood', n).then(undefined, (error: unknown) => refused.push(error))
    for (let n = 0; n < 20; n++) for (const app of computer.apps.slice(1)) traffic.say(app)
    await computer.advance(1000)
    expect(refused).toHaveLength(50)
    expect(computer.apps[1]?.heard.length).toBe(50 + 40)
    expect(computer.network.relay.readings.connections).toBe(2)
  })

  it('in volatile messages, all at once, skips most of them, and stays', async () => {
    const computer = startComputer()
    const [, greedy] = await computer.openAll(3)
    for (let n = 0; n < 50_000; n++) void greedy?.session.publish('cursor', n, { volatile: true })
    await computer.advance(1000)
    expect(computer.apps.flatMap(({ errors }) => errors)).toEqual([])
    expect(computer.network.relay.readings.connections).toBe(1)
    const count = computer.apps[2]?.heard.length ?? 0
    expect(count).toBeGreaterThan(100)
    expect(count).toBeLessThan(2000)
  })

  it('has its sessions beyond the limit of the connection refused, and is told so', async () => {
    const computer = startComputer({ relay: { authenticate: (_, token) => ({ userId: token ?? null }), limits: { sessions: 3 } } })
    await computer.openAll(3)
    const late = computer.open()
    await computer.advance(100)
    expect(late.errors).toEqual(['rate-limited: The relay refused the session: a connection may have 3 sessions'])
    await expect(late.session.publish('talk', 1)).rejects.toMatchObject({ code: 'rate-limited', message: expect.stringContaining('a connection may have 3 sessions') })
    expect(computer.apps.slice(0, 3).flatMap(({ errors }) => errors)).toEqual([])
  })
})

describe('fifty tabs with two sessions each, and hubs that listen', () => {
  it('are all attached to one connection', async () => {
    const computer = startComputer()
    const apps = await computer.openAll(50)
    for (const { hub } of apps) {
      hub.openSession({ userId: 'ada' })
      hub.subscribe('news', () => {})
    }
    await computer.advance(1000)
    expect(computer.network.relay.readings).toMatchObject({ connections: 1, sessions: 150 })
    expect(apps.flatMap(({ errors }) => errors)).toEqual([])
  })
})
