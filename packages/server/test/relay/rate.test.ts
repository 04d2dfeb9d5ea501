import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bucket } from '../../src/relay/rate.ts'

describe('a bucket', () => {
  it('gives so many at once, and then so many a second', () => {
    const bucket = new Bucket({ perSecond: 10, burst: 3 }, 1000)
    expect([1000, 1000, 1000, 1000].map(now => bucket.take(now))).toEqual([true, true, true, false])
    expect([1099, 1100, 1100].map(now => bucket.take(now))).toEqual([false, true, false])
    expect([5000, 5000, 5000, 5000].map(now => bucket.take(now))).toEqual([true, true, true, false])
  })

  it('fills slowly, too', () => {
    const bucket = new Bucket({ perSecond: 0.5, burst: 1 }, 0)
    expect([0, 1000, 1999, 2000, 2001].map(now => bucket.take(now))).toEqual([true, false, false, true, false])
  })

  it('is not filled by a clock that is set back', () => {
    const bucket = new Bucket({ perSecond: 1, burst: 2 }, 10_000)
    expect([10_000, 10_000, 0, 0, 500].map(now => bucket.take(now))).toEqual([true, true, false, false, false])
  })

  it('never gives more than its burst and what a time fills', () => {
    const rates = fc.record({ perSecond: fc.integer({ min: 1, max: 100 }), burst: fc.integer({ min: 1, max: 50 }) })
    fc.assert(
      fc.property(rates, fc.array(fc.nat(300), { maxLength: 200 }), (rate, waits) => {
        const bucket = new Bucket(rate, 0)
        let now = 0
        let taken = 0
        for (const wait of waits) {
          now += wait
          if (bucket.take(now)) taken++
          expect(taken).toBeLessThanOrEqual(rate.burst + (now / 1000) * rate.perSecond + 1e-9)
        }
      }),
      { numRuns: 300 },
    )
  })
})
