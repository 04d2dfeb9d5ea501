import { faults } from './checker.ts'
import type { Habitat } from './page.ts'
import type { Schedule } from './schedule.ts'
import { World } from './world.ts'

/** Plays a schedule to its end; gives what is wrong, as sentences. */
export async function run(schedule: Schedule, prepare: (world: World) => void = () => {}, habitat?: Habitat): Promise<string[]> {
  const world = new World(schedule, habitat)
  prepare(world)
  await world.play(schedule.acts)
  await world.finish()
  const found = [...faults(world.facts), ...world.rosterFaults(), ...world.relayErrors.map(error => `the relay reports ${String(error)}`)]
  if (found.length > 0) return [...found, world.network.story]
  const left = Object.entries(await world.close()).filter(([, count]) => count > 0)
  return left.length > 0 ? [`left behind: ${JSON.stringify(left)}`, world.network.story] : []
}
