import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/relay/limits.ts'
import { attach, entryOf, openPeer, recordOf } from './support.ts'

describe('what an attachment wants of the log', () => {
  it.each([
    ['few', 0],
    ['many', 10],
  ])('begins after the start of the pattern that brings it, the earliest of several, among %s others', (_, count) => {
    const others = Array.from({ length: count }, (__, number) => `other/${number}`)
    const attachment = attach(openPeer(), 0, recordOf('a'), others)
    attachment.grant('a/*', { patterns: ['a/*'], start: 10 })
    attachment.grant('**', { patterns: ['a/1', 'b'], start: 5 })
    const wanted = (topic: string): number[] => [5, 6, 10, 11].filter(offset => attachment.wants(entryOf(topic, offset)))
    expect([wanted('a/1'), wanted('a/2'), wanted('b'), wanted('c')]).toEqual([[6, 10, 11], [11], [6, 10, 11], []])
    attachment.revoke('**')
    expect([wanted('a/1'), wanted('b')]).toEqual([[11], []])
    attachment.grant('a/*', { patterns: ['a/2'], start: 0 })
    expect([wanted('a/1'), wanted('a/2')]).toEqual([[], [5, 6, 10, 11]])
    expect(['a/1', 'a/2', 'a/*', 'b'].map(pattern => attachment.isGranted(pattern))).toEqual([false, true, false, false])
    expect(others.filter(other => !attachment.isGranted(other) || wanted(other).length === 0)).toEqual([])
  })

  it('is found the same way when a pattern grants many others', () => {
    const rooms = Array.from({ length: 10 }, (_, number) => `room/${number}/*`)
    const attachment = attach(openPeer(), 0, recordOf('a'), ['a', '', '**'])
    attachment.revoke('**')
    attachment.grant('room/**', { patterns: rooms, start: 5 })
    const wanted = ['a', '', 'b', 'room/9/x', 'room/10/x', 'room/9'].filter(topic => attachment.wants(entryOf(topic, 6)))
    expect(wanted).toEqual(['a', '', 'room/9/x'])
    attachment.revoke('room/**')
    expect(['a', '', 'room/9/x'].filter(topic => attachment.wants(entryOf(topic, 6)))).toEqual(['a', ''])
  })

  it('is what it may hear', () => {
    const attachment = attach(openPeer(), 0, recordOf('ada1', 'ada'), ['t'])
    expect([{}, { to: ['ada'] }, { to: ['bob'] }, { except: 'ada1' }, { except: 'ada2' }].map(more => attachment.wants(entryOf('t', 1, more)))).toEqual([true, true, false, false, true])
  })
})

describe('the room of an attachment', () => {
  it.each([
    ['messages', { unread: 4 }, [1, 1, 1, 1]],
    ['messages of a page', { unread: 4 }, [4]],
    ['characters', { unreadSize: 400 }, [1, 1, 1, 1]],
  ])('ends with so many %s that were not reported as read', (_, bounds, counts) => {
    const attachment = attach(openPeer(), 0, recordOf('a'))
    const limits = { ...DEFAULT_LIMITS, ...bounds }
    for (const [index, count] of counts.entries()) {
      expect(attachment.hasRoom(limits)).toBe(true)
      attachment.put(index + 1, 100, count)
    }
    expect(attachment.hasRoom(limits)).toBe(false)
    attachment.read(0)
    expect(attachment.hasRoom(limits)).toBe(false)
    attachment.read(counts.length)
    expect(attachment.hasRoom(limits)).toBe(true)
  })

  it('ends with what the socket has not sent, whatever a client says that it has read', () => {
    const peer = openPeer()
    const attachment = attach(peer, 0, recordOf('a'))
    attachment.read(Number.MAX_SAFE_INTEGER)
    peer.buffered = DEFAULT_LIMITS.buffer
    expect(attachment.hasRoom(DEFAULT_LIMITS)).toBe(false)
    peer.buffered--
    expect(attachment.hasRoom(DEFAULT_LIMITS)).toBe(true)
  })
})
