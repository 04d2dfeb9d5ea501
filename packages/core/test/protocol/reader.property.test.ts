import { clientFrames, type FrameReader, isData, readJson, relayFrames, writeJson } from '@earshot/core/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientFields, examplesOf, fullFrame, relayFields } from './frames.ts'

type Reader = FrameReader<{ readonly t: string }>

const readers: readonly Reader[] = [clientFrames, relayFrames]
const kinds: Record<string, Record<string, string>> = { ...clientFields, ...relayFields }
const names = Object.keys(kinds)
const values = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withObjectString: true, withSparseArray: true, withTypedArray: true }),
  fc.jsonValue(),
  fc.constantFrom(...Object.values(kinds).flatMap(fields => Object.values(fields).flatMap(kind => examplesOf(kind).bad))),
)

/** A frame of any kind, of which some fields are something else, missing or new. */
const mutants = fc
  .record({ t: fc.constantFrom(...names), changes: fc.array(fc.tuple(fc.nat(20), fc.string(), values, fc.boolean()), { maxLength: 3 }) })
  .map(({ t, changes }) => {
    const frame = fullFrame(t, kinds[t] ?? {})
    for (const [at, name, value, remove] of changes) {
      const field = Object.keys(frame)[at] ?? name
      if (remove) delete frame[field]
      else frame[field] = value
    }
    return frame
  })

/** A line of JSON, or nearly. */
const lines = fc.oneof(
  fc.string(),
  fc.json(),
  fc.tuple(mutants, fc.nat(200), fc.string({ maxLength: 3 })).map(([frame, at, inserted]) => {
    const line = JSON.stringify(frame, (_, value: unknown) => (typeof value === 'bigint' ? 'big' : value))
    return line.slice(0, at) + inserted + line.slice(at)
  }),
)

describe('both readers', () => {
  it('never throw, and of any input give a frame with its own fields or nothing', () => {
    const input = fc.oneof(values, mutants)
    fc.assert(
      fc.property(input, given => {
        for (const reader of readers) {
          const read = reader.read(given)
          if (read === undefined) continue
          expect(Object.keys(kinds[read.t] ?? {})).toEqual(expect.arrayContaining(Object.keys(read).filter(field => field !== 't')))
          expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('never throw over a line', () => {
    fc.assert(
      fc.property(lines, line => {
        for (const reader of readers) expect(reader.readLine(line)?.t ?? '').toBeTypeOf('string')
      }),
      { numRuns: 3000 },
    )
  })

  it('take what they have taken again, encoded, and it is the same', () => {
    let taken = 0
    fc.assert(
      fc.property(fc.oneof(lines, mutants), given => {
        for (const reader of readers) {
          const read = typeof given === 'string' ? reader.readLine(given) : reader.read(given)
          // What a client publishes is looked at by the relay before it goes on.
          if (read === undefined || ('data' in read && !isData(read.data))) continue
          taken++
          const line = writeJson(read)
          const again = reader.readLine(line)
          expect(again).toBeDefined()
          expect(writeJson(again)).toBe(line)
          expect(line).not.toContain('\n')
        }
      }),
      { numRuns: 3000 },
    )
    expect(taken).toBeGreaterThan(300)
  })
})

describe('data that is taken', () => {
  it('is what JSON gives back, with bytes', () => {
    fc.assert(
      fc.property(values, data => {
        if (!isData(data)) return
        const text = writeJson(data)
        expect(text).toBeTypeOf('string')
        expect(writeJson(readJson(text))).toBe(text)
      }),
      { numRuns: 3000 },
    )
  })

  it('is everything that JSON reads, but for prototypes, depth and numbers beyond bounds', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), data => {
        const text = JSON.stringify(data)
        expect(isData(data)).toBe(!text.includes('"__proto__":'))
      }),
      { numRuns: 2000 },
    )
  })
})
