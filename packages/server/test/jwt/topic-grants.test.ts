import { covers } from '@earshot/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { meet } from '../../src/jwt/meet.ts'
import { TopicGrants } from '../../src/jwt/topic-grants.ts'

const level = fc.constantFrom('a', 'b', '$c')
const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map(levels => levels.join('/'))
const patterns = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('*')), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([levels, open]) => [...levels, ...(open ? ['**'] : [])].join('/'))

describe('what two patterns have in common', () => {
  it('matches exactly what both match', () => {
    fc.assert(
      fc.property(patterns, patterns, topics, (one, other, topic) => {
        const met = meet(one, other)
        expect(met !== undefined && covers(met, topic)).toBe(covers(one, topic) && covers(other, topic))
      }),
      { numRuns: 5000 },
    )
  })

  it.each([
    ['rooms/*/chat', 'rooms/42/*', 'rooms/42/chat'],
    ['**', 'rooms/*', 'rooms/*'],
    ['rooms/**', 'rooms/*/chat/**', 'rooms/*/chat/**'],
    ['rooms/**', 'rooms', undefined],
    ['**', '$hub/status', undefined],
    ['a', 'b', undefined],
  ])('of %s and %s it is %s', (one, other, expected) => {
    expect([meet(one, other), meet(other, one)]).toEqual([expected, expected])
  })
})

describe('grants', () => {
  const all = TopicGrants.read(['rooms/*', 'rooms/42/**', ''])
  const some = TopicGrants.read({ subscribe: ['rooms/*', 'news'], publish: ['rooms/42'] })

  it.each([
    [all, 'publish', 'rooms/7', true],
    [all, 'history', 'rooms/42/chat', true],
    [all, 'presence', 'rooms/7/chat', []],
    [all, 'publish', '', true],
    [all, 'subscribe', 'rooms/42/**', true],
    [all, 'subscribe', 'rooms/**', ['rooms/*', 'rooms/42/**']],
    [all, 'subscribe', '**', ['rooms/*', 'rooms/42/**']],
    [all, 'subscribe', '*/42', ['rooms/42']],
    [all, 'subscribe', 'other/**', []],
    [some, 'subscribe', 'news', true],
    [some, 'publish', 'rooms/42', true],
    [some, 'publish', 'rooms/7', []],
    [some, 'publish', '', []],
    [some, 'subscribe', '', []],
    [some, 'history', 'rooms/42', []],
  ] as const)('%#: %s on %s', (grants, action, topic, expected) => {
    expect(grants?.decide(action, topic)).toEqual(expected)
  })

  it.each([undefined, null, 'rooms/*', 42, [42], ['a//b'], ['**/a'], { subscribe: 'rooms/*' }, { read: ['rooms/*'] }, { subscribe: ['a'], __proto__x: [] }])('are not read from %j', claim => {
    expect(TopicGrants.read(claim)).toBeUndefined()
  })
})
