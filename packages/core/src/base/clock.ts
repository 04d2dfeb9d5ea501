/** Undoes what was started. Calling it again does nothing. */
export type Cancel = () => void

/** All time in Earshot goes through a clock, so that tests move it by hand. */
export interface Clock {
  /** Wall-clock milliseconds since 1970, for stamps that people read. Never compared between tabs. */
  now(): number
  /** Runs `task` once after `delay` milliseconds. */
  after(delay: number, task: () => void): Cancel
  /** As `after`, but on time in a hidden page, too, whose other timers wait for up to a minute. @default `after` */
  promptly?(delay: number, task: () => void): Cancel
  /** Runs `task` once with the next frame of the page. Test kits have it, so that frames come when a test says so. @default requestAnimationFrame */
  frame?(task: () => void): void
}

declare const Date: { now(): number }
declare function setTimeout(task: () => void, delay: number): unknown
declare function clearTimeout(timer: unknown): void

/** The platform's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delay, task) {
    const timer = setTimeout(task, delay)
    return () => clearTimeout(timer)
  },
}
