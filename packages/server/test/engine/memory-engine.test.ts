import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Engine, LogEntry, LogPage, Publication } from '../../src/engine/engine.ts'
import { memoryEngine, type MemoryEngineOptions } from '../../src/engine/memory-engine.ts'

const append = (engine: Engine, topic: string, more: Partial<Publication> = {}): LogEntry =>
  engine.append({ topic, from: '', tag: 't', clock: 1, time: 0, userId: null, data: 1, ...more }) as LogEntry
const lost = (engine: Engine, pattern: string, after: number): ReturnType<Engine['lost']> => engine.lost({ since: new Map([[pattern, after]]), limit: 100 })
const everything = { limit: 1000, size: 1e9, wants: () => true }

describe('the options of a memory engine', () => {
  it.each<[string, MemoryEngineOptions]>([
    ['messages', { messages: -1 }],
    ['topics', { topics: Number.NaN }],
    ['size', { size: -0.1 }],
    ['share', { share: -0.1 }],
    ['age', { age: Number.NEGATIVE_INFINITY }],
    ['retained', { retained: -5 }],
    ['retainedSize', { retainedSize: -5 }],
  ])('are refused below 0: %s', (name, options) => {
    expect(() => memoryEngine(options)).toThrow(expect.objectContaining({ code: 'invalid-options', details: expect.objectContaining({ name }) }))
  })

  it('may be 0: then nothing is kept, and everybody who is behind hears of a gap', () => {
    const engine = memoryEngine({ messages: 0, topics: 0, retained: 0 })
    engine.connect(() => {}, () => {})
    for (const topic of ['a', 'b']) append(engine, topic, { retain: true })
    expect(engine.page({ after: 0, ...everything })).toEqual({ entries: [], offset: 2 })
    expect(engine.past({ patterns: ['a'], limit: 10, wants: () => true })).toEqual([])
    expect(lost(engine, 'a', 0)).not.toEqual([])
    expect(lost(engine, 'b', 1)).toEqual([['b', 2]])
  })
})

describe('a page', () => {
  it('looks at so many entries only: others have their turn before the next', async () => {
    const engine = memoryEngine({ messages: 100_000 })
    for (let index = 0; index < 5000; index++) append(engine, 't')
    let looked = 0
    const wants = (): boolean => ++looked < 0
    const offsets: number[] = []
    for (let after = 0; after < engine.head; ) {
      const page = await engine.page({ ...everything, after, wants })
      expect(looked).toBeLessThanOrEqual(2000)
      looked = 0
      offsets.push((after = page.offset))
    }
    expect(offsets).toEqual([2000, 4000, 5000])
  })
})

