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
})
