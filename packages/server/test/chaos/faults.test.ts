import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { FAULTS, type Fault } from './faults.ts'
import { run } from './run.ts'
import { schedules } from './schedule.ts'

/** Schedules that a fault may take to be caught. */
const PATIENCE = 2000
const table: Record<string, { schedules: number; caught: string }> = {}

afterAll(() => console.table(table))

/** Plays schedules until the checker finds something; gives how many it took, and what it found. */
async function untilCaught({ plant, habitat, given }: Fault): Promise<{ schedules: number; caught: string }> {
  let count = 0
  for (const schedule of fc.sample(schedules, { numRuns: PATIENCE, seed: 1 })) {
    count++
    let undo: (() => void) | void = undefined
    const [found] = await run({ ...schedule, ...given }, world => (undo = plant(world)), habitat).finally(() => undo?.())
    if (found !== undefined) return { schedules: count, caught: found }
  }
  return { schedules: count, caught: '' }
}

describe('a fault that is brought back', () => {
  it.each(FAULTS.map(fault => [fault.name, fault] as const))('is caught: %s', { timeout: 120_000 }, async (name, fault) => {
    const result = await untilCaught(fault)
    table[name] = result
    expect(result.caught).not.toBe('')
  })
})
