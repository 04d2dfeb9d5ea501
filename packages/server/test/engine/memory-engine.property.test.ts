import { covers } from '@earshot/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../../src/engine/engine.ts'
import { memoryEngine } from '../../src/engine/memory-engine.ts'

interface Bounds {
  messages: number
  topics: number
  size: number
  age: number
}

type Step = { kind: 'append'; topic: string; length: number } | { kind: 'wait'; ms: number }

const TOPICS = ['a', 'a/1', 'a/2', 'b/1', 'b/1/x', ''] as const
const PATTERNS = [...TOPICS, '**', '*', 'a/*', 'b/**', '*/1', 'nobody/here']

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), topic: fc.constantFrom(...TOPICS), length: fc.nat(60) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(80) }) },
  ),
  { maxLength: 60 },
)
const bounds: fc.Arbitrary<Bounds> = fc.record({
  messages: fc.constantFrom(0, 1, 2, 5, 1000),
  topics: fc.constantFrom(1, 2, 3, 100),
  size: fc.constantFrom(0, 200, 500, 1e6),
  age: fc.constantFrom(0, 50, 200, 1e6),
})

/** The engine as it is described, over plain lists; it forgets nothing but marks it. */
class Naive {
  readonly #bounds: Bounds
  readonly all: { entry: LogEntry; came: number; gone: boolean }[] = []
  #topics: string[] = []
  /** Up to here something may be lost on a topic that is not remembered. */
  floor = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  append(entry: LogEntry, now: number): void {
    const { messages, topics, size } = this.#bounds
    this.all.push({ entry, came: now, gone: false })
    this.#topics = [...this.#topics.filter(topic => topic !== entry.topic), entry.topic]
    this.#drop(this.kept(entry.topic).slice(0, messages === 0 ? undefined : -messages))
    while (this.kept().reduce((sum, { text }) => sum + text.length, 0) > size) this.#drop(this.kept().slice(0, 1))
    for (const forgotten of this.#topics.slice(0, -topics)) {
      this.#drop(this.kept(forgotten))
      this.floor = Math.max(this.floor, ...this.all.filter(each => each.entry.topic === forgotten).map(each => each.entry.offset))
    }
    this.#topics = this.#topics.slice(-topics)
    this.age(now)
  }

  age(now: number): void {
    this.#drop(this.all.filter(({ came }) => came < now - this.#bounds.age).map(({ entry }) => entry))
  }

  kept(topic?: string): LogEntry[] {
    return this.all.filter(({ entry, gone }) => !gone && (topic === undefined || entry.topic === topic)).map(({ entry }) => entry)
  }

  /** Topics within a pattern of which something later than an offset is gone, with the highest such offset. */
  lost(pattern: string, after: number): Map<string, number> {
    const lost = new Map<string, number>()
    for (const { entry, gone } of this.all) {
      if (gone && entry.offset > after && isOn(pattern, entry.topic)) lost.set(entry.topic, entry.offset)
    }
    return lost
  }

  #drop(entries: readonly LogEntry[]): void {
    for (const each of this.all) if (entries.includes(each.entry)) each.gone = true
  }
}

function isOn(pattern: string, topic: string): boolean {
  return pattern === topic || (topic !== '' && covers(pattern, topic))
}

/** Plays steps on the engine and on the model. */
function play(given: readonly Step[], limits: Bounds): { engine: ReturnType<typeof memoryEngine>; naive: Naive } {
  let now = 1000
  const engine = memoryEngine({ ...limits, now: () => now })
  const naive = new Naive(limits)
  for (const [index, step] of given.entries()) {
    if (step.kind === 'wait') now += step.ms
    else naive.append(engine.append({ topic: step.topic, from: '', tag: 't', clock: index, time: 0, userId: null, data: 'x'.repeat(step.length) }) as LogEntry, now)
  }
  naive.age(now)
  return { engine, naive }
}

describe('a memory engine', { timeout: 30_000 }, () => {
  it('keeps what its bounds allow, and gives it by pages of any size', async () => {
    await fc.assert(
      fc.asyncProperty(steps, bounds, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 400 }), fc.constantFrom(...PATTERNS), async (given, limits, limit, size, pattern) => {
        const { engine, naive } = play(given, limits)
        const wants = (entry: LogEntry): boolean => isOn(pattern, entry.topic)
        for (let after = 0; after <= engine.head; after++) {
          const expected = naive.kept().filter(entry => entry.offset > after && wants(entry))
          const found: LogEntry[] = []
          for (let at = after; at < engine.head; ) {
            const page = await engine.page({ after: at, limit, size, wants })
            expect(page.entries.length).toBeLessThanOrEqual(limit)
            if (page.entries.length > 1) expect(page.entries.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(size)
            expect(page.offset).toBeGreaterThan(at)
            found.push(...page.entries)
            at = page.offset
          }
          expect(found).toEqual(expected)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('gives the past as plain lists would', async () => {
    await fc.assert(
      fc.asyncProperty(steps, bounds, fc.nat(10), fc.option(fc.nat(60), { nil: undefined }), fc.subarray(PATTERNS, { minLength: 1, maxLength: 3 }), async (given, limits, limit, before, patterns) => {
        const { engine, naive } = play(given, limits)
        const wants = (entry: LogEntry): boolean => entry.offset % 3 > 0
        const all = naive.kept().filter(entry => entry.offset < (before ?? Infinity) && wants(entry) && patterns.some(pattern => isOn(pattern, entry.topic)))
        expect(await engine.past({ patterns, limit, before, wants })).toEqual(limit === 0 ? [] : all.slice(-limit))
      }),
      { numRuns: 500 },
    )
  })

  it('tells of losses one too many, never one too few', async () => {
    let exact = 0
    await fc.assert(
      fc.asyncProperty(steps, bounds, fc.constantFrom(...PATTERNS), async (given, limits, pattern) => {
        const { engine, naive } = play(given, limits)
        for (let after = 0; after <= engine.head; after++) {
          const told = await engine.lost({ since: new Map([[pattern, after]]), limit: 100 })
          const lost = naive.lost(pattern, after)
          for (const [topic, offset] of lost) {
            exact++
            expect(told.some(([name, highest]) => highest >= offset && (name === topic || name === pattern))).toBe(true)
          }
          for (const [name, highest] of told) {
            expect(highest).toBeGreaterThan(after)
            // One too many only where topics were forgotten.
            if (highest > naive.floor) expect(lost.get(name)).toBe(highest)
            expect(isOn(pattern, name)).toBe(true)
          }
        }
      }),
      { numRuns: 300 },
    )
    expect(exact).toBeGreaterThan(100)
  })
})
