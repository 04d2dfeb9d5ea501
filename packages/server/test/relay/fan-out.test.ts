import { covers } from '@earshot/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Attachment } from '../../src/relay/attachment.ts'
import { FanOut } from '../../src/relay/fan-out.ts'
import { DEFAULT_LIMITS } from '../../src/relay/limits.ts'
import { attach, entryOf, openPeer, recordOf, type TestPeer } from './support.ts'

const limits = { ...DEFAULT_LIMITS, unread: 3 }

/** A live session that listens to these patterns. */
function listen(fanOut: FanOut, peer: TestPeer, s: number, patterns: readonly string[], id = `session${s}`, userId: string | null = null): Attachment {
  const attachment = attach(peer, s, recordOf(id, userId), patterns)
  fanOut.add(attachment, patterns)
  return attachment
}

/** Of each message heard its offset, and the sessions that it is for. */
const heard = (peer: TestPeer): unknown[] => peer.frames().map(frame => (frame.t === 'message' ? [frame.m[6], frame.s] : frame))

describe('a message', () => {
  it('is heard once by a session with several patterns that match', () => {
    const fanOut = new FanOut(DEFAULT_LIMITS)
    const peer = openPeer()
    listen(fanOut, peer, 0, ['rooms/1', 'rooms/*', '**', '*/1'])
    fanOut.appended(entryOf('rooms/1', 1))
    fanOut.passed(entryOf('rooms/1', 0))
    expect(heard(peer)).toEqual([[1, [0]], [0, [0]]])
    expect([fanOut.delivered, fanOut.count('rooms/1')]).toEqual([2, 1])
  })

  it('crosses a connection once for all of its sessions', () => {
    const fanOut = new FanOut(DEFAULT_LIMITS)
    const [one, other] = [openPeer(), openPeer()]
    for (const s of [0, 1, 2]) listen(fanOut, one, s, s === 1 ? ['rooms/1'] : ['rooms/*', 'rooms/1'])
    listen(fanOut, other, 7, ['**'])
    fanOut.appended(entryOf('rooms/1', 1))
    fanOut.appended(entryOf('rooms/2', 2))
    const frames = heard(one) as [number, number[]][]
    expect(frames.map(([offset, s]) => [offset, [...s].sort()])).toEqual([[1, [0, 1, 2]], [2, [0, 2]]])
    expect(heard(other)).toEqual([[1, [7]], [2, [7]]])
    expect(fanOut.delivered).toBe(7)
  })

  it('is not heard by who is not among its audience, nor by its publisher if that wants no echo', () => {
    const fanOut = new FanOut(DEFAULT_LIMITS)
    const peer = openPeer()
    listen(fanOut, peer, 0, ['t'], 'ada1', 'ada')
    listen(fanOut, peer, 1, ['t'], 'ada2', 'ada')
    listen(fanOut, peer, 2, ['t'], 'bob1', 'bob')
    listen(fanOut, peer, 3, ['t'], 'nobody1', null)
    for (const [index, more] of [{}, { to: ['ada'] }, { to: [] }, { to: ['null', ''] }, { except: 'ada1' }, { to: ['ada'], except: 'ada1' }].entries()) fanOut.appended(entryOf('t', index + 1, more))
    expect(heard(peer)).toEqual([[1, [0, 1, 2, 3]], [2, [0, 1]], [5, [1, 2, 3]], [6, [1]]])
  })

  it('is heard by other hubs when a hub without a session wants no echo', () => {
    const fanOut = new FanOut(DEFAULT_LIMITS)
    const [one, other] = [openPeer(), openPeer()]
    const [own, others] = [attach(one, 0, recordOf(''), ['t'], 'doc'), attach(other, 0, recordOf(''), ['t'], 'another')]
    for (const attachment of [own, others]) fanOut.add(attachment, ['t'])
    fanOut.appended(entryOf('t', 1, { except: own.voice }))
    expect([heard(one), heard(other)]).toEqual([[], [[1, [0]]]])
  })

  it('brings broadcasts to who asked for them, whatever wildcards others have', () => {
    const fanOut = new FanOut(DEFAULT_LIMITS)
    const peer = openPeer()
    listen(fanOut, peer, 0, ['**'])
    listen(fanOut, peer, 1, [''])
    fanOut.appended(entryOf('', 1))
    expect(heard(peer)).toEqual([[1, [1]]])
  })
})

