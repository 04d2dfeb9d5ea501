import type { LocksLike } from '@earshot/core'
import { holdLock } from './locks.ts'

/** Calls `gone` once when whoever holds the lock is gone, however it went; the result stops waiting for that. */
export function watchLock(locks: LocksLike, name: string, gone: () => void): () => void {
  let isOver = false
  const watch = holdLock(locks, name, { mode: 'shared' })
  watch.granted.then(
    () => {
      watch.release()
      if (!isOver) gone()
    },
    () => {}, // it was called off, or locks are denied: then nobody is known to be gone
  )
  return () => {
    isOver = true
    watch.release()
  }
}
