import { describe, expect, it } from 'vitest'
import { memoryEngine } from '../../src/engine/memory-engine.ts'
import { type CreateEngine, engineCases } from '../../src/testing/engine-cases.ts'

const create: CreateEngine = bounds => {
  let now = 0
  return {
    engine: memoryEngine({ ...bounds, now: () => now }),
    advance: ms => {
      now += ms
    },
  }
}

describe('memoryEngine()', () => {
  it.each(engineCases(create))('%s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined()
  })
})
