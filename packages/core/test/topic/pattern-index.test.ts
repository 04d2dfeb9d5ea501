import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PatternIndex } from '@earshot/core'
import { matchesNaively, patterns, topics } from './oracle.ts'

function found(index: PatternIndex<string>, topic: string): string[] {
  const values: string[] = []
  index.match(topic, value => values.push(value))
  return values
}

describe('PatternIndex', () => {
  it('finds the values of all patterns that match, each once, whatever was set and deleted before', () => {
    const step = fc.record({ pattern: fc.oneof(patterns, topics), on: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.array(topics, { minLength: 1, maxLength: 10 }), (steps, asked) => {
        const index = new PatternIndex<string>()
        const model = new Set<string>()
        for (const { pattern, on } of steps) {
          if (on) index.set(pattern, pattern)
          else index.delete(pattern)
          if (on) model.add(pattern)
          else model.delete(pattern)
        }
        for (const topic of asked) {
          const expected = [...model].filter(pattern => matchesNaively(pattern.split('/'), topic.split('/')))
          expect(found(index, topic).sort()).toEqual(expected.sort())
        }
        expect([...index.entries.keys()].sort()).toEqual([...model].sort())
      }),
      { numRuns: 500 },
    )
  })

  it('replaces the value of a pattern', () => {
    const index = new PatternIndex<string>()
    index.set('a/*', 'old')
    index.set('a/*', 'new')
    expect(found(index, 'a/b')).toEqual(['new'])
    expect(index.get('a/*')).toBe('new')
    index.delete('a/*')
    expect(found(index, 'a/b')).toEqual([])
  })

  it('gives the exact pattern first', () => {
    const index = new PatternIndex<string>()
    for (const pattern of ['**', 'a/*', 'a/b']) index.set(pattern, pattern)
    expect(found(index, 'a/b')[0]).toBe('a/b')
  })

  it('keeps names that every object has apart', () => {
    const index = new PatternIndex<string>()
    for (const name of ['constructor', '__proto__', 'toString/*']) index.set(name, name)
    expect(found(index, '__proto__')).toEqual(['__proto__'])
    expect(found(index, 'constructor')).toEqual(['constructor'])
    expect(found(index, 'toString/hasOwnProperty')).toEqual(['toString/*'])
    expect(found(index, 'hasOwnProperty')).toEqual([])
  })

  it('takes the deletion of what it does not have', () => {
    const index = new PatternIndex<string>()
    index.delete('a/*')
    index.delete('a')
    expect(index.entries.size).toBe(0)
  })
})
