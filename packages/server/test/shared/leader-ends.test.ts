import { describe, expect, it } from 'vitest'
import { CHANNEL_LATENCY, type Computer, NETWORK_LATENCY, startComputer, type TabApp } from './browser.ts'
import { Traffic } from './traffic.ts'

/** What becomes of a leader, and how it comes back if it does. */
const ENDS: [string, (computer: Computer, leader: TabApp, traffic: Traffic) => Promise<unknown> | void][] = [
  ['crashes', ({ crash }, leader) => crash(leader)],
  ['is closed', (_, { tab }) => tab.close()],
  ['is reloaded', ({ reload }, leader) => reload(leader)],
  ['goes to another page', (_, { tab }) => tab.navigate()],
  [
    'goes into the back/forward cache and comes back',
    async (_, { tab }, traffic) => {
      tab.bfcache()
      await traffic.run(200)
      expect(tab.back().restored).toBe(true)
    },
  ],
  [
    'is frozen and goes on',
    async (_, { tab }, traffic) => {
      tab.freeze()
      await traffic.run(200)
      tab.resume()
    },
  ],
  ['closes its hub', (_, { hub }) => hub.close()],
]

describe('when the tab with the socket goes, the others', () => {
  it.each(ENDS)('hear all once and in order when it %s', async (_, end) => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4)
    await traffic.run(300)
    const former = computer.leader()
    await end(computer, former, traffic)
    await traffic.run(500)
    expect(computer.leader()).not.toBe(former)
    await traffic.check()
    expect(computer.network.relay.readings.connections).toBe(2)
  })

  it.each(ENDS)('hear all once and in order when it %s, with grants that overtake posts', async (_, end) => {
    const computer = startComputer({ browser: { reorderGrants: true } })
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4)
    await traffic.run(300)
    await end(computer, computer.leader(), traffic)
    await traffic.run(500)
    await traffic.check()
  })

  it('hear all once and in order over twenty crashes in a row', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4)
    for (let crashes = 0; crashes < 20; crashes++) {
      computer.open()
      await traffic.run(150)
      computer.crash(computer.leader())
    }
    await traffic.run(300)
    await traffic.check()
    expect(computer.living()).toHaveLength(4)
  })

  it('hear all once and in order when one of them crashes after the other, within a moment', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(8)
    await traffic.run(100)
    for (const wait of [1, 3, 8, 14, 22, 30]) {
      const [app] = computer.living()
      if (app) computer.crash(app)
      await traffic.run(wait, 1)
    }
    await traffic.run(200)
    await traffic.check()
    expect(computer.living()).toHaveLength(2)
  })

  it.each([
    ['', true, false],
    [', also in hidden tabs whose timers are held back', false, 60_000],
  ] as const)('hear again within the time that a connection takes%s', async (_, visible, throttle) => {
    const computer = startComputer({ browser: { throttle } })
    await computer.openAll(10, { visible })
    const leader = computer.leader()
    const { network } = computer
    computer.crash(leader)
    const crashed = network.clock.now()
    await network.relay.publish('news', 'missed')
    const waits = new Map<string, number>()
    for (let ms = 0; ms < 200; ms++) {
      for (const { name, heard } of computer.living()) if (heard.length > 0 && !waits.has(name)) waits.set(name, network.clock.now() - crashed)
      await computer.advance(1)
    }
    expect(waits.size).toBe(9)
    // Opening, hello and attach are a round trip each; the word of the new leader, the attach and the message are a post each.
    expect(Math.max(...waits.values())).toBeLessThanOrEqual(6 * NETWORK_LATENCY + 4 * CHANNEL_LATENCY)
  })
})
