import type { ClientFrame } from '@earshot/core/protocol'
import { describe, expect, it } from 'vitest'
import { posts } from '../../../transport/src/shared/posts.ts'
import { CHANNEL_LATENCY, type Computer, NETWORK_LATENCY, startComputer } from './browser.ts'
import { Traffic } from './traffic.ts'

/** The connections that are begun from now on. */
function hellos({ network }: Computer): string[] {
  const devices: string[] = []
  network.filter({
    up(frame: ClientFrame, { name }) {
      if (frame.t === 'hello') devices.push(name)
      return frame
    },
  })
  return devices
}

describe('a leader that hangs', () => {
  it('loses the lead within five seconds to a tab that is looked at and says something, and nothing is lost', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4)
    await traffic.run(200)
    const former = computer.leader()
    computer.hang(former)
    await traffic.run(5100, 50)
    const next = computer.living().find(({ hub }) => hub.status.via === 'leader')
    expect(next).toBeDefined()
    await traffic.run(2000, 50)
    computer.thaw(former)
    await traffic.run(500)
    expect(computer.leader()).toBe(next)
    expect(former.hub.status).toEqual({ state: 'connected', via: 'follower' })
    await traffic.check()
    expect(computer.network.relay.readings.connections).toBe(2)
  })

  it('keeps the lead when it is back before anybody says anything, or wonders', async () => {
    const computer = startComputer()
    await computer.openAll(4)
    const former = computer.leader()
    computer.hang(former)
    await computer.advance(20_000)
    computer.thaw(former)
    await computer.advance(1000)
    expect(computer.leader()).toBe(former)
  })

  it('loses the lead within half a minute to a tab that is looked at and only listens', async () => {
    const computer = startComputer()
    await computer.openAll(1)
    await computer.openAll(3, { visible: false })
    const former = computer.leader()
    const [, listener] = computer.apps
    listener?.tab.show()
    await computer.advance(60_000)
    computer.hang(former)
    await computer.advance(28_100)
    expect(listener?.hub.status).toEqual({ state: 'connected', via: 'leader' })
    await computer.network.relay.publish('news', 'at last')
    await computer.advance(100)
    expect(computer.living().map(({ heard }) => heard)).toEqual(computer.living().map(() => ['at last']))
    computer.thaw(former)
    await computer.advance(500)
    expect(former.hub.status).toEqual({ state: 'connected', via: 'follower' })
    expect(former.heard).toEqual(['at last'])
  })

  it('loses the lead when it was connecting, even though nobody says anything', async () => {
    const computer = startComputer()
    await computer.openAll(3)
    const former = computer.leader()
    former.device.cut()
    await computer.advance(NETWORK_LATENCY + CHANNEL_LATENCY)
    computer.hang(former)
    await computer.advance(5500)
    expect(computer.living().map(({ hub }) => hub.status.via).sort()).toEqual(['follower', 'leader'])
    computer.thaw(former)
    await computer.advance(500)
    expect(former.hub.status).toEqual({ state: 'connected', via: 'follower' })
  })

  it('loses the lead when it was waiting to try again, even though nobody says anything', async () => {
    const computer = startComputer()
    await computer.openAll(3)
    const former = computer.leader()
    computer.network.relay.stop({ how: 'kill' })
    const { clock } = computer.network
    // The others ask it for a moment after each attempt.
    for (let second = 0; (former.hub.status.retryAt ?? 0) < clock.now() + 10_000 && second < 300; second++) await computer.advance(1000)
    await computer.advance(5000)
    expect(computer.living().map(({ hub }) => hub.status.state)).toEqual(['disconnected', 'disconnected', 'disconnected'])
    computer.hang(former)
    computer.network.relay.start()
    await computer.advance(5500)
    expect(computer.living().map(({ hub }) => [hub.status.state, hub.status.via]).sort()).toEqual([['connected', 'follower'], ['connected', 'leader']])
    computer.thaw(former)
    await computer.advance(500)
    expect(former.hub.status).toEqual({ state: 'connected', via: 'follower' })
  })

  it('keeps the lead while no tab is looked at, and loses it when one is', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(3, { visible: false })
    const former = computer.leader()
    computer.hang(former)
    await traffic.run(20_000, 500)
    expect(computer.living().map(({ hub }) => hub.status.via)).toEqual(['follower', 'follower'])
    computer.living()[0]?.tab.show()
    await traffic.run(5500, 100)
    expect(computer.leader()).not.toBe(former)
    computer.thaw(former)
    await traffic.check()
  })

  it('loses the lead within five seconds to a tab that is opened', async () => {
    const computer = startComputer()
    const [former] = await computer.openAll(1)
    if (!former) throw new Error('no tab')
    computer.hang(former)
    const late = computer.open()
    await computer.advance(5100)
    expect(late.hub.status).toEqual({ state: 'connected', via: 'leader' })
    computer.thaw(former)
    await computer.advance(500)
    expect(former.hub.status).toEqual({ state: 'connected', via: 'follower' })
  })

  it('loses the lead within five seconds to a tab that was opened in the background and is shown', async () => {
    const computer = startComputer()
    const [former] = await computer.openAll(1)
    if (!former) throw new Error('no tab')
    computer.hang(former)
    const late = computer.open({ visible: false })
    await computer.advance(6000)
    expect(late.hub.status.state).toBe('connecting')
    late.tab.show()
    await computer.advance(5100)
    expect(late.hub.status).toEqual({ state: 'connected', via: 'leader' })
    computer.thaw(former)
    await computer.advance(500)
    expect(former.hub.status).toEqual({ state: 'connected', via: 'follower' })
  })

  it('loses the lead to one tab in the end, when several take it in the same moment', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(6)
    const former = computer.leader()
    computer.hang(former)
    const begun = hellos(computer)
    for (const app of computer.followers()) traffic.say(app)
    await computer.advance(5500)
    expect(computer.living().map(({ hub }) => hub.status.via).sort()).toEqual(['follower', 'follower', 'follower', 'follower', 'leader'])
    // Whoever loses it at once does not get as far as a hello.
    expect(begun).toEqual([computer.living().find(({ hub }) => hub.status.via === 'leader')?.name])
    await traffic.run(300)
    computer.thaw(former)
    await traffic.run(300)
    await traffic.check()
    expect(computer.network.relay.readings.connections).toBe(2)
  })

  it('is not taken for hung when it answers slowly', async () => {
    const computer = startComputer({ browser: { latency: 1000 } })
    await computer.openAll(3)
    await computer.advance(10_000)
    const former = computer.leader()
    for (let n = 0; n < 20; n++) {
      void computer.followers()[0]?.session.publish('talk', n)
      await computer.advance(1700)
    }
    expect(computer.leader()).toBe(former)
  })

  it('is taken the lead from once in thirty seconds, whoever hangs', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(3)
    const begun = hellos(computer)
    const thief = computer.followers()[0]
    // What others say never arrives: everybody seems to hang.
    const stop = computer.browser.intercept(({ to }) => (to === thief?.tab.id ? 'drop' : 'deliver'))
    await traffic.run(29_000, 100)
    expect(begun.length).toBeLessThanOrEqual(2)
    stop()
    await traffic.run(35_000, 100)
    await traffic.check()
  })

  it('speaks for nobody when it goes on with what it had not sent yet', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(3)
    const former = computer.leader()
    // Its process runs, and the network brings nothing of it nor to it.
    former.device.hold()
    computer.browser.intercept(({ from, data }) => (from === former.tab.id && computer.network.clock.now() < 8000 && (data as { t: string }).t !== 'up' ? 'drop' : 'deliver'))
    await traffic.run(7500, 50)
    former.device.release()
    await traffic.run(2000, 50)
    await traffic.check()
    expect(computer.network.relay.readings.connections).toBe(2)
  })
})

