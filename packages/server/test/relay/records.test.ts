import { seededRandom, testClock, type TestClock } from '@earshot/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS, type Limits } from '../../src/relay/limits.ts'
import { Numbering, type Outcome, Records } from '../../src/relay/records.ts'
import { recordOf } from './support.ts'

const recordsOf = (limits: Partial<Limits> = {}, clock: TestClock = testClock()): Records => new Records(clock, seededRandom(), { ...DEFAULT_LIMITS, ...limits })

describe('a numbering', () => {
  it('keeps each outcome, refusals too, until the client confirms it', () => {
    const numbering = new Numbering('doc')
    const outcomes: Outcome[] = [{ offset: 7 }, { code: 'forbidden' }, { offset: 9 }]
    for (const [index, outcome] of outcomes.entries()) numbering.settle(index + 1, outcome)
    expect(numbering.last).toBe(3)
    expect([1, 2, 3, 4].map(clock => numbering.outcomeOf(clock))).toEqual([...outcomes, undefined])
    numbering.confirm(2)
    expect([1, 2, 3].map(clock => numbering.outcomeOf(clock))).toEqual([undefined, undefined, { offset: 9 }])
    expect(numbering.last).toBe(3)
  })

  it('may have gaps between its numbers, and be confirmed beyond its end', () => {
    const numbering = new Numbering('doc')
    for (const clock of [5, 9, 1000]) numbering.settle(clock, { offset: clock })
    numbering.confirm(8)
    expect([5, 9, 1000].map(clock => numbering.outcomeOf(clock)?.toString() !== undefined)).toEqual([false, true, true])
    numbering.confirm(Number.MAX_SAFE_INTEGER)
    expect([9, 1000].map(clock => numbering.outcomeOf(clock))).toEqual([undefined, undefined])
    numbering.confirm(0)
    expect(numbering.last).toBe(1000)
  })

  it('keeps of a refusal what it was, and none of its text', () => {
    const numbering = new Numbering('doc')
    const refusal = { code: 'invalid-topic', reason: 'x'.repeat(500) } as const
    numbering.settle(1, refusal)
    expect(numbering.outcomeOf(1)).toEqual({ code: 'invalid-topic' })
  })

  it('gives the same answer to the same number, as a plain map does', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(30)), { maxLength: 100 })
    fc.assert(
      fc.property(steps, given => {
        const numbering = new Numbering('doc')
        const model = new Map<number, number>()
        let [last, done] = [0, 0]
        for (const [settles, number] of given) {
          if (settles) {
            last += number + 1
            numbering.settle(last, { offset: last })
            model.set(last, last)
          } else {
            done = number * 3
            numbering.confirm(done)
            for (const clock of model.keys()) if (clock <= done) model.delete(clock)
          }
        }
        for (let clock = 0; clock <= last + 1; clock++) expect(numbering.outcomeOf(clock)).toEqual(model.has(clock) ? { offset: clock } : undefined)
      }),
      { numRuns: 300 },
    )
  })
})

describe('the record of a session', () => {
  it('goes on with the numbering of a document that attaches again', () => {
    const record = recordOf('ada1')
    expect(record.numbering('doc')).toBeUndefined()
    record.open('doc').settle(3, { offset: 1 })
    expect(record.open('doc').last).toBe(3)
    expect(record.numbering('doc')).toBe(record.open('doc'))
    expect(record.numbering('other')).toBeUndefined()
    expect(['__proto__', 'constructor'].map(tag => record.numbering(tag))).toEqual([undefined, undefined])
  })

  it('remembers eight documents', () => {
    const record = recordOf('ada1')
    for (let index = 0; index < 9; index++) record.open(`doc${index}`)
    expect([0, 1, 8].map(index => record.numbering(`doc${index}`) !== undefined)).toEqual([false, true, true])
  })

  it('forgets the document first that was opened least recently', () => {
    const record = recordOf('ada1')
    for (let index = 0; index < 8; index++) record.open(`doc${index}`)
    record.open('doc0')
    record.open('new')
    expect(['doc0', 'doc1', 'doc2'].map(tag => record.numbering(tag) !== undefined)).toEqual([true, false, true])
  })
})

describe('the outcomes of a session', () => {
  it('are kept as far as frames may wait: those of a client that confirms none, over all its documents, go with the least recently opened', () => {
    const record = recordsOf({ waiting: 100 }).create('ada1', 'secret', 'ada')
    const former = record.open('former')
    for (let clock = 1; clock <= 60; clock++) former.settle(clock, { offset: clock })
    const now = record.open('now')
    for (let clock = 1; clock <= 60; clock++) now.settle(clock, clock % 2 ? { offset: 100 + clock } : { code: 'forbidden' })
    expect([20, 21, 60].map(clock => former.outcomeOf(clock))).toEqual([undefined, { offset: 21 }, { offset: 60 }])
    for (let clock = 61; clock <= 150; clock++) now.settle(clock, { offset: 100 + clock })
    expect([former.size, now.size]).toEqual([0, 100])
    expect([50, 51, 52, 150].map(clock => now.outcomeOf(clock))).toEqual([undefined, { offset: 151 }, { code: 'forbidden' }, { offset: 250 }])
    // What is forgotten stays settled: it is not taken again.
    expect([former.last, now.last]).toEqual([60, 150])
  })
})

