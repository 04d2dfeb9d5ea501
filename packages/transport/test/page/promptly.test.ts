import { type Clock, systemClock } from '@earshot/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { promptly } from '../../src/page/promptly.ts'

const after = (delay: number): Promise<number> => new Promise(resolve => promptly(systemClock, delay, () => resolve(delay)))

describe('a prompt timer', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('runs its task, the shorter one first, and is not one that pages hold back', async () => {
    vi.stubGlobal('setTimeout', () => expect.unreachable())
    expect(await Promise.race([after(30), after(1)])).toBe(1)
  })

  it('runs nothing once it is cancelled', async () => {
    const task = vi.fn<() => void>()
    promptly(systemClock, 1, task)()
    await after(20)
    expect(task).not.toHaveBeenCalled()
  })

  it('is a plain timer where memory cannot be waited for', () => {
    vi.stubGlobal('WebAssembly', undefined)
    const start = vi.fn<(task: () => void, delay: number) => number>(() => 7)
    const clear = vi.fn<(timer: number) => void>()
    vi.stubGlobal('setTimeout', start)
    vi.stubGlobal('clearTimeout', clear)
    const task = (): void => {}
    promptly(systemClock, 100, task)()
    expect(start.mock.calls).toEqual([[task, 100]])
    expect(clear.mock.calls).toEqual([[7]])
  })

  it('comes from the clock where one is given: its own, else its timers', () => {
    const calls: string[] = []
    const plain: Clock = { now: () => 0, after: delay => () => void calls.push(`after ${delay}`) }
    const clocks = [plain, { ...plain, promptly: (delay: number) => () => void calls.push(`promptly ${delay}`) }]
    for (const clock of clocks) promptly(clock, 5, () => {})()
    expect(calls).toEqual(['after 5', 'promptly 5'])
  })
})
