import type { Cancel, Clock } from '../base/clock.ts'
import { TaskQueue } from './task-queue.ts'

/** A clock that stands still until a test moves it. */
export interface TestClock extends Clock {
  /** How many tasks wait, due or not: zero after a clean teardown. */
  readonly pending: number
  /**
   * Moves time on by `ms` milliseconds and runs what becomes due on the way, in order of time and then of scheduling.
   * Microtasks run between tasks. What tasks throw is thrown at the end, after all the others have run.
   * @throws RangeError when `ms` is negative, Error after 100,000 tasks
   */
  advance(ms: number): Promise<void>
  /** Runs what is due now, and what that makes due now, without moving time. */
  runDue(): Promise<void>
}

const MAX_TASKS = 100_000
const MAX_DELAY = 2_147_483_647
const MICROTASK_ROUNDS = 32
const settled = Promise.resolve()

/** A clock whose time, in milliseconds, begins at `start` and is moved by hand. */
export function testClock(start = 0): TestClock {
  return new HandClock(start)
}

/** Lets pending microtasks run: promise chains up to some thirty steps deep. */
export async function runMicrotasks(): Promise<void> {
  for (let round = 0; round < MICROTASK_ROUNDS; round++) await settled
}

class HandClock implements TestClock {
  readonly #tasks = new TaskQueue()
  #time: number
  #pending = 0

  constructor(start: number) {
    this.#time = start
  }

  get pending(): number {
    return this.#pending
  }

  now(): number {
    return this.#time
  }

  after(delay: number, run: () => void): Cancel {
    // A browser runs such a timer at once; a test should hear of it.
    if (!(delay <= MAX_DELAY)) throw new RangeError(`A timer cannot wait ${delay} ms: the longest is ${MAX_DELAY} ms.`)
    const task = this.#tasks.add(this.#time + Math.max(0, delay), run)
    this.#pending += 1
    return () => {
      if (task.cancelled) return
      task.cancelled = true
      this.#pending -= 1
    }
  }

  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`Time cannot move by ${ms} ms: give a number that is not negative.`)
    const target = this.#time + ms
    const errors: unknown[] = []
    let ran = 0
    await runMicrotasks()
    for (let task = this.#tasks.take(target); task !== undefined; task = this.#tasks.take(target)) {
      if (++ran > MAX_TASKS) throw new Error(`More than ${MAX_TASKS} tasks ran in one advance of ${ms} ms: something schedules itself without end.`)
      this.#time = Math.max(this.#time, task.due)
      task.cancelled = true
      this.#pending -= 1
      try {
        task.run()
      } catch (error) {
        errors.push(error)
      }
      await runMicrotasks()
    }
    this.#time = Math.max(this.#time, target)
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} tasks threw.`)
  }

  runDue(): Promise<void> {
    return this.advance(0)
  }
}
