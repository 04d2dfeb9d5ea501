import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { capture, covers, createHub, matches, type Message, overlaps } from '@earshot/core'
import { allTopics, matchesNaively, patterns, topics } from './oracle.ts'

const universe = allTopics(5)

describe('capture', () => {
  it.each<[string, string, string[] | null]>([
    ['rooms/42', 'rooms/42', []],
    ['rooms/42', 'rooms/43', null],
    ['rooms/*', 'rooms/42', ['42']],
    ['*', 'a', ['a']],
    ['*', 'a/b', null],
    ['a/*', 'a', null],
    ['a/*', 'a/b/c', null],
    ['a/**', 'a', null],
    ['a/**', 'a/b', ['b']],
    ['a/**', 'a/b/c', ['b/c']],
    ['**', 'a/b/c', ['a/b/c']],
    ['*/b', 'x/b', ['x']],
    ['*/x/*/y', '1/x/2/y', ['1', '2']],
    ['*/**', 'a', null],
    ['*/**', 'a/b/c', ['a', 'b/c']],
    ['A/*', 'a/b', null],
    ['a*', 'ab', null],
    ['a*', 'a*', []],
    ['*', '$hub', null],
    ['**', '$hub/status', null],
    ['*/status', '$hub/status', null],
    ['*', '', null],
    ['**', '', null],
    ['', '', []],
    ['$hub/*', '$hub/status', ['status']],
    ['$hub/**', '$hub/subscribed/a', ['subscribed/a']],
    ['a/*', 'a/$b', ['$b']],
    ['a/**', 'a/$b', ['$b']],
  ])('%s on %s gives %j', (pattern, topic, expected) => {
    expect(capture(pattern, topic)).toEqual(expected)
  })

  it('agrees with the naive oracle', () => {
    fc.assert(
      fc.property(patterns, topics, (pattern, topic) => {
        expect(capture(pattern, topic) !== null).toBe(matchesNaively(pattern.split('/'), topic.split('/')))
      }),
      { numRuns: 2000 },
    )
  })

  it('gives what makes the topic when it is put in for the wildcards', () => {
    fc.assert(
      fc.property(patterns, topics, (pattern, topic) => {
        const captured = capture(pattern, topic)
        if (!captured) return
        const filled = pattern.split('/').map(level => (level === '*' || level === '**' ? captured.shift() : level))
        expect(filled.join('/')).toBe(topic)
        expect(captured).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })
})

describe('overlaps and covers', () => {
  it('say what all topics say', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(patterns, patterns, (one, other) => {
        const ofOne = universe.filter(topic => matchesNaively(one.split('/'), topic.split('/')))
        const ofOther = universe.filter(topic => matchesNaively(other.split('/'), topic.split('/')))
        const known = new Set(ofOther)
        expect(overlaps(one, other)).toBe(ofOne.some(topic => known.has(topic)))
        expect(covers(other, one)).toBe(ofOne.every(topic => known.has(topic)))
      }),
      { numRuns: 150 },
    )
  })

  it('are symmetric, and reflexive', () => {
    fc.assert(
      fc.property(patterns, patterns, (one, other) => {
        expect(overlaps(one, other)).toBe(overlaps(other, one))
        expect(overlaps(one, one)).toBe(true)
        expect(covers(one, one)).toBe(true)
        if (covers(one, other)) expect(overlaps(one, other)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['**', '$hub/**'],
    ['*', '$hub'],
    ['a/**', 'a'],
    ['a', 'a/**'],
    ['a/*', 'a/b/c'],
    ['*/**', 'a'],
  ])('%s does not overlap %s', (one, other) => {
    expect(overlaps(one, other)).toBe(false)
    expect(covers(one, other)).toBe(false)
  })
})

describe('matches', () => {
  it('looks at the topic of a message', () => {
    const session = createHub().openSession()
    const heard: Message[] = []
    session.subscribe('**', message => heard.push(message))
    session.publish('rooms/42', 1)
    session.publish('rooms/42/chat', 1)
    expect(heard.map(message => matches('rooms/*', message))).toEqual([true, false])
  })
})
