import { testClock } from '@earshot/core/testing'
import { expect, it } from 'vitest'
import { memoryEngine } from '../../src/index.ts'
import type { Desk } from '../../src/relay/desk.ts'
import { FanOut } from '../../src/relay/fan-out.ts'
import { DEFAULT_LIMITS } from '../../src/relay/limits.ts'
import { Presences } from '../../src/relay/presences.ts'
import { regrant } from '../../src/relay/regrant.ts'
import { attach, openPeer, recordOf } from './support.ts'

it('waits once for a session, whatever the number of tokens, and once more for those that come while it is looked at', async () => {
  const [clock, limits] = [testClock(), DEFAULT_LIMITS]
  const none = (): void => {}
  const counts = { published: 0, refused: 0, turnedAway: 0, postponed: 0, recovered: 0, gaps: 0 }
  const desk: Desk = { engine: memoryEngine(), limits, counts, fanOut: new FanOut(limits), presences: new Presences(clock), rest: async () => {}, now: () => 0, expel: none, postpone: none, publishing: undefined, failed: none }
  const record = recordOf('ada')
  const attachment = attach(openPeer(), 0, record, ['a'])
  let free = none
  record.lane.run(() => new Promise(resolve => (free = resolve)))
  for (let token = 0; token < 1000; token++) regrant(desk, attachment)
  expect(record.lane.size).toBe(1)
  free()
  await expect.poll(() => record.lane.size).toBe(0)
  for (let token = 0; token < 1000; token++) regrant(desk, attachment)
  expect(record.lane.size).toBeLessThanOrEqual(1)
  expect(attachment.isGranted('a')).toBe(true)
})
