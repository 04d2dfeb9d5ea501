import { type Cancel, type Clock, systemClock } from '@earshot/core'

declare const Atomics: {
  waitAsync(memory: Int32Array, index: number, value: number, timeout: number): { readonly value: Promise<unknown> }
  notify(memory: Int32Array, index: number): void
}

/**
 * Runs `task` after `delay` milliseconds, in a hidden page, too: browsers hold back all its timers, but Chromium not the news that memory
 * which is waited for has not changed in time. Firefox holds that back as well. Where there is no such waiting it is a timer like others.
 */
export function promptly(clock: Clock, delay: number, task: () => void): Cancel {
  if (clock.promptly) return clock.promptly(delay, task)
  if (clock !== systemClock) return clock.after(delay, task)
  let cancelled = false
  try {
    const memory = new Int32Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer)
    void Atomics.waitAsync(memory, 0, 0, delay).value.then(() => cancelled || task())
    return () => {
      cancelled = true
      // A page in the back/forward cache that runs anything is thrown out of it.
      Atomics.notify(memory, 0)
    }
  } catch {
    return clock.after(delay, task)
  }
}
