import { describe, expect, it } from 'vitest'
import { posts } from '../../../transport/src/shared/posts.ts'
import { startComputer } from './browser.ts'
import { Traffic } from './traffic.ts'

describe('a follower in a long task', () => {
  it('is sent no more than it may have unread, and hears all when it goes on', async () => {
    const computer = startComputer({ history: { messages: 10_000 } })
    const { network, browser } = computer
    const observer = computer.observer()
    await computer.openAll(3)
    const [slow, other] = computer.followers()
    if (!slow || !other) throw new Error('nobody follows')
    // The leader knows it by its node, which its posts name.
    let node = ''
    const items = new Map<string, number>()
    browser.onPost(({ from, data }) => {
      const post = posts.read(data)
      if (from === slow.tab.id && post) node = post.f
      if (post?.t === 'down') for (const [targets] of post.items) for (const [to] of targets) items.set(to, (items.get(to) ?? 0) + 1)
    })
    void slow.session.publish('talk', 'before')
    await computer.advance(100)
    items.clear()
    computer.hang(slow)
    for (let n = 0; n < 3000; n++) {
      void network.relay.publish('news', n)
      if (n % 50 === 0) await computer.advance(5)
    }
    await computer.advance(1000)
    expect(other.heard).toHaveLength(3001)
    expect(items.get(node)).toBeGreaterThan(100)
    expect(items.get(node)).toBeLessThan(700)
    computer.thaw(slow)
    await computer.advance(2000)
    expect(slow.heard).toEqual(observer.heard)
    expect([...slow.gaps, ...slow.errors]).toEqual([])
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
