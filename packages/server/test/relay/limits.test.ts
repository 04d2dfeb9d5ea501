import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS, type Limits, limitsOf } from '../../src/relay/limits.ts'

describe('limits', () => {
  it('have their defaults where they are left out', () => {
    expect(limitsOf()).toEqual(DEFAULT_LIMITS)
    expect(limitsOf({ frame: 10, publishes: { perSecond: 0.1, burst: 1 } })).toEqual({ ...DEFAULT_LIMITS, frame: 10, publishes: { perSecond: 0.1, burst: 1 } })
  })

  it.each<[string, unknown]>([
    ['frame', 0],
    ['frame', -1],
    ['frame', Number.NaN],
    ['frame', '100'],
    ['frame', null],
    ['frame', undefined],
    ['ping', 0],
    ['ping', 2 ** 31],
    ['page', 10_001],
    ['sessions', 10_001],
    ['unread', 159],
    ['unreadSize', 73_727],
    ['frame', 10.5],
    ['frame', 2 ** 31],
    ['grace', -1],
    ['publishes', 100],
    ['publishes', { perSecond: 0, burst: 1 }],
    ['publishes', { perSecond: 1, burst: 0 }],
    ['publishes', { perSecond: 1 }],
    ['frames', { perSecond: Number.NaN, burst: 1 }],
    ['frames', null],
    ['framse', 100],
    ['__proto__', 100],
    ['constructor', 100],
  ])('are refused when they bound nothing: %s is %j', (name, value) => {
    const given = Object.fromEntries([[name, value]]) as Partial<Limits>
    expect(() => limitsOf(given)).toThrow(expect.objectContaining({ code: 'invalid-options', details: expect.objectContaining({ name: `limits.${name}` }) }))
  })

  it.each(['subscriptions', 'presences', 'presenceSize', 'grace', 'reload', 'resume', 'remembered'])('may forbid %s altogether', name => {
    expect(limitsOf({ [name]: 0 })).toEqual({ ...DEFAULT_LIMITS, [name]: 0 })
  })
})
