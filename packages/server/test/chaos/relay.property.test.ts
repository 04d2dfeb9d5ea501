import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { run } from './run.ts'
import { type Schedule, schedules } from './schedule.ts'
import type { World } from './world.ts'

/** One schedule alone, with every frame that passes: as JSON. */
const only = process.env['CHAOS_SCHEDULE']
const runs = Number(process.env['CHAOS_RUNS'] ?? 2000)
/** Milliseconds for each; on a busy machine they took 60. */
const PATIENCE = 200

/** Clients that do anything at any time, over a network that does; a failure names the seed and the schedule that repeat it. */
describe.each(['own', 'shared'] as const)('the relay and its clients under random schedules, with %s sockets', sockets => {
  it('lose nothing in silence, say nothing twice, keep one order, and leave nothing behind', { timeout: 60_000 + runs * PATIENCE }, async () => {
    if (only) return expect(await run(JSON.parse(only) as Schedule, trace)).toEqual([])
    await fc.assert(
      fc.asyncProperty(schedules(sockets), async schedule => {
        expect(await run(schedule)).toEqual([])
      }),
      { numRuns: runs },
    )
  })
})

/** Prints every frame when it arrives. */
function trace({ network }: World): void {
  network.filter({
    up(frame, { name }) {
      console.log(`${network.clock.now()} ${name} → ${JSON.stringify(frame)}`)
      return frame
    },
    down(frame, { name }) {
      console.log(`${network.clock.now()} ${name} ← ${JSON.stringify(frame)}`)
      return frame
    },
  })
}
