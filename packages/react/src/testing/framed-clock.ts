import type { Clock } from '@earshot/core'
import type { TestTab } from '@earshot/core/testing'

/** A page's time, with frames that come when they are run. */
export interface FramedClock extends Required<Clock> {
  /** Runs what waits for a frame; says how much that was. A frozen page keeps it, and in one that is gone nothing runs again. */
  runFrames(): number
}

/** The clock of a page, with frames. */
export function framedClock(page: TestTab): FramedClock {
  const { clock } = page.env
  let waiting: (() => void)[] = []
  return {
    now: () => clock.now(),
    after: (delay, task) => clock.after(delay, task),
    promptly: (delay, task) => (clock.promptly ? clock.promptly(delay, task) : clock.after(delay, task)),
    frame: task => void waiting.push(task),
    runFrames() {
      if (page.state !== 'visible' && page.state !== 'hidden') return 0
      const due = waiting
      waiting = []
      for (const task of due) task()
      return due.length
    },
  }
}