describe('the share of a publisher', () => {
  const offsets = (engine: Engine): number[] => (engine.page({ after: 0, ...everything }) as LogPage).entries.map(({ offset }) => offset)
  const [text] = [append(memoryEngine(), 'a').text]

  it('is what it keeps of its own, over all topics: others lose nothing', () => {
    const engine = memoryEngine({ size: text.length * 12, share: 0.25 })
    for (const publisher of ['ada', 'bob', undefined]) append(engine, 'a', { publisher })
    for (let index = 0; index < 6; index++) append(engine, index % 2 ? 'a' : 'b', { publisher: 'mallory' })
    expect(offsets(engine)).toEqual([1, 2, 3, 7, 8, 9])
    // Whoever may have missed some of it is told so.
    expect([lost(engine, 'b', 3), lost(engine, 'a', 4), lost(engine, 'a', 5)]).toEqual([[['b', 6]], [['a', 5]], []])
    append(engine, 'a', { publisher: 'ada' })
    expect(offsets(engine)).toEqual([1, 2, 3, 7, 8, 9, 10])
  })

  it('is no bound for the server', () => {
    const engine = memoryEngine({ size: text.length * 13, share: 0.25 })
    for (let index = 0; index < 12; index++) append(engine, 'a')
    expect(offsets(engine).length).toBe(12)
  })

  it('is also one of topics: those that it brought are forgotten first, the least recently used before others', () => {
    const engine = memoryEngine({ topics: 8, share: 0.25 })
    append(engine, 'ours', { publisher: 'ada' })
    for (const topic of ['1', '2', '1', 'ours', '3', '4', '3']) append(engine, topic, { publisher: 'mallory' })
    expect(['ours', '1', '2', '3', '4'].map(topic => (engine.past({ patterns: [topic], limit: 10, wants: () => true }) as LogEntry[]).length)).toEqual([2, 0, 0, 2, 1])
  })

  it('of topics costs nobody else what they have said there: where others have, a topic counts for one of them', () => {
    const engine = memoryEngine({ topics: 8, share: 0.25 })
    const past = (topic: string): number[] => (engine.past({ patterns: [topic], limit: 10, wants: () => true }) as LogEntry[]).map(({ offset }) => offset)
    append(engine, '1', { publisher: 'mallory' })
    append(engine, '1', { publisher: 'ada' })
    append(engine, '2', { publisher: 'mallory' })
    append(engine, '2')
    for (const topic of ['3', '4', '5']) append(engine, topic, { publisher: 'mallory' })
    expect(['1', '2', '3', '4', '5'].map(past)).toEqual([[2], [4], [], [6], [7]])
    // What was theirs is lost, and said to be.
    expect([lost(engine, '1', 0), lost(engine, '1', 1), lost(engine, '2', 2)]).toEqual([[['1', 1]], [], [['2', 3]]])
    // It counts for Ada now, among what she brings.
    for (const topic of ['6', '7']) append(engine, topic, { publisher: 'ada' })
    expect(['1', '2', '6', '7'].map(past)).toEqual([[], [4], [8], [9]])
  })

  it('of topics makes a gap only of what begins as they do', () => {
    const engine = memoryEngine({ topics: 8, share: 0.25 })
    append(engine, 'rooms/1', { publisher: 'ada' })
    for (const topic of ['x/1', 'x/2', 'x/3']) append(engine, topic, { publisher: 'mallory' })
    expect(['rooms/*', 'rooms/1', 'rooms/2', 'y'].map(pattern => lost(engine, pattern, 0))).toEqual([[], [], [], []])
    expect(['x/*', 'x/1', 'x/9', '**', '*/1'].map(pattern => lost(engine, pattern, 0))).toEqual(['x/*', 'x/1', 'x/9', '**', '*/1'].map(pattern => [[pattern, 2]]))
  })

  it('of topics makes a gap of all that is not told apart, when they begin in very many ways', () => {
    const engine = memoryEngine({ topics: 1 })
    for (let index = 0; index < 1002; index++) append(engine, `${index}/x`)
    expect([lost(engine, '5/x', 0), lost(engine, '5/x', 6)]).toEqual([[['5/x', 1001]], [['5/x', 1001]]])
    expect(lost(engine, 'rooms/*', 1000)).toEqual([['rooms/*', 1001]])
  })

  it('is one of values, too: those of others stay', () => {
    const engine = memoryEngine({ retained: 8, retainedSize: 100_000, share: 0.25, messages: 0 })
    const kept = (...topics: string[]): string[] => topics.filter(topic => (engine.past({ patterns: [topic], limit: 1, wants: () => true }) as LogEntry[]).length > 0)
    append(engine, 'theme', { publisher: 'ada', retain: true })
    append(engine, 'prices', { retain: true })
    for (let index = 0; index < 20; index++) append(engine, `${index}`, { publisher: 'mallory', retain: true })
    expect(kept('theme', 'prices', '17', '18', '19')).toEqual(['theme', 'prices', '18', '19'])
    // One that somebody else has set counts for that one.
    append(engine, '18', { publisher: 'ada', retain: true })
    for (const topic of ['20', '21']) append(engine, topic, { publisher: 'mallory', retain: true })
    expect(kept('theme', '18', '19', '20', '21')).toEqual(['theme', '18', '20', '21'])
    for (const topic of ['large', 'larger']) append(engine, topic, { publisher: 'mallory', retain: true, data: 'x'.repeat(20_000) })
    expect(kept('theme', '18', '21', 'large', 'larger')).toEqual(['theme', '18', 'larger'])
  })

  it('is kept whatever is said, and whatever else is evicted', () => {
    const step = fc.tuple(fc.constantFrom('ada', 'bob', 'mallory', undefined), fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), fc.integer({ min: 0, max: 200 }), fc.nat(40))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), steps => {
        let now = 0
        const engine = memoryEngine({ size: 1000, messages: 5, topics: 4, share: 0.4, age: 300, now: () => now })
        const said: { offset: number; publisher: string | undefined; topic: string }[] = []
        for (const [publisher, topic, size, wait] of steps) {
          now += wait
          said.push({ offset: append(engine, topic, { publisher, data: 'x'.repeat(size) }).offset, publisher, topic })
          const { entries } = engine.page({ after: 0, ...everything }) as LogPage
          const kept = new Map(entries.map(entry => [entry.offset, entry.text.length]))
          const sizeOf = (who?: string): number => said.reduce((sum, each) => sum + (who === undefined || each.publisher === who ? (kept.get(each.offset) ?? 0) : 0), 0)
          for (const who of ['ada', 'bob', 'mallory']) expect(sizeOf(who)).toBeLessThanOrEqual(400)
          expect(sizeOf()).toBeLessThanOrEqual(1000)
          // What is gone is lost, and said to be.
          for (const { offset, topic: where } of said) if (!kept.has(offset)) expect(lost(engine, where, offset - 1)).not.toEqual([])
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('values', () => {
  it('are bounded by their size, too', () => {
    const engine = memoryEngine({ retainedSize: 1000, messages: 0 })
    for (const topic of ['a', 'b', 'c']) append(engine, topic, { retain: true, data: 'x'.repeat(330) })
    const kept = (): boolean[] => ['a', 'b', 'c', 'd'].map(topic => (engine.past({ patterns: [topic], limit: 1, wants: () => true }) as LogEntry[]).length > 0)
    expect(kept()).toEqual([false, true, true, false])
    append(engine, 'b', { retain: true, data: 'x'.repeat(700) })
    expect(kept()).toEqual([false, true, false, false])
    append(engine, 'd', { retain: true, data: 'x'.repeat(2000) })
    expect(kept()).toEqual([false, false, false, false])
  })
})

describe('the size of what is kept', () => {
  const to = Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(97, 'x'))

  it('is also that of whom it is for', () => {
    const engine = memoryEngine({ size: 50_000 })
    for (let index = 0; index < 20; index++) append(engine, 'a', { to })
    expect((engine.page({ after: 0, ...everything }) as LogPage).entries.length).toBe(4)
  })

  it('is that of a share, too', () => {
    const engine = memoryEngine({ size: 100_000, share: 0.25 })
    for (let index = 0; index < 20; index++) append(engine, 'a', { to, publisher: 'ada' })
    expect((engine.page({ after: 0, ...everything }) as LogPage).entries.length).toBe(2)
  })
})

describe('what is evicted', () => {
  it('is let go of while its publisher goes on, however much that one keeps', async () => {
    const engine = memoryEngine({ messages: 2, size: 1e9, topics: 1e9, share: 1e-4 })
    const gone: WeakRef<LogEntry>[] = []
    for (let index = 0; index < 200; index++) append(engine, `small/${index}`, { publisher: 'ada' })
    for (let index = 0; index < 80; index++) gone.push(new WeakRef(append(engine, 'large', { data: 'x'.repeat(10_000), publisher: 'ada' })))
    // What the order holds is not what is looked at here.
    for (let index = 0; index < 1200; index++) append(engine, 'other')
    await new Promise(resolve => setImmediate(resolve))
    collectGarbage()
    expect(gone.filter(entry => entry.deref()).length).toBeLessThan(10)
  })

  it('is let go of while other entries stay', async () => {
    const engine = memoryEngine({ messages: 1, size: 10_000 })
    const gone: WeakRef<LogEntry>[] = []
    append(engine, 'small')
    for (let index = 0; index < 20; index++) gone.push(new WeakRef(append(engine, 'large', { data: 'x'.repeat(2000) })))
    // A reference is held until the turn that made it is over.
    await new Promise(resolve => setImmediate(resolve))
    collectGarbage()
    expect(gone.filter(entry => entry.deref()).length).toBeLessThan(6)
  })
})

/** Node gives its collector to those who ask for it. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}
