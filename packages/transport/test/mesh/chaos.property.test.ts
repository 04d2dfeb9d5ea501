import type { Engine, LocksOption } from '@earshot/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ACTS, Chaos, faults, rosterFaults, type Schedule } from '../support/chaos.ts'

const act = fc.tuple(fc.constantFrom(...ACTS), fc.nat(5), fc.nat(41))

function schedule(loss: readonly number[], locks: readonly LocksOption[]): fc.Arbitrary<Schedule> {
  return fc.record({
    locks: fc.constantFrom(...locks),
    engine: fc.constantFrom<Engine>('chromium', 'webkit', 'firefox'),
    latency: fc.constantFrom(0, 4),
    reorderGrants: fc.boolean(),
    seed: fc.nat(1_000_000),
    loss: fc.constantFrom(...loss),
    acts: fc.array(act, { minLength: 5, maxLength: 60, size: 'max' }),
  })
}

async function run(given: Schedule): Promise<string[]> {
  const chaos = new Chaos(given)
  await chaos.play(given.acts)
  await chaos.finish()
  const found = [...faults(chaos, given.loss > 0), ...rosterFaults(chaos)]
  for (const { app } of chaos.living()) void app.hub.close()
  await chaos.browser.advance(1000)
  const { channels, locks, requests, listeners, timers } = chaos.browser.leaks()
  const left = { channels, locks, requests, listeners, timers }
  if (Object.values(left).some(count => count > 0)) found.push(`left behind: ${JSON.stringify(left)}`)
  return found
}

/** Tabs that do anything at any time; a failure names the seed that repeats it. */
describe('the mesh under random joins, ends, absences, publishes and settings of the clock', () => {
  it.each<[name: string, loss: number[], locks: LocksOption[], numRuns: number]>([
    ['loses nothing in silence, says nothing twice, keeps order, agrees on who is here, leaves nothing behind', [0], [true], 150],
    ['does so without Web Locks, where they are denied, and where they cannot be listed', [0], [false, 'denied', 'no-query'], 150],
    ['heals what deliveries that are lost or cannot be read tear out, or says that there is a gap', [0.05, 0.2, 0.5], [true], 60],
    ['heals it without Web Locks, too', [0.05, 0.2, 0.5], [false, 'denied', 'no-query'], 60],
  ])('%s', { timeout: 60_000 }, async (_name, loss, locks, numRuns) => {
    await fc.assert(fc.asyncProperty(schedule(loss, locks), async given => {
      expect(await run(given)).toEqual([])
    }), { numRuns })
  })
})