describe('a session', () => {
  it('goes on hearing by one grant what another one no longer brings', () => {
    const fanOut = new FanOut(DEFAULT_LIMITS)
    const peer = openPeer()
    const attachment = attach(peer, 0, recordOf('a'))
    for (const [pattern, patterns] of [['**', ['a/*', 'b']], ['a/*', ['a/*']]] as const) {
      attachment.grant(pattern, { patterns, start: 0 })
      fanOut.add(attachment, patterns)
    }
    const revoke = (pattern: string): void => fanOut.remove(attachment, attachment.revoke(pattern)?.patterns ?? [])
    revoke('**')
    expect(['a/1', 'b'].map(topic => fanOut.count(topic))).toEqual([1, 0])
    revoke('**')
    revoke('a/*')
    expect(['a/1', 'b'].map(topic => fanOut.count(topic))).toEqual([0, 0])
  })

  it('without room is behind from there on, and nobody else is', () => {
    const fanOut = new FanOut(limits)
    const [slow, quick] = [openPeer(), openPeer()]
    const attachment = listen(fanOut, slow, 0, ['t'])
    const other = listen(fanOut, quick, 0, ['t'])
    for (let offset = 1; offset <= 5; offset++) {
      fanOut.appended(entryOf('t', offset))
      other.read(offset)
    }
    expect([attachment.state, attachment.sent, other.state, other.sent]).toEqual(['behind', 3, 'live', 5])
    // What was read makes room; but first comes what it has not heard.
    attachment.read(3)
    fanOut.appended(entryOf('t', 6))
    expect(attachment.state).toBe('behind')
    expect([heard(slow).length, heard(quick).length]).toEqual([3, 6])
  })

  it('is not sent what is volatile while it is behind, restored, caught up or without room', () => {
    const fanOut = new FanOut(limits)
    const peer = openPeer()
    const attachment = listen(fanOut, peer, 0, ['t'])
    for (const state of ['behind', 'restoring', 'paging'] as const) {
      attachment.state = state
      fanOut.passed(entryOf('t', 0))
      fanOut.appended(entryOf('t', 1))
    }
    attachment.state = 'live'
    peer.buffered = limits.buffer
    fanOut.passed(entryOf('t', 0))
    expect(heard(peer)).toEqual([])
    peer.buffered = limits.buffer - 1
    fanOut.passed(entryOf('t', 0))
    expect(heard(peer).length).toBe(1)
    expect(fanOut.skipped).toBe(4)
  })

  it('has no room when too much was said in this very turn', () => {
    const fanOut = new FanOut(DEFAULT_LIMITS)
    const peer = openPeer(undefined, 1000)
    const attachment = listen(fanOut, peer, 0, ['t'])
    for (let offset = 1; offset <= 4; offset++) fanOut.appended(entryOf('t', offset, { data: 'x'.repeat(400) }))
    expect([attachment.state, attachment.sent]).toEqual(['behind', 3])
    expect(heard(peer).length).toBe(3)
    expect(peer.connection.buffered).toBe(0)
  })
})

describe('who listens', () => {
  it('is who plain lists say', () => {
    const patterns = fc.constantFrom('a', 'a/1', 'a/*', 'a/**', '*/1', '**', '')
    const steps = fc.array(fc.tuple(fc.nat(3), patterns, fc.subarray(['a', 'a/1', 'a/*', 'a/2', '']), fc.boolean()), { maxLength: 40 })
    fc.assert(
      fc.property(steps, given => {
        const fanOut = new FanOut(DEFAULT_LIMITS)
        const peer = openPeer()
        const attachments = [0, 1, 2, 3].map(s => attach(peer, s, recordOf(`s${s}`)))
        const model = attachments.map(() => new Map<string, readonly string[]>())
        for (const [s, asked, granted, on] of given) {
          const attachment = attachments[s] as Attachment
          const before = attachment.grants.get(asked)?.patterns ?? []
          if (on) {
            attachment.grant(asked, { patterns: granted, start: 0 })
            fanOut.add(attachment, granted)
            model[s]?.set(asked, granted)
          } else {
            attachment.revoke(asked)
            model[s]?.delete(asked)
          }
          fanOut.remove(attachment, before)
        }
        for (const topic of ['a', 'a/1', 'a/2', 'b', '']) {
          const expected = model.filter(grants => [...grants.values()].flat().some(pattern => pattern === topic || covers(pattern, topic)))
          expect(fanOut.count(topic)).toBe(expected.length)
        }
      }),
      { numRuns: 300 },
    )
  })
})
