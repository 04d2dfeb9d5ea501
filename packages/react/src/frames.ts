/** Runs a task with the next frame, once however often it was asked for. */
export type Frames = (task: () => void) => void

/** Runs tasks once a frame: all in the same one, so that React commits once. */
export function createFrames(): Frames {
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
    // A hidden page has no frames, and one that is hidden before its frame never gets it.
    if (page?.hidden !== false) return queueMicrotask(flush)
    requestAnimationFrame(flush)
    page.addEventListener('visibilitychange', flush)
  }
}
