import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SmallMap } from '../../src/relay/small-map.ts'

test('does what a map does, with few entries and with many', () => {
  const key = fc.integer({ min: 0, max: 3 })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('set', 'delete'), key)), steps => {
      const [small, model] = [new SmallMap<number, { step: number }>(), new Map<number, { step: number }>()]
      for (const [step, [what, at]] of steps.entries()) {
        const value = { step }
        if (what === 'set') {
          small.set(at, value)
          model.set(at, value)
        } else expect(small.delete(at)).toBe(model.delete(at))
        expect([...small.entries()]).toEqual([...model])
        expect([...small.keys()]).toEqual([...model.keys()])
        expect([...small.values()]).toEqual([...model.values()])
        expect(small.size).toBe(model.size)
        for (let each = 0; each <= 3; each++) {
          expect(small.get(each)).toBe(model.get(each))
          expect(small.has(each)).toBe(model.has(each))
        }
      }
    }),
  )
})

test('holds no entry any more while others are being looked at', () => {
  const map = new SmallMap<string, { n: number }>()
  map.set('one', { n: 1 })
  for (const key of map.keys()) map.delete(key)
  expect(map.size).toBe(0)
  for (const key of ['one', 'two', 'three']) map.set(key, { n: 0 })
  for (const key of map.keys()) map.delete(key)
  expect(map.size).toBe(0)
})
