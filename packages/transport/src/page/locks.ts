import type { LockOptionsLike, LocksLike } from '@earshot/core'

/** A lock that is held, or queued for, until it is released. */
export interface Hold {
  /** `true` when it is granted, `false` when it was not available; rejects when locks are denied here. */
  readonly granted: Promise<boolean>
  /** Settles when it is free again, or was never granted. */
  readonly ended: Promise<unknown> | undefined
  /** Idempotent. */
  release(): void
}

/**
 * Requests a lock and keeps it. The settling of the platform's outer promise is the truth about a lock:
 * `onLost` is called when it is taken away after it was granted (stolen, or by a browser that froze the page).
 * @param former a hold of this page's own that was released: it may be granted only now that a cached page is back, and would be taken for another tab's
 */
export function holdLock(locks: LocksLike, name: string, options: LockOptionsLike, onLost: () => void = () => {}, former?: Hold): Hold {
  const queue = new AbortController()
  let free = (): void => {}
  const kept = new Promise<void>(resolve => {
    free = resolve
  })
  let released = false
  let held = false
  let ended: Promise<unknown> | undefined
  const granted = new Promise<boolean>((resolve, reject) => {
    // A request that takes what is there or steals cannot be queued: the platform refuses a signal beside these.
    const request = options.ifAvailable || options.steal ? options : { ...options, signal: queue.signal }
    const ask = async (): Promise<unknown> =>
      released
        ? resolve(false)
        : locks.request(name, request, lock => {
            held = lock !== null
            resolve(held)
            return held && !released ? kept : undefined
          })
    ended = (former ? Promise.resolve(former.ended).then(ask) : ask()).catch((error: unknown) => {
      reject(error)
      if (held && !released) onLost()
    })
  })
  // Whoever needs the answer awaits it; a request withdrawn in the queue is no failure.
  granted.catch(() => {})
  return {
    granted,
    ended,
    release() {
      released = true
      free()
      queue.abort()
    },
  }
}
