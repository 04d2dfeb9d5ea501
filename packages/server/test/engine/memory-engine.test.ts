import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import type { Engine, LogEntry, LogPage, Publication } from '../../src/engine/engine.ts'
import { memoryEngine, type MemoryEngineOptions } from '../../src/engine/memory-engine.ts'

const append = (engine: Engine, topic: string, more: Partial<Publication> = {}): LogEntry =>
  engine.append({ topic, from: '', tag: 't', clock: 1, time: 0, userId: null, data: 1, ...more }) as LogEntry
const everything = { limit: 1000, size: 1e9, wants: () => true }

describe('the options of a memory engine', () => {
  it.each<[string, MemoryEngineOptions]>([
    ['messages', { messages: -1 }],
    ['topics', { topics: Number.NaN }],
    ['size', { size: -0.1 }],
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
    expect(engine.lost('a', 0)).not.toEqual([])
    expect(engine.lost('b', 1)).toEqual([['b', 2]])
  })
})

describe('a page', () => {
  it('looks at so many entries only: others have their turn before the next', () => {
    const engine = memoryEngine({ messages: 100_000 })
    for (let index = 0; index < 25_000; index++) append(engine, 't')
    let looked = 0
    const wants = (): boolean => ++looked < 0
    const offsets: number[] = []
    for (let after = 0; after < engine.head; ) {
      const page = engine.page({ ...everything, after, wants }) as LogPage
      expect(looked).toBeLessThanOrEqual(10_000)
      looked = 0
      offsets.push((after = page.offset))
    }
    expect(offsets).toEqual([10_000, 20_000, 25_000])
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

describe('what is evicted', () => {
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