describe('a tab that leads again', () => {
  it('names its connection otherwise than before', async () => {
    const computer = startComputer()
    let life = ''
    computer.browser.onPost(({ data }) => {
      const post = posts.read(data)
      if (post?.t === 'lead' && post.life !== '') life = post.life
    })
    const [first, second] = await computer.openAll(2)
    if (!first || !second) throw new Error('no tabs')
    expect(computer.leader()).toBe(first)
    const former = life
    computer.hang(first)
    void second.session.publish('talk', 1)
    await computer.advance(5500)
    expect(computer.leader()).toBe(second)
    computer.thaw(first)
    await computer.advance(500)
    computer.crash(second)
    await computer.advance(500)
    expect(computer.leader()).toBe(first)
    expect([former !== '', life !== '', life === former]).toEqual([true, true, false])
  })
})

describe('a tab that was granted the lead in its sleep', () => {
  it('loses it within two seconds to one that is looked at', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    const [first, second] = await computer.openAll(4)
    if (!first || !second) throw new Error('no tabs')
    expect(computer.leader()).toBe(first)
    await traffic.run(100)
    computer.hang(second)
    computer.crash(first)
    await traffic.run(2100, 50)
    expect(computer.leader()).not.toBe(second)
    computer.thaw(second)
    await traffic.run(500)
    expect(second.hub.status.via).toBe('follower')
    await traffic.check()
  })

  it('loses it also when all others were hidden then, as soon as one is looked at', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    const [first, second, third] = await computer.openAll(4, { visible: false })
    if (!first || !second || !third) throw new Error('no tabs')
    await traffic.run(100)
    computer.hang(second)
    computer.crash(first)
    await computer.advance(10_000)
    expect(third.hub.status.state).toBe('connecting')
    third.tab.show()
    await computer.advance(2500)
    expect(third.hub.status).toEqual({ state: 'connected', via: 'leader' })
    computer.thaw(second)
    await computer.advance(500)
    expect(second.hub.status.via).toBe('follower')
    await traffic.check()
  })
})
