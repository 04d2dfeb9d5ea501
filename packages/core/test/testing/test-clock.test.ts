import { describe, expect, it } from 'vitest'
import { testClock } from '../../src/testing/index.ts'

describe('testClock', () => {
  it('stands still until it is moved', async () => {
    const clock = testClock(500)
    expect(clock.now()).toBe(500)
    await clock.advance(20)
    expect(clock.now()).toBe(520)
  })

  it('runs tasks in order of time, then of scheduling', async () => {
    const clock = testClock()
    const log: string[] = []
    const note = (name: string) => () => void log.push(`${name}@${clock.now()}`)
    clock.after(20, note('c'))
    clock.after(10, note('a'))
    clock.after(10, note('b'))
    clock.after(-5, note('now'))
    clock.after(30, note('later'))
    await clock.advance(20)
    expect(log).toEqual(['now@0', 'a@10', 'b@10', 'c@20'])
    expect(clock.pending).toBe(1)
  })

  it('orders many tasks', async () => {
    const clock = testClock()
    const ran: number[] = []
    for (let i = 0; i < 500; i++) clock.after((i * 7919) % 101, () => ran.push((i * 7919) % 101))
    await clock.advance(101)
    expect(ran).toEqual([...ran].sort((a, b) => a - b))
    expect(ran).toHaveLength(500)
  })

  it('runs microtasks before, between and after tasks', async () => {
    const clock = testClock()
    const log: string[] = []
    void Promise.resolve().then(() => clock.after(0, () => log.push('from a microtask')))
    clock.after(1, () => {
      log.push('first')
      void (async () => {
        for (let i = 0; i < 20; i++) await Promise.resolve()
        log.push('its microtasks')
      })()
    })
    clock.after(1, () => log.push('second'))
    await clock.advance(1)
    expect(log).toEqual(['from a microtask', 'first', 'its microtasks', 'second'])
  })

  it('runs what tasks schedule, without moving time in runDue', async () => {
    const clock = testClock()
    const log: string[] = []
    clock.after(0, () => clock.after(0, () => log.push('nested')))
    clock.after(1, () => log.push('later'))
    await clock.runDue()
    expect(log).toEqual(['nested'])
    expect(clock.now()).toBe(0)
  })

  it('forgets a cancelled task, any number of times', async () => {
    const clock = testClock()
    const cancel = clock.after(5, () => expect.unreachable())
    clock.after(5, () => {})
    cancel()
    cancel()
    expect(clock.pending).toBe(1)
    await clock.advance(5)
    cancel()
    expect(clock.pending).toBe(0)
  })

  it('throws what tasks threw after the others have run', async () => {
    const clock = testClock()
    const log: string[] = []
    clock.after(0, () => {
      throw new Error('broken')
    })
    clock.after(1, () => log.push('ran'))
    await expect(clock.advance(5)).rejects.toThrow('broken')
    expect(log).toEqual(['ran'])
    expect(clock.now()).toBe(5)
  })

  it('gathers several errors', async () => {
    const clock = testClock()
    for (const name of ['one', 'two']) {
      clock.after(0, () => {
        throw new Error(name)
      })
    }
    await expect(clock.runDue()).rejects.toMatchObject({ errors: [{ message: 'one' }, { message: 'two' }] })
  })

  it('stops a task that schedules itself without end', async () => {
    const clock = testClock()
    const again = (): void => void clock.after(0, again)
    again()
    await expect(clock.runDue()).rejects.toThrow(/More than 100000 tasks/)
  })

  it('refuses delays that no browser can wait, and time that goes back', async () => {
    const clock = testClock()
    expect(() => clock.after(Number.NaN, () => {})).toThrow(RangeError)
    expect(() => clock.after(2 ** 31, () => {})).toThrow('2147483647')
    await expect(clock.advance(-1)).rejects.toThrow(RangeError)
  })
})
