import { seededRandom } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { type Computer, startComputer } from './browser.ts'
import { Traffic } from './traffic.ts'

const KINDS = ['hi', 'bye', 'up', 'down', 'lead', 'resign', 'heir']

const kindOf = (data: unknown): string => (data as { t: string }).t

/** Loses posts of these kinds now and then, until it is told to stop. */
function lose({ browser }: Computer, kinds: readonly string[], share: number): () => void {
  const random = seededRandom(7)
  return browser.intercept(({ data }) => (kinds.includes(kindOf(data)) && random() < share ? 'drop' : 'deliver'))
}

/** Keeps what a tab posted from arriving, and lets all of it arrive later. */
function delay({ browser }: Computer, tab: string, kinds: readonly string[]): () => void {
  const kept: { name: string; data: unknown }[] = []
  const stop = browser.intercept(({ from, name, data }) => {
    if (from !== tab || !kinds.includes(kindOf(data))) return 'deliver'
    kept.push({ name, data })
    return 'drop'
  })
  return () => {
    stop()
    const { BroadcastChannel } = browser.openTab().env
    if (!BroadcastChannel) throw new Error('no channels')
    for (const { name, data } of kept) {
      const channel = new BroadcastChannel(name)
      channel.postMessage(data)
      channel.close()
    }
  }
}

describe('tabs that share a socket and do not hear every post', () => {
  it.each(KINDS)('lose nothing in silence when a third of "%s" is lost', async kind => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4)
    const stop = lose(computer, [kind], 0.3)
    await traffic.run(1000, 25)
    computer.leader().tab.close()
    await traffic.run(1000, 25)
    computer.open()
    await traffic.run(2000, 50)
    stop()
    await traffic.run(8000, 100)
    await traffic.check()
  })

  it('ask once more who leads, when neither that nor the answer was heard and nobody looks at them', async () => {
    const computer = startComputer()
    await computer.openAll(1)
    const stop = lose(computer, ['lead'], 1)
    const hidden = computer.open({ visible: false })
    await computer.advance(10_000)
    expect(hidden.hub.status.state).toBe('connecting')
    stop()
    await computer.advance(40_000)
    expect(hidden.hub.status).toEqual({ state: 'connected', via: 'follower' })
    const before = computer.browser.posts
    await computer.advance(600_000)
    expect(computer.browser.posts).toBe(before)
  })

  it('lose nothing in silence when a tenth of all is lost, and leaders crash', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4)
    const stop = lose(computer, KINDS, 0.1)
    for (let crashes = 0; crashes < 4; crashes++) {
      await traffic.run(1500, 25)
      const leader = computer.living().find(({ hub }) => hub.status.via === 'leader')
      if (leader) computer.crash(leader)
      computer.open()
    }
    stop()
    await traffic.run(8000, 100)
    await traffic.check()
  })

  it('hear all when the leader dies between hearing and telling', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4)
    await traffic.run(200)
    const leader = computer.leader()
    computer.browser.intercept(({ from, data }) => (from === leader.tab.id && kindOf(data) === 'down' ? 'drop' : 'deliver'))
    await traffic.run(40, 2)
    computer.crash(leader)
    await traffic.run(300)
    await traffic.check()
  })

  it('hear all although the first answers to one that has joined are lost, and nothing else is said', async () => {
    const computer = startComputer()
    await computer.openAll(2)
    const stop = lose(computer, ['down'], 1)
    const late = computer.open()
    let offset: number | undefined
    void late.session.publish('talk', 'hello').then(receipt => (offset = receipt.offset))
    await computer.advance(500)
    stop()
    expect(late.hub.status.state).toBe('connected')
    await computer.advance(2500)
    expect([offset, ...late.heard]).toEqual([1, 'hello'])
  })

  it('say nothing twice when the leader dies between being told and sending', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4)
    await traffic.run(200)
    const leader = computer.leader()
    leader.device.hold('up')
    await traffic.run(40, 2)
    computer.crash(leader)
    await traffic.run(300)
    await traffic.check()
  })
})

describe('tabs that share a socket and hear posts of a former leader', () => {
  it.each([[['lead']], [['down']], [['resign', 'bye']], [['lead', 'down', 'resign', 'bye']]])('that are late, %j, lose nothing', async kinds => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4)
    const former = computer.leader()
    await traffic.run(200)
    const arrive = delay(computer, former.tab.id, kinds)
    // It tells others how it is.
    former.device.cut()
    await traffic.run(100)
    former.tab.close()
    await traffic.run(300)
    arrive()
    await traffic.run(1000, 25)
    await traffic.check()
    expect(computer.followers()).toHaveLength(2)
  })

  it.each([true, false])('that are late find the present one again and leave it the lead, with somebody who looks at them: %s', async visible => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4, { visible })
    const former = computer.leader()
    await traffic.run(200)
    const arrive = delay(computer, former.tab.id, ['lead', 'resign', 'bye'])
    former.device.cut()
    await traffic.run(100)
    former.tab.close()
    await traffic.run(300)
    const next = computer.leader()
    arrive()
    await traffic.run(100)
    expect(computer.followers().map(({ hub }) => hub.status.state)).toEqual(['connecting', 'connecting'])
    await traffic.run(3000, 25)
    await traffic.check()
    expect(computer.leader()).toBe(next)
  })

  it('that lives and was taken the lead from follow the new one', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4)
    const former = computer.leader()
    await traffic.run(200)
    const arrive = delay(computer, former.tab.id, ['lead', 'resign'])
    computer.hang(former)
    await traffic.run(5500, 50)
    computer.thaw(former)
    await traffic.run(500)
    arrive()
    await traffic.run(6000, 50)
    await traffic.check()
    expect(computer.followers()).toHaveLength(3)
  })
})

describe('a tab that comes in the middle of a hand-over', () => {
  it.each([0, 1, 2, 5, 10, 15, 20, 25, 30, 35])('hears all after %i ms', async wait => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(3)
    await traffic.run(100)
    computer.crash(computer.leader())
    await traffic.run(wait, 1)
    computer.open()
    await traffic.run(300)
    await traffic.check()
    expect(computer.followers()).toHaveLength(2)
  })
})
