import { readJson, writeJson } from '@earshot/core/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe('JSON with bytes', () => {
  it.each<[what: string, value: unknown, text: string]>([
    ['plain data', { a: [1, 'x', null, true] }, '{"a":[1,"x",null,true]}'],
    ['bytes', bytes(1, 2, 255), '"\\u0001AQL/"'],
    ['no bytes', bytes(), '"\\u0001"'],
    ['bytes deep inside', { a: [{ b: bytes(0) }] }, '{"a":[{"b":"\\u0001AA=="}]}'],
    ['a part of a buffer', new Uint8Array(bytes(1, 2, 3, 4).buffer, 1, 2), '"\\u0001AgM="'],
    ['a text that begins with the sign', '\u0001AQL/', '"\\u0001\\u0001AQL/"'],
    ['the sign alone', '\u0001', '"\\u0001\\u0001"'],
    ['the sign twice', '\u0001\u0001', '"\\u0001\\u0001\\u0001"'],
    ['the sign elsewhere', 'a\u0001b', '"a\\u0001b"'],
    ['a key that begins with it', { '\u0001AQ': 1 }, '{"\\u0001AQ":1}'],
    ['a text that looks like the escape', '\\u0001AQ', '"\\\\u0001AQ"'],
  ])('gives %s back', (_, value, text) => {
    expect(writeJson(value)).toBe(text)
    expect(readJson(text)).toEqual(value)
  })

  it('takes a buffer of Node for bytes', () => {
    expect(writeJson({ data: Buffer.from([1, 2, 255]) })).toBe('{"data":"\\u0001AQL/"}')
  })

  it.each(['"\\u0001%"', '["\\u0001A"]', '"\\u0001AQL/\\u0001"'])('throws where bytes are no base64: %s', text => {
    expect(() => readJson(text)).toThrow()
  })

  it('gives everything back, bytes and signs in whatever place', () => {
    const texts = fc.array(fc.constantFrom('\u0001', 'A', '=', '\\', '"', 'u0001', '\ud800'), { maxLength: 6 }).map(parts => parts.join(''))
    const leaf = fc.oneof(texts, fc.uint8Array({ maxLength: 40 }), fc.integer(), fc.constant(null))
    const values = fc.letrec(tie => ({
      value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(texts, tie('value'), { maxKeys: 4, noNullPrototype: true })),
    })).value
    fc.assert(
      fc.property(values, value => {
        const text = writeJson(value)
        expect(text).not.toContain('\n')
        expect(readJson(text)).toEqual(value)
      }),
      { numRuns: 2000 },
    )
  })
})
