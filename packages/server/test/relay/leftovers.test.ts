import { describe, expect, it } from 'vitest'
import { Leftovers } from '../../src/relay/leftovers.ts'
import { Bucket } from '../../src/relay/rate.ts'

const rate = { perSecond: 10, burst: 10 }

function spent(count: number, now = 0): Bucket {
  const bucket = new Bucket(rate, now)
  for (let take = 0; take < count; take++) bucket.take(now)
  return bucket
}

describe('what sessions have left', () => {
  it('is given on once each, the least first', () => {
    const left = new Leftovers()
    for (const count of [3, 9, 6]) left.put(spent(count), 100, 0)
    expect([0, 0, 0, 0].map(now => left.take(now)?.left(now))).toEqual([1, 4, 7, undefined])
  })

  it('fills as time goes by, and is forgotten when it is full', () => {
    const left = new Leftovers()
    for (const count of [5, 10]) left.put(spent(count), 1, 0)
    expect(left.take(200)?.left(200)).toBe(7)
    left.put(spent(5), 1, 0)
    left.put(spent(10, 500), 1, 500)
    expect(left.take(500)?.left(500)).toBe(0)
    left.put(spent(0), 1, 0)
    expect(left.take(0)).toBeUndefined()
  })

  it('is given on as it was, whatever becomes of the one that it was of', () => {
    const left = new Leftovers()
    const own = spent(5)
    left.put(own, 1, 0)
    own.take(0)
    expect([left.take(0)?.left(0), own.left(0)]).toEqual([5, 4])
  })
})
