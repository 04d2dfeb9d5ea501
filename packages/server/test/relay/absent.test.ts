import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Absent } from '../../src/relay/absent.ts'

it('names the one gone for longest of an owner who has most, whoever comes and goes', () => {
  const steps = fc.array(fc.record({ session: fc.nat(20), owner: fc.constantFrom('ada', 'bob', 1, 2), isBack: fc.boolean() }), { maxLength: 100 })
  fc.assert(
    fc.property(steps, all => {
      const absent = new Absent<number>()
      let model: { session: number; owner: string | number }[] = []
      for (const { session, owner, isBack } of all) {
        model = model.filter(each => each.session !== session)
        if (isBack) absent.delete(session)
        else {
          absent.add(session, owner)
          model.push({ session, owner })
        }
        const countOf = (whose: string | number): number => model.filter(each => each.owner === whose).length
        const most = Math.max(0, ...model.map(each => countOf(each.owner)))
        const firsts = model.filter((each, index) => countOf(each.owner) === most && model.findIndex(other => other.owner === each.owner) === index)
        const next = absent.next()
        expect(absent.size).toBe(model.length)
        expect(next === undefined ? firsts : firsts.map(each => each.session)).toEqual(next === undefined ? [] : expect.arrayContaining([next]))
      }
    }),
    { numRuns: 500 },
  )
})

it('does so for very many, one after the other', () => {
  const absent = new Absent<number>()
  for (let session = 0; session < 100_000; session++) absent.add(session, session)
  let inOrder = 0
  for (let session = 0; session < 100_000; session++) {
    if (absent.next() === session) inOrder++
    absent.delete(session)
  }
  expect([inOrder, absent.next(), absent.size]).toEqual([100_000, undefined, 0])
})