describe('all records', () => {
  it('are found by name and user, and by id, secret and user', () => {
    const records = recordsOf()
    const record = records.create('ada1', 'secret', 'ada')
    expect(record.id).toBe('ada1')
    expect(records.find(record.name, 'ada')).toBe(record)
    expect([records.find(record.name, 'bob'), records.find(record.name, null), records.find('ada1', 'ada'), records.find(undefined, 'ada')]).toEqual(Array(4).fill(undefined))
    expect(records.owned('ada1', 'secret', 'ada')).toBe(record)
    expect([records.owned('ada1', 'guess', 'ada'), records.owned('ada1', 'secret', 'bob'), records.owned('ada1', 'secret', null), records.owned('bob1', 'secret', 'ada')]).toEqual(Array(4).fill(undefined))
    expect(['__proto__', 'constructor', ''].map(id => records.owned(id, 'secret', 'ada'))).toEqual([undefined, undefined, undefined])
  })

  it('never give one id to two', () => {
    const records = recordsOf()
    const record = records.create('ada1', 'secret', 'ada')
    const thief = records.create('ada1', 'guess', 'bob')
    expect(thief.id).not.toBe('ada1')
    expect(thief.id).toHaveLength(26)
    expect(records.owned('ada1', 'secret', 'ada')).toBe(record)
    records.remove(thief)
    expect(records.owned('ada1', 'secret', 'ada')).toBe(record)
    records.remove(record)
    expect(records.create('ada1', 'guess', 'bob').id).toBe('ada1')
  })

  it('give the id on to the record that takes the place of one, with what it is a member of and its rate', () => {
    const records = recordsOf()
    const former = records.create('ada1', 'secret', 'ada')
    former.present = new Map([['room', { clock: 1, size: 2 }]])
    const record = records.create('ada1', 'secret', 'ada', former)
    expect(record.id).toBe('ada1')
    expect(record.name).not.toBe(former.name)
    expect([...(record.present?.keys() ?? [])]).toEqual(['room'])
    expect(record.publishes).toBe(former.publishes)
    expect(records.find(former.name, 'ada')).toBeUndefined()
    expect(records.all()).toEqual([record])
  })

  it('end when their session does not come back in time', async () => {
    const clock = testClock()
    const records = recordsOf({}, clock)
    const ended: string[] = []
    const [one, other] = ['one', 'other'].map(id => records.create(id, 's', null))
    for (const record of [one, other]) if (record) records.expire(record, 1, 1000, () => ended.push(record.id))
    await clock.advance(999)
    if (one) records.back(one)
    await clock.advance(1)
    expect(ended).toEqual(['other'])
    await clock.advance(10_000)
    expect(ended).toEqual(['other'])
  })

  it('end sooner when too many are away: the one gone for longest first', () => {
    const records = recordsOf({ remembered: 3 })
    const ended: string[] = []
    const leave = (id: string): void => {
      const record = records.owned(id, 's', null) ?? records.create(id, 's', null)
      records.expire(record, 1, 1000, () => {
        ended.push(id)
        records.remove(record)
      })
    }
    for (const id of ['a', 'b', 'c']) leave(id)
    expect(ended).toEqual([])
    leave('a')
    leave('d')
    expect(ended).toEqual(['b'])
    const back = records.owned('c', 's', null)
    if (back) records.back(back)
    leave('e')
    expect(ended).toEqual(['b'])
    leave('f')
    expect(ended).toEqual(['b', 'a'])
    expect(records.size).toBe(4)
  })

  it('end sooner of whoever has most, a user or a connection of nobody in particular', () => {
    const records = recordsOf({ remembered: 6 })
    const ended: string[] = []
    const leave = (id: string, user: string | null, connection: number): void => {
      const record = records.create(id, 's', user)
      records.expire(record, connection, 1000, () => {
        ended.push(id)
        records.remove(record)
      })
    }
    leave('first', null, 1)
    for (const n of [1, 2, 3]) leave(`mallory ${n}`, 'mallory', n)
    for (const n of [1, 2]) leave(`anonymous ${n}`, null, 4)
    expect(ended).toEqual([])
    leave('mallory 4', 'mallory', 5)
    leave('ada', 'ada', 6)
    leave('anonymous 3', null, 4)
    leave('bob', 'bob', 6)
    expect(ended).toEqual(['mallory 1', 'mallory 2', 'anonymous 1', 'mallory 3'])
  })

  it('leave no timer behind', () => {
    const clock = testClock()
    const records = recordsOf({}, clock)
    const record = records.create('a', 's', null)
    record.leaving = clock.after(10, () => {})
    records.expire(record, 1, 1000, () => {})
    records.expire(record, 1, 1000, () => {})
    records.remove(record)
    expect([clock.pending, records.size]).toEqual([0, 0])
  })
})
