import { PatternIndex } from '@earshot/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Engine, LogPage, MemoryEngineOptions } from '../../src/index.ts'
import { memoryEngine } from '../../src/engine/memory-engine.ts'
import { Turns, type Work } from '../../src/engine/turns.ts'

/** What may be looked at until others have their turn: a portion, and the part that was begun with the last of it. */
const TURN = 5000 + 2000

interface Scene {
  readonly engine: Engine
  /** Whether there was more to do. Afterwards everything that could be done in this turn is done. */
  turn(): Promise<boolean>
}

/** A log whose turns come when a test says so. */
function scene(options: MemoryEngineOptions = {}): Scene {
  const tasks: (() => void)[] = []
  const engine = memoryEngine({ messages: 100_000, now: () => 0, ...options })
  engine.connect(() => {}, () => {}, task => tasks.push(task))
  return {
    engine,
    turn: async () => {
      const due = tasks.splice(0)
      for (const task of due) task()
      for (let i = 0; i < 50; i++) await Promise.resolve()
      return due.length > 0
    },
  }
}

function fill({ engine }: Scene, messages: number, topics: number): void {
  for (let index = 0; index < messages; index++) void engine.append({ topic: `t/${index % topics}`, from: '', tag: 't', clock: index, time: 0, userId: null, data: null })
}

