import { describe, expect, it } from 'vitest'
import { Lane } from '../../src/relay/lane.ts'

/** A task that ends when it is told to. */
function held(done: string[], name: string): { task: () => Promise<void>; end: () => Promise<void> } {
  let end = (): void => {}
  const ended = new Promise<void>(resolve => (end = resolve))
  return {
    task: async () => {
      done.push(`${name} begins`)
      await ended
      done.push(`${name} ends`)
    },
    end: async () => {
      end()
      for (let round = 0; round < 10; round++) await ended
    },
  }
}

describe('a lane', () => {
  it('runs at once what has nothing to wait for', () => {
    const lane = new Lane()
    const done: number[] = []
    for (const number of [1, 2, 3]) lane.run(() => void done.push(number))
    expect([done, lane.size]).toEqual([[1, 2, 3], 0])
  })

  it('runs one task after the other, in their order', async () => {
    const lane = new Lane()
    const done: string[] = []
    const [one, two] = [held(done, 'one'), held(done, 'two')]
    lane.run(one.task)
    lane.run(two.task)
    lane.run(() => void done.push('three'))
    expect([done, lane.size]).toEqual([['one begins'], 2])
    await one.end()
    expect([done.slice(1), lane.size]).toEqual([['one ends', 'two begins'], 1])
    await two.end()
    expect([done.slice(3), lane.size]).toEqual([['two ends', 'three'], 0])
    lane.run(() => void done.push('four'))
    expect(done.at(-1)).toBe('four')
  })

  it('runs what a task adds after what waits already', async () => {
    const lane = new Lane()
    const done: string[] = []
    const one = held(done, 'one')
    lane.run(async () => {
      lane.run(() => void done.push('added'))
      await one.task()
    })
    lane.run(() => void done.push('waited'))
    await one.end()
    expect(done).toEqual(['one begins', 'one ends', 'added', 'waited'])
  })

  it('counts what waiting tasks hold, and forgets it with them', async () => {
    const lane = new Lane()
    const done: string[] = []
    const gate = held(done, 'gate')
    lane.run(gate.task, 10)
    lane.run(() => void done.push('forgotten'), 5)
    lane.run(() => void done.push('forgotten'), 7)
    expect([lane.held, lane.size]).toEqual([12, 2])
    lane.clear()
    expect([lane.held, lane.size]).toEqual([0, 0])
    lane.run(() => void done.push('after'), 3)
    await gate.end()
    expect([lane.held, done]).toEqual([0, ['gate begins', 'gate ends', 'after']])
  })

  it('runs many that wait for nothing without growing the stack', async () => {
    const lane = new Lane()
    const gate = held([], 'gate')
    let count = 0
    lane.run(gate.task)
    for (let index = 0; index < 4000; index++) lane.run(() => void count++)
    await gate.end()
    expect(count).toBe(4000)
  })
})
