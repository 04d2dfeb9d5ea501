import { createHub, EarshotError, type Hub, type Session } from '@earshot/core'
import { createTestNetwork, type TestDevice, type TestNetwork, type TestRelayOptions } from '@earshot/server/testing'
import { webSocket } from '@earshot/transport'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Authorize, Decision } from '../src/index.ts'
import { startComputer } from './shared/browser.ts'
import { attacked } from './support/attacked.ts'
import { publishFrame } from './support/peer.ts'

/** Ways in which nothing is decided. */
const failures: [what: string, fail: Authorize][] = [
  ['throws', () => { throw new TypeError('no database') }],
  ['rejects', () => Promise.reject(new Error('no database'))],
  ['never answers', () => new Promise<Decision>(() => {})],
]

/** A hub on a machine of its own. */
interface Client {
  readonly device: TestDevice
  readonly hub: Hub
  readonly session: Session
  readonly heard: unknown[]
  readonly gaps: unknown[]
  readonly errors: string[]
}

/** Somebody who listens to `room`, over a relay whose `authorize` can fail. */
class Scene {
  /** `authorize` answers no more, or again. */
  isDown = false
  /** How often it was asked. */
  asked = 0
  readonly network: TestNetwork
  readonly ada: Client

  constructor(fail: Authorize, expires?: number) {
    const authorize: Authorize = request => {
      this.asked++
      return this.isDown ? fail(request) : true
    }
    const relay: TestRelayOptions = { onError() {}, authorize, ...(expires !== undefined && { authenticate: () => ({ userId: 'ada', expires: this.network.clock.now() + expires }) }) }
    this.network = createTestNetwork({ relay })
    this.ada = this.client('ada')
    this.ada.session.subscribe('room', ({ data }) => this.ada.heard.push(data))
  }

  client(name: string): Client {
    const { url, clock } = this.network
    const device = this.network.device(name)
    const client = { heard: [] as unknown[], gaps: [] as unknown[], errors: [] as string[] }
    const transport = webSocket({ url, WebSocket: device.WebSocket, clock, token: () => name })
    const hub = createHub({ transport, clock, onError: ({ code }) => client.errors.push(code) })
    onTestFinished(() => hub.close())
    hub.on('gap', gap => client.gaps.push(gap))
    return { ...client, device, hub, session: hub.openSession() }
  }

  async say(data: number): Promise<void> {
    await this.network.relay.publish('room', data)
    await this.network.advance(100)
  }
}

async function sceneOf(fail: Authorize, expires?: number): Promise<Scene> {
  const scene = new Scene(fail, expires)
  await scene.network.advance(100)
  await scene.say(1)
  expect(scene.ada.heard).toEqual([1])
  return scene
}

describe.each(failures)('an authorize that %s for a while', (_, fail) => {
  it('costs who comes back no subscription and no message', async () => {
    const on = await sceneOf(fail)
    on.isDown = true
    on.ada.device.cut()
    await on.network.advance(8000)
    expect(on.ada.hub.status.state).toBe('connected')
    on.isDown = false
    await on.say(2)
    await on.network.advance(1000)
    on.ada.device.cut()
    await on.network.advance(30_000)
    await on.say(3)
    await on.network.advance(120_000)
    expect([on.ada.heard, on.ada.gaps]).toEqual([[1, 2, 3], []])
    expect(new Set(on.ada.errors)).toEqual(new Set(['timeout']))
  })

  it('costs nobody anything whose token is renewed, and nothing is heard until it answers', async () => {
    const on = await sceneOf(fail, 20_000)
    on.isDown = true
    // By then it was asked, and waited for.
    await on.network.advance(25_000)
    await on.say(2)
    expect(on.ada.heard).toEqual([1])
    on.isDown = false
    await on.network.advance(10_000)
    await on.say(3)
    expect([on.ada.heard, on.ada.gaps, on.ada.hub.status.state]).toEqual([[1, 2, 3], [], 'connected'])
  })

  it('costs nobody a subscription that begins, nor another one', async () => {
    const on = await sceneOf(fail)
    on.isDown = true
    const late: unknown[] = []
    on.ada.session.subscribe('late', ({ data }) => late.push(data))
    await on.network.advance(7000)
    await on.say(2)
    on.isDown = false
    await on.network.advance(13_000)
    await on.network.relay.publish('late', 'heard')
    await on.say(3)
    expect([late, on.ada.heard, on.ada.gaps]).toEqual([['heard'], [1, 2, 3], []])
  })

  it('costs nobody the members it watches, and nobody who is one', async () => {
    const on = await sceneOf(fail)
    const bob = on.client('bob')
    bob.session.presence('room').enter('bob')
    const members = on.ada.session.presence('room')
    const events: string[] = []
    onTestFinished(members.subscribe(({ type, member }) => events.push(`${type} ${String(member.data)}`)))
    await on.network.advance(100)
    on.isDown = true
    for (const { device } of [on.ada, bob]) device.cut()
    await on.network.advance(60_000)
    const eve = on.client('eve')
    eve.session.presence('room').enter('eve')
    expect(on.network.relay.presence('room').map(({ data }) => data)).toEqual(['bob'])
    on.isDown = false
    await on.network.advance(13_000)
    bob.session.presence('room').update('bob again')
    await on.network.advance(100)
    expect(events).toEqual(['enter bob', 'enter eve', 'update bob again'])
  })

  it('is asked ever more rarely', async () => {
    const on = await sceneOf(fail)
    for (const topic of ['a', 'b', 'c']) on.ada.session.subscribe(topic, () => {})
    await on.network.advance(100)
    on.isDown = true
    on.ada.device.cut()
    await on.network.advance(60_000)
    on.asked = 0
    await on.network.advance(600_000)
    // Up to 8 s, 4 s in the mean, and one question each time.
    expect(on.asked).toBeGreaterThan(40)
    expect(on.asked).toBeLessThan(200)
    expect(on.network.relay.readings.postponed).toBeGreaterThan(on.asked)
  })
})