describe('a long question', () => {
  it('for the past leaves others their turn, however many are asked at once', async () => {
    const log = scene()
    fill(log, 20_000, 20)
    let looked = 0
    const wants = (): boolean => ++looked < 0
    const answers: unknown[] = []
    for (let index = 0; index < 20; index++) void Promise.resolve(log.engine.past({ patterns: ['t/*', `u/${index}`], limit: 10, wants })).then(answer => answers.push(answer))
    let turns = 0
    do {
      expect(looked).toBeLessThanOrEqual(TURN)
      looked = 0
      turns++
    } while (await log.turn())
    expect(answers).toEqual(Array(20).fill([]))
    expect(turns).toBeGreaterThanOrEqual(20 * 20_000 / TURN)
  })

  it('for the past of one topic does, too, and misses nothing that is kept all the time', async () => {
    const log = scene({ messages: 3000 })
    fill(log, 20_000, 1)
    let looked = 0
    let offsets: number[] | undefined
    // Others publish in every turn, and so push out what is old.
    const more = (): void => fill(log, 10, 1)
    const wants = ({ offset }: { offset: number }): boolean => ++looked > 0 && offset % 100 === 0
    const asked = Array.from({ length: 10 }, () => log.engine.past({ patterns: ['t/0'], limit: 100, wants }))
    void Promise.all(asked).then(answers => (offsets = answers[9]?.map(({ offset }) => offset)))
    do {
      // What is short is answered at once, as the first part of what is long.
      expect(looked).toBeLessThanOrEqual(TURN + asked.length * 500)
      looked = 0
      more()
    } while (await log.turn())
    const all = Array.from({ length: 30 }, (_, index) => 17_100 + index * 100)
    expect(offsets?.at(-1)).toBe(20_000)
    expect(offsets).toEqual(all.slice(-(offsets?.length ?? 0)))
    expect(offsets?.length).toBeGreaterThan(28)
  })

  it('for pages leaves others their turn', async () => {
    const log = scene()
    fill(log, 10_000, 10)
    let looked = 0
    const wants = (): boolean => ++looked < 0
    const reach: number[] = []
    const read = async (): Promise<void> => {
      let page: LogPage = { entries: [], offset: 0 }
      while (page.offset < log.engine.head) page = await log.engine.page({ after: page.offset, limit: 10, size: 1e6, wants })
      reach.push(page.offset)
    }
    for (let index = 0; index < 10; index++) void read()
    do {
      expect(looked).toBeLessThanOrEqual(TURN)
      looked = 0
    } while (await log.turn())
    expect(reach).toEqual(Array(10).fill(10_000))
  })

  it('for what was lost looks at each topic once, whatever the number of patterns, and leaves others their turn', async () => {
    const log = scene({ messages: 1 })
    fill(log, 40_000, 20_000)
    const match = vi.spyOn(PatternIndex.prototype, 'match')
    onTestFinished(() => match.mockRestore())
    const since = new Map<string, number>(Array.from({ length: 1000 }, (_, index) => [index % 2 ? `rooms/${index}/*` : `t/${index}/**`, 0]))
    since.set('t/*', 19_000)
    let losses: unknown
    void Promise.resolve(log.engine.lost({ since, limit: 2000 })).then(answer => (losses = answer))
    let total = 0
    do {
      expect(match.mock.calls.length).toBeLessThanOrEqual(TURN)
      total += match.mock.calls.length
      match.mockClear()
    } while (await log.turn())
    expect(total).toBe(20_000)
    expect(losses).toEqual(Array.from({ length: 1000 }, (_, index) => [`t/${19_000 + index}`, 19_001 + index]))
  })

  it('for what was lost looks at nothing that has lost nothing since', async () => {
    const log = scene({ messages: 1 })
    fill(log, 20_000, 10_000)
    for (let index = 0; index < 3; index++) fill(log, 2, 2)
    const match = vi.spyOn(PatternIndex.prototype, 'match')
    onTestFinished(() => match.mockRestore())
    const ask = (after: number): unknown => log.engine.lost({ since: new Map([['t/*', after]]), limit: 100 })
    expect(ask(20_004)).toEqual([])
    expect(match).not.toHaveBeenCalled()
    expect(ask(20_001)).toEqual([['t/0', 20_003], ['t/1', 20_004]])
    expect(match.mock.calls.length).toBe(2)
  })

  it('for what was lost tells what goes on losing meanwhile, and what is forgotten', async () => {
    const log = scene({ messages: 1, topics: 20_000 })
    fill(log, 40_000, 20_000)
    let losses: readonly (readonly [string, number])[] = []
    // So much is asked before that it has to wait.
    void log.engine.past({ patterns: ['**'], limit: 1, wants: () => false })
    void Promise.resolve(log.engine.lost({ since: new Map([['t/*', 15_000]]), limit: 100_000 })).then(answer => (losses = answer))
    const publish = (topic: string): unknown => log.engine.append({ topic, from: '', tag: 't', clock: 1, time: 0, userId: null, data: null })
    for (let turn = 0; await log.turn(); turn++) {
      publish(`t/${19_999 - turn}`)
      if (turn === 1) publish('t/new')
    }
    const told = new Map(losses)
    for (let index = 15_000; index < 20_000; index++) expect(told.get(`t/${index}`) ?? told.get('t/*')).toBeGreaterThan(15_000)
    // t/0 was forgotten for the new one, with what it had.
    expect(told.get('t/*')).toBe(20_001)
  })
})

describe('turns', () => {
  it('do nothing more of what fails, and go on with the rest', async () => {
    const tasks: (() => void)[] = []
    const turns = new Turns(task => tasks.push(task))
    function* work(fails: boolean): Work<string> {
      turns.spend(10_000)
      yield
      if (fails) throw new RangeError('no disk')
      return 'done'
    }
    const answers = Promise.allSettled([turns.run(work(true)), turns.run(work(false)), turns.run(work(true))])
    for (let task = tasks.shift(); task; task = tasks.shift()) task()
    expect((await answers).map(each => (each.status === 'fulfilled' ? each.value : (each.reason as Error).message))).toEqual(['no disk', 'done', 'no disk'])
  })

  it('go on with what waits when others run them', async () => {
    const turns = new Turns(() => {})
    turns.spend(10_000)
    const answer = turns.once(() => 1)
    turns.use(task => task())
    expect(await answer).toBe(1)
  })
})
