import { describe, expect, it } from 'vitest'
import { startComputer } from './browser.ts'
import { Traffic } from './traffic.ts'

describe('a follower in a long task', () => {
  it.each(['kept', 'volatile', 'presence'])('is posted no more than it may have unread of %s traffic, and hears all that is kept when it goes on', async kind => {
    const computer = startComputer({ history: { messages: 10_000 } })
    const { network, browser } = computer
    const observer = computer.observer()
    await computer.openAll(4)
    const [slow, other] = computer.followers()
    if (!slow || !other) throw new Error('nobody follows')
    slow.session.presence('room').subscribe(() => {})
    slow.session.presence('hall').enter()
    void slow.session.publish('talk', 'before')
    const entry = observer.session.presence('room')
    entry.enter(-1)
    await computer.advance(100)
    let posts = 0
    browser.intercept(({ to }) => {
      if (to === slow.tab.id) posts++
      return 'deliver'
    })
    computer.hang(slow)
    for (let n = 0; n < 3000; n++) {
      if (kind === 'presence') entry.update(n)
      else void network.relay.publish('news', n, { volatile: kind === 'volatile' })
      await computer.advance(5)
    }
    await computer.advance(1000)
    expect(other.heard).toHaveLength(kind === 'presence' ? 1 : 3001)
    expect(posts).toBeGreaterThan(100)
    expect(posts).toBeLessThan(1000)
    // It is late, not gone.
    expect(network.relay.presence('hall')).toHaveLength(1)
    computer.thaw(slow)
    await computer.advance(2000)
    if (kind === 'kept') expect(slow.heard).toEqual(observer.heard)
    // It is told again what goes on.
    void network.relay.publish('news', 'last', { volatile: true })
    entry.update('last')
    await computer.advance(1000)
    expect(slow.heard.at(-1)).toBe('last')
    expect(slow.session.presence('room').members.map(({ data }) => data)).toContain('last')
    expect([...slow.gaps, ...slow.errors]).toEqual([])
  })

  it('begins anew but once when what it is told at the beginning is more than it may have unread', async () => {
    const large = 'x'.repeat(5_000_000)
    const computer = startComputer({
      browser: { latency: 20 },
      relay: { authenticate: (_, token) => ({ userId: token ?? null }), limits: { frame: 10_000_000, presenceSize: 10_000_000, waitingSize: 10_000_000 } },
    })
    const { network } = computer
    const observer = computer.observer()
    await computer.openAll(3)
    observer.session.presence('room').enter(large)
    await computer.advance(200)
    let rosters = 0
    network.filter({
      down(frame) {
        if (frame.t === 'roster') rosters++
        return frame
      },
    })
    const [slow] = computer.followers()
    if (!slow) throw new Error('nobody follows')
    slow.session.presence('room').subscribe(() => {})
    for (let n = 0; n < 500; n++) {
      void network.relay.publish('news', n)
      await computer.advance(2)
    }
    await computer.advance(500)
    expect(rosters).toBe(2)
    expect(slow.session.presence('room').members.map(({ data }) => data === large)).toEqual([true])
    expect(slow.heard).toEqual(observer.heard)
    expect(slow.heard).toHaveLength(500)
  })

  it('keeps no traffic of others: what is for one tab reaches that one only', async () => {
    const computer = startComputer()
    const [first, second, third] = await computer.openAll(3)
    if (!first || !second || !third) throw new Error('three tabs were opened')
    const heard = new Map<string, number>()
    computer.browser.intercept(({ to }) => {
      heard.set(to, (heard.get(to) ?? 0) + 1)
      return 'deliver'
    })
    for (let n = 0; n < 50; n++) {
      void second.session.history('talk')
      await computer.advance(20)
    }
    expect(heard.get(second.tab.id)).toBeGreaterThanOrEqual(50)
    expect(heard.get(third.tab.id) ?? 0).toBe(0)
  })

  it('keeps nobody else from hearing, and is not taken for crashed', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(3)
    const [slow] = computer.followers()
    if (!slow) throw new Error('nobody follows')
    slow.session.presence('room').enter()
    await computer.advance(100)
    computer.hang(slow)
    await traffic.run(15_000, 100)
    expect(computer.network.relay.presence('room')).toHaveLength(1)
    computer.thaw(slow)
    await traffic.check()
  })
})

describe('what a follower says last', () => {
  it.each(['closes its hub', 'is closed', 'goes into the back/forward cache', 'is frozen'])('is heard when it %s in the same moment', async how => {
    const computer = startComputer()
    const observer = computer.observer()
    await computer.openAll(3)
    const [last] = computer.followers()
    if (!last) throw new Error('nobody follows')
    void last.session.publish('talk', 'the last word')
    if (how === 'closes its hub') void last.hub.close()
    else if (how === 'is closed') last.tab.close()
    else if (how === 'is frozen') last.tab.freeze()
    else last.tab.bfcache()
    await computer.advance(100)
    expect(observer.heard).toEqual(['the last word'])
    expect(computer.living()[0]?.heard).toEqual(['the last word'])
  })

  it.each(['closes its hub', 'is closed'])('is heard when the leader %s in the same moment', async how => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(3)
    for (const app of computer.followers()) traffic.say(app)
    const leader = computer.leader()
    traffic.say(leader)
    if (how === 'is closed') leader.tab.close()
    else void leader.hub.close()
    for (const app of computer.followers()) traffic.say(app)
    await traffic.check()
    expect(computer.followers()[0]?.heard).toHaveLength(traffic.said)
  })
})
