import { testClock } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/relay/limits.ts'
import { Presences } from '../../src/relay/presences.ts'
import { attach, openPeer, recordOf } from './support.ts'

const SIZE = 20_000

describe('members of topics that are watched', () => {
  it('are told as far as the socket has room, and the others when it has again', () => {
    const peer = openPeer()
    const presences = new Presences(testClock())
    const topics = Array.from({ length: 100 }, (_, n) => `rooms/${n}`)
    const member = recordOf('ada')
    for (const topic of topics) presences.said(member, { t: 'presence', s: 0, topic, here: true, data: 'x'.repeat(SIZE), since: 1, clock: 1 }, SIZE)
    const watcher = attach(peer, 0, recordOf('bob'))
    for (const topic of topics) presences.watch(watcher, topic)
    const told: string[] = []
    for (let round = 0; round < topics.length && told.length < topics.length; round++) {
      expect(peer.connection.buffered).toBeLessThan(DEFAULT_LIMITS.buffer + SIZE + 200)
      for (const frame of peer.frames()) if (frame.t === 'roster') told.push(`${frame.topic} ${frame.members.length}`)
      peer.connection.drained()
      presences.refresh(watcher)
    }
    expect(told.sort()).toEqual(topics.map(topic => `${topic} 1`).sort())
  })

  it('are encoded once for all who watch, and told over several turns when the relay is no longer young', () => {
    const clock = testClock()
    const tasks: [delay: number, task: () => void][] = []
    const presences = new Presences({ now: () => 0, after: (delay, task) => (tasks.push([delay, task]), () => {}) })
    let reads = 0
    const data = (index: number): unknown => ({
      get name() {
        reads++
        return `${index}`.padEnd(100, 'x')
      },
    })
    for (let index = 0; index < 200; index++) presences.said(recordOf(`member${index}`), { t: 'presence', s: 0, topic: 'lobby', here: true, data: data(index), since: 1, clock: 1 }, 100)
    reads = 0
    const peers = Array.from({ length: 60 }, () => openPeer(clock))
    for (const [index, peer] of peers.entries()) presences.watch(attach(peer, index % 3, recordOf(`watcher${index}`)), 'lobby')
    // One look at what there is, one to write it down.
    expect(reads).toBe(400)
    expect(peers.map(peer => peer.frames().map(frame => frame.t === 'roster' && [frame.s, frame.members.length, frame.young]))).toEqual(peers.map((_, index) => [[index % 3, 200, true]]))
    presences.grown()
    const later = openPeer(clock)
    presences.watch(attach(later, 0, recordOf('later')), 'lobby')
    const told: unknown[] = []
    let turns = 0
    for (let said = 1; said > 0; turns++) {
      const frames = peers.flatMap(peer => peer.frames())
      said = frames.length
      expect(JSON.stringify(frames).length).toBeLessThan(262_144 + 40_000)
      told.push(...frames.map(frame => frame.t === 'roster' && [frame.members.length, frame.young]))
      for (const [delay, task] of tasks.splice(0)) {
        expect(delay).toBe(0)
        task()
      }
    }
    expect(turns).toBeGreaterThan(5)
    expect(told).toEqual(Array(60).fill([200, false]))
    expect(reads).toBe(400)
    // Who came later knows already.
    expect(later.frames().length).toBe(1)
    expect(tasks).toEqual([])
  })

  it('are told of a change that is encoded once, whoever hears it', () => {
    const presences = new Presences(testClock())
    const peers = Array.from({ length: 20 }, () => openPeer())
    for (const [index, peer] of peers.entries()) for (const s of index % 2 ? [0, 1] : [0]) presences.watch(attach(peer, s, recordOf(`${index}.${s}`)), 'a')
    for (const peer of peers) peer.frames()
    let reads = 0
    const data = {
      get name() {
        reads++
        return 'ada'
      },
    }
    const ada = recordOf('ada', 'user "ada"')
    presences.said(ada, { t: 'presence', s: 0, topic: 'a', here: true, data, since: 1, clock: 1 }, 10)
    expect(reads).toBe(2)
    presences.leave(ada, 'a')
    for (const [index, peer] of peers.entries()) {
      const s = index % 2 ? [0, 1] : [0]
      expect(peer.frames()).toEqual([
        { t: 'member', s, topic: 'a', m: ['ada', 'user "ada"', { name: 'ada' }, 1, expect.any(Number)] },
        { t: 'gone', s, topic: 'a', id: 'ada', clock: expect.any(Number) },
      ])
    }
  })
})