it.each(failures)('tabs that share a socket lose nothing to an authorize that %s for a while, and do not leave', async (_, fail) => {
  let isDown = false
  const computer = startComputer({ relay: { onError() {}, authorize: request => (isDown ? fail(request) : true) } })
  const tabs = await computer.openAll(4)
  const watcher = computer.observer()
  const events: string[] = []
  onTestFinished(watcher.session.presence('room').subscribe(({ type, member }) => events.push(`${type} ${String(member.data)}`)))
  for (const [index, { session }] of tabs.entries()) session.presence('room').enter(index)
  await computer.advance(1000)
  events.length = 0
  isDown = true
  computer.leader().device.cut()
  await computer.advance(20_000)
  void computer.network.relay.publish('talk', 'missed')
  isDown = false
  const late = tabs[0]?.session.publish('talk', 'said after it')
  await computer.advance(20_000)
  await late
  for (const { heard, gaps, hub } of tabs) expect([heard, gaps, hub.status.state]).toEqual([['missed', 'said after it'], [], 'connected'])
  expect([events, computer.network.relay.readings.connections]).toEqual([[], 2])
})

describe('a session whose rights nobody can tell', () => {
  it('is detached for a while, with all that it says behind it, and hears nothing', async () => {
    let isDown = false
    const { welcomed, relay, failures: reported } = await attacked({
      authorize: ({ topic }) => {
        if (isDown && topic !== 'a') throw new TypeError('secret sauce')
        return true
      },
    })
    const peer = await welcomed()
    const { record } = await peer.attach(0, { subs: [['a', null]] })
    await peer.attach(1, { subs: [['a', null]] })
    isDown = true
    peer.say({ t: 'subscribe', s: 0, pattern: 'b' }, publishFrame(0, 1, 'a', 'not looked at'), { t: 'subscribe', s: 0, pattern: 'c' })
    const detached = { t: 'detached', s: 0, code: 'timeout', reason: 'nobody could say what it may do: it will ask again by itself' }
    expect(await peer.next('detached')).toEqual({ ...detached, spread: 2000 })
    await relay.publish('a', 1)
    await peer.next('message')
    expect([peer.of('message').map(({ s }) => s), peer.of('ack'), peer.of('refused')]).toEqual([[[1]], [], []])
    // Later and later, whatever it asks for.
    const asked = [
      { t: 'watch', s: 0, topic: 'b', on: true },
      { t: 'presence', s: 0, topic: 'b', here: true, data: 1, since: 0, clock: 1 },
      { t: 'subscribe', s: 0, pattern: 'b' },
    ] as const
    for (const [index, frame] of asked.entries()) {
      await peer.attach(0, { record, attach: index + 2 })
      peer.say(frame)
      expect(await peer.next('detached')).toEqual({ ...detached, spread: [4000, 8000, 8000][index] })
    }
    expect([relay.stats.postponed, relay.stats.refused, reported.length, JSON.stringify(peer.heard).includes('secret')]).toEqual([4, 0, 4, false])
  })

  it('is refused what it says once, and stays', async () => {
    const { welcomed, failures: reported } = await attacked({ authorize: ({ topic }) => (topic === 'a' ? true : Promise.reject(new Error('secret sauce'))) })
    const peer = await welcomed()
    await peer.attach(0, { subs: [['a', null]] })
    peer.say(publishFrame(0, 1, 'b', 1), { t: 'history', s: 0, q: 1, patterns: ['b'], limit: 1 }, { t: 'occupancy', s: 0, q: 2, topic: 'b' }, publishFrame(0, 2, 'a', 1))
    await peer.next('ack')
    expect(peer.of('refused').map(({ what, code, reason }) => [what, code, reason])).toEqual(['publish', 'history', 'occupancy'].map(what => [what, 'timeout', 'the relay could not decide']))
    expect(reported.length).toBe(3)
  })

  it('is refused what authorize refuses by name', async () => {
    const { welcomed, failures: reported } = await attacked({
      authorize: () => {
        throw new EarshotError('forbidden', 'not you')
      },
    })
    const peer = await welcomed()
    await peer.attach(0, { subs: [['a', null]] })
    expect(await peer.next('refused')).toMatchObject({ what: 'subscribe', topic: 'a', code: 'forbidden', reason: 'not you' })
    expect([peer.of('detached'), reported]).toEqual([[], []])
  })
})
