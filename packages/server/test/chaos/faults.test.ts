import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { LOG_FAULTS } from './log-faults.ts'
import type { Fault } from './planting.ts'
import { run } from './run.ts'
import { type Act, type Schedule, schedules } from './schedule.ts'
import { SESSION_FAULTS } from './session-faults.ts'
import { SHARED_FAULTS } from './shared-faults.ts'

/** The same schedules each time; a fault that none of them brings to light is not caught. */
const tried = { own: fc.sample(schedules('own'), { numRuns: 1000, seed: 1 }), shared: fc.sample(schedules('shared'), { numRuns: 1000, seed: 1 }) }
const faults = [...[...LOG_FAULTS, ...SESSION_FAULTS].map(([item, fault]) => ({ item, sockets: 'own' as const, fault })), ...SHARED_FAULTS.map(([item, fault]) => ({ item, sockets: 'shared' as const, fault }))]
  .sort((one, other) => one.item - other.item)
/** Of which schedules each fault took how many, and by what it was found. */
const table: { item: number; fault: string; sockets: string; of: 'any' | 'narrowed'; schedules: number; found: string }[] = []

afterAll(() => {
  if (process.env['FAULT_TABLE']) for (const row of [...table].sort((one, other) => one.sockets.localeCompare(other.sockets))) console.log(`| ${row.item} | ${row.fault} | ${row.of} | ${row.schedules} | ${row.sockets}: ${row.found} |`)
})

function fitted(any: Schedule, { acts, around }: Fault): Schedule {
  const schedule = { ...any, ...around }
  if (!acts) return schedule
  return {
    ...schedule,
    acts: schedule.acts.map(([was, who, how], i): Act => {
      const kind = acts.includes(was) ? was : (acts[(i + how) % acts.length] ?? was)
      return [kind, who, how]
    }),
  }
}

/** Plays schedules until the checker finds something. */
async function untilCaught(fault: Fault, among: readonly Schedule[]): Promise<{ count: number; schedule: Schedule; found: string } | undefined> {
  for (const [index, any] of among.entries()) {
    const { plant, habitat, weather } = fault
    const schedule = fitted(any, fault)
    let undo: (() => void) | void = undefined
    const [found] = await run(schedule, world => {
      weather?.(world)
      undo = plant?.(world)
    }, habitat).finally(() => undo?.())
    if (found !== undefined) return { count: index + 1, schedule, found }
  }
  return undefined
}

describe('a fault of old that is brought back', () => {
  it.each(faults.map(({ item, sockets, fault }) => [item, fault.name, sockets, fault] as const))('is caught: %d, %s, over %s sockets', { timeout: 60_000 }, async (item, name, sockets, fault) => {
    const caught = await untilCaught(fault, tried[sockets])
    if (!caught) return expect.fail(`${name}: it was in ${tried[sockets].length} schedules, and nothing was found`)
    table.push({ item, fault: name, sockets, of: fault.acts || fault.around || fault.weather ? 'narrowed' : 'any', schedules: caught.count, found: caught.found.slice(0, 100) })
    // It is the fault that was found, and not something else.
    expect(await run(caught.schedule, fault.weather)).toEqual([])
  })
})
