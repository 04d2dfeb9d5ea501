import { formatPosition, parsePosition } from '@earshot/core/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

describe('a position', () => {
  it.each([
    ['k3Jd0.0', 'k3Jd0', 0],
    ['k3Jd0.128', 'k3Jd0', 128],
    ['k3Jd0.9007199254740991', 'k3Jd0', Number.MAX_SAFE_INTEGER],
    ['a.b.7', 'a.b', 7],
    [`${'e'.repeat(64)}.1`, 'e'.repeat(64), 1],
    ['__proto__.1', '__proto__', 1],
  ])('is read and written: %s', (text, epoch, offset) => {
    expect(parsePosition(text)).toEqual({ epoch, offset })
    expect(formatPosition({ epoch, offset })).toBe(text)
  })

  it.each([
    '',
    '.',
    '.1',
    'epoch',
    'epoch.',
    'epoch. 1',
    'epoch.1 ',
    'epoch.1\n',
    'epoch.-1',
    'epoch.+1',
    'epoch.01',
    'epoch.1e3',
    'epoch.0x10',
    'epoch.1_000',
    'epoch.NaN',
    'epoch.Infinity',
    'epoch.١',
    'epoch.9007199254740992',
    'epoch.99999999999999999',
    `${'e'.repeat(65)}.1`,
    `epoch.${'1'.repeat(10_000)}`,
  ])('is refused: %j', text => {
    expect(parsePosition(text)).toBeUndefined()
  })

  it('survives being written and read, whatever the epoch is called', () => {
    const epochs = fc.string({ minLength: 1, maxLength: 64, unit: 'binary' }).filter(epoch => epoch.length <= 64)
    fc.assert(
      fc.property(epochs, fc.maxSafeNat(), (epoch, offset) => {
        expect(parsePosition(formatPosition({ epoch, offset }))).toEqual({ epoch, offset })
      }),
      { numRuns: 2000 },
    )
  })

  it('never throws over a text, and is written as it was read', () => {
    const texts = fc.oneof(fc.string(), fc.tuple(fc.string(), fc.constantFrom('.', '..', ''), fc.oneof(fc.integer().map(String), fc.double().map(String))).map(parts => parts.join('')))
    fc.assert(
      fc.property(texts, text => {
        const position = parsePosition(text)
        if (position) expect(formatPosition(position)).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })
})
