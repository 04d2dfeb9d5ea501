import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HistoryRings, type Kept, lastOf, revive } from '../../src/mesh/history-rings.ts'
import { Interest } from '../../src/mesh/interest.ts'
import type { PeerSession } from '../../src/mesh/peer.ts'
import { ResendRing } from '../../src/mesh/resend-ring.ts'

const kept = (topic: string, clock: number, from = 'a'): Kept => ({ topic, clock, from, id: `${from}:${clock}`, userId: undefined, key: from, node: 'n', item: JSON.stringify(['p', 1, topic, clock, 0, clock, null, 0]) })
const clocks = (messages: readonly Kept[]): number[] => messages.map(({ clock }) => clock)
const session = (id: string, userId?: string): PeerSession => ({ id, userId, key: id, members: new Map() })

describe('the ring of what was said', () => {
  it('gives exactly what is kept, or the first number that is', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }), fc.nat(12), fc.nat(200), fc.nat(70), fc.nat(70), (sizes, count, size, from, to) => {
        const ring = new ResendRing(count, size)
        const items = sizes.map((length, index) => `${index}`.padEnd(length, '.'))
        let first = 1
        for (const [index, item] of items.entries()) {
          ring.push(item)
          const held = (): string[] => items.slice(first - 1, index + 1)
          while (held().length > count || held().join('').length > size) first++
        }
        const got = ring.get(from, to)
        if (from < first) expect(got).toBe(first)
        else expect(got).toEqual(items.slice(from - 1, Math.max(to, from - 1)))
      }),
    )
  })

  it('counts what travels as a clone as a kilobyte', () => {
    const ring = new ResendRing(100, 3000)
    for (let i = 0; i < 5; i++) ring.push(['p', i])
    expect(ring.get(1, 5)).toBe(4)
    expect(ring.get(4, 5)).toEqual([['p', 3], ['p', 4]])
  })
})

describe('the rings of topics', () => {
  it('keep the last messages of each topic, and the topics used last', () => {
    const rings = new HistoryRings(2, 2)
    for (const clock of [1, 2, 3]) rings.add(kept('a', clock))
    rings.add(kept('b', 4))
    rings.add(kept('a', 5))
    rings.add(kept('c', 6))
    expect(clocks(rings.find(['*'], 10, undefined, undefined))).toEqual([3, 5, 6])
    expect([rings.has('a:3', 'a'), rings.has('a:2', 'a'), rings.has('a:4', 'b')]).toEqual([true, false, false])
  })

  it('keep nothing where nothing is to be kept', () => {
    const rings = new HistoryRings(0, 10)
    rings.add(kept('a', 1))
    expect(rings.find(['**'], 10, undefined, undefined)).toEqual([])
    expect(rings.has('a:1', 'a')).toBe(false)
  })

  it('find by patterns and between places, in shown order', () => {
    const rings = new HistoryRings(10, 10)
    for (const message of [kept('x/1', 3), kept('x/2', 1), kept('y', 2), kept('x/1', 3, 'b'), kept('x/2', 5)]) rings.add(message)
    expect(clocks(rings.find(['x/*'], 10, undefined, undefined))).toEqual([1, 3, 3, 5])
    expect(clocks(rings.find(['x/*', 'y', 'x/1'], 2, undefined, undefined))).toEqual([3, 5])
    expect(clocks(rings.find(['**'], 10, { clock: 3, from: 'a' }, undefined))).toEqual([3, 5])
    expect(clocks(rings.find(['**'], 10, undefined, { clock: 3, from: 'a' }))).toEqual([1, 2])
    expect(rings.find(['**'], 0, undefined, undefined)).toEqual([])
  })

  it('forget topics that nobody wants', () => {
    const rings = new HistoryRings(10, 10)
    rings.add(kept('a', 1))
    rings.add(kept('b', 2))
    rings.tidy(topic => topic === 'b', new Set())
    expect(clocks(rings.find(['**'], 10, undefined, undefined))).toEqual([2])
  })

  it('keep the last message of a topic that nobody wants and whose value is known, and let nobody go on from it', () => {
    const rings = new HistoryRings(10, 10)
    for (const message of [kept('a', 1), kept('a', 3), kept('a', 2), kept('b', 4)]) rings.add(message)
    for (let again = 0; again < 2; again++) rings.tidy(() => false, new Set(['a']))
    expect(clocks(rings.find(['**'], 10, undefined, undefined))).toEqual([3])
    expect(rings.has('a:3', 'a')).toBe(false)
    rings.add(kept('a', 5))
    expect(rings.has('a:5', 'a')).toBe(true)
    rings.tidy(() => false, new Set())
    expect(rings.find(['**'], 10, undefined, undefined)).toEqual([])
  })

  it('give each message once', () => {
    expect(clocks(lastOf([kept('a', 2), kept('a', 1), kept('a', 2)], 10))).toEqual([1, 2])
  })

  it('revive a message with data of its own, and nothing from an item that makes no sense', () => {
    const map = new Map([['k', 1]])
    const [message] = revive({ ...kept('a', 1), item: ['p', 1, 'a', 1, 0, map, null, 0] })
    expect(message).toMatchObject({ topic: 'a', clock: 1, from: 'a', data: map })
    expect(message?.data).not.toBe(map)
    expect(revive({ ...kept('a', 1), item: '["b",1]' })).toEqual([])
  })
})

describe('interest', () => {
  it('knows who wants a topic, for whom, and until when', () => {
    const interest = new Interest()
    const [ada, bob] = [session('1', 'ada'), session('2')]
    interest.set(ada, 'a/*', true)
    interest.set(bob, 'a/b', true)
    expect([interest.wants('a/b', undefined), interest.wants('a/c', undefined), interest.wants('b', undefined)]).toEqual([true, true, false])
    expect([interest.wants('a/b', ['ada']), interest.wants('a/b', ['eve']), interest.wants('a/b', [])]).toEqual([true, false, false])
    expect([...interest.sessions('a/b')]).toEqual(expect.arrayContaining([ada, bob]))
    interest.set(ada, 'a/*', false)
    expect([interest.wants('a/b', undefined), interest.wants('a/c', undefined)]).toEqual([true, false])
    interest.drop(bob)
    expect(interest.wants('a/b', undefined)).toBe(false)
  })

  it('answers anew after each change, for more topics than it remembers', () => {
    const interest = new Interest()
    const ada = session('1')
    for (let i = 0; i < 5000; i++) expect(interest.wants(`t/${i}`, undefined)).toBe(false)
    interest.set(ada, 't/*', true)
    for (const i of [0, 4999]) expect(interest.wants(`t/${i}`, undefined)).toBe(true)
    expect(interest.patternsOf(ada)).toEqual(['t/*'])
  })

  it('takes an end of what never began', () => {
    const interest = new Interest()
    interest.set(session('1'), 'a', false)
    interest.drop(session('1'))
    expect(interest.wants('a', undefined)).toBe(false)
  })
})
