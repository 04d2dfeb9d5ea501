import { describe, expect, it } from 'vitest'
import { checkIdentity } from '../../src/relay/identity.ts'

describe('what authenticate gives', () => {
  it.each([[{ userId: 'ada' }], [{ userId: null }], [{ userId: 'x'.repeat(4096), expires: 1001 }], [{ userId: 'ada', expires: Number.POSITIVE_INFINITY }]])('is taken: %j', identity => {
    expect(checkIdentity({ ...identity, more: 1 }, 1000)).toEqual(identity)
  })

  it('is taken with what authorize wants to know of it', () => {
    const data = { plan: 'free' }
    expect(checkIdentity({ userId: 'ada', data }, 1000)).toEqual({ userId: 'ada', data })
    expect(checkIdentity({ userId: 'ada', expires: 1001, data }, 1000)).toEqual({ userId: 'ada', expires: 1001, data })
  })

  it.each([
    undefined,
    null,
    'ada',
    true,
    {},
    { userId: undefined },
    { userId: '' },
    { userId: 7 },
    { userId: ['ada'] },
    { userId: { toString: () => 'ada' } },
    { userId: 'x'.repeat(4097) },
    { userId: 'ada', expires: '1001' },
    { userId: 'ada', expires: Number.NaN },
    { userId: 'ada', expires: null },
    { userId: 'ada', expires: new Date(5000) },
  ])('is refused when it is no identity: %j', given => {
    expect(() => checkIdentity(given, 1000)).toThrow(expect.objectContaining({ code: 'invalid-options' }))
  })

  it.each([1000, 999, 0, -1, Number.NEGATIVE_INFINITY])('is refused when the token is over at 1000: it ended at %d', expires => {
    expect(() => checkIdentity({ userId: 'ada', expires }, 1000)).toThrow(expect.objectContaining({ code: 'unauthorized' }))
  })
})
