import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkPattern, checkTopic, isWildcard, MAX_TOPIC_BYTES, MAX_TOPIC_LEVELS, topic } from '@earshot/core'
import { refusal } from '../support/refusal.ts'

describe('checkTopic and checkPattern', () => {
  it('count bytes, not characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 700 }), text => {
        const name = text.replace(/[\p{Cc}/*]/gu, '') || 'a'
        const fits = new TextEncoder().encode(name).length <= MAX_TOPIC_BYTES
        if (fits) expect(() => checkTopic(name)).not.toThrow()
        else expect(refusal(() => checkTopic(name), 'invalid-topic').message).toContain('512 UTF-8 bytes')
      }),
    )
  })

  it('accept a pattern exactly where it is a topic with wildcards put in', () => {
    const level = fc.constantFrom('a', '*', '**', '', 'a*', '\n')
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 5 }), levels => {
        const name = levels.join('/')
        const clean = levels.every(each => each !== '' && each !== '\n')
        const wild = levels.some(each => each === '*' || each === '**')
        if (clean && !wild) expect(() => checkTopic(name)).not.toThrow()
        else refusal(() => checkTopic(name), 'invalid-topic')
        if (clean && !levels.slice(0, -1).includes('**')) expect(() => checkPattern(name)).not.toThrow()
        else refusal(() => checkPattern(name), 'invalid-pattern')
        if (clean) expect(isWildcard(name)).toBe(wild)
      }),
      { numRuns: 1000 },
    )
  })

  it('name what they refuse, shortened, and in the details in full', () => {
    const name = `a//${'x'.repeat(200)}`
    const error = refusal(() => checkTopic(name), 'invalid-topic')
    expect(error.message).toBe(`Topic "${name.slice(0, 80)}" must not have an empty level`)
    expect(error.details).toEqual({ topic: name })
    expect(refusal(() => checkPattern('/a')).details).toEqual({ pattern: '/a' })
    expect(refusal(() => checkTopic(5)).details).toEqual({ value: 5 })
  })

  it('allow exactly as many levels as they say', () => {
    const levels = Array.from({ length: MAX_TOPIC_LEVELS }, () => 'a')
    expect(() => checkPattern([...levels.slice(1), '**'].join('/'))).not.toThrow()
    refusal(() => checkPattern([...levels, '**'].join('/')), 'invalid-pattern')
  })
})

describe('topic', () => {
  it('joins levels, numbers too', () => {
    expect(topic('rooms', 42, 'chat')).toBe('rooms/42/chat')
    expect(topic('a')).toBe('a')
  })

  it('never makes more levels than it was given', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom('a/b', '*', '**', '')), { minLength: 1, maxLength: 4 }), levels => {
        const [first = '', ...rest] = levels
        let joined: string
        try {
          joined = topic(first, ...rest)
        } catch {
          expect(levels.some(level => level === '' || level === '*' || level === '**' || /[/\p{Cc}]/u.test(level))).toBe(true)
          return
        }
        expect(joined.split('/')).toEqual(levels)
      }),
    )
  })
})
