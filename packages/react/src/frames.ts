import type { Session } from '@earshot/core'

/** Runs a task with the next frame, once however often it was asked for. */
export type Frames = (task: () => void) => void

/** Runs a session's tasks once a frame, of its hub's clock if that has any: all in the same one, so that React commits once. */
export function createFrames({ hub: { clock } }: Session): Frames {
  const due = new Set<() => void>()
  const page = globalThis.document
  const flush = (): void => {
    page?.removeEventListener('visibilitychange', flush)
    const tasks = [...due]
    due.clear()
    for (const task of tasks) task()
  }
  return task => {
    const isAwaited = due.size
    due.add(task)
    if (isAwaited) return
    if (clock.frame) return clock.frame(flush)
    // A hidden page has no frames, and one that is hidden before its frame never gets it.
    if (page?.hidden !== false) return queueMicrotask(flush)
    requestAnimationFrame(flush)
    page.addEventListener('visibilitychange', flush)
  }
}
