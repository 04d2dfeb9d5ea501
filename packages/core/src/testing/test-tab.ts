import type { Environment } from '../base/environment.ts'

/** What a page still has: all zero after a clean teardown. */
export interface LeakCounts {
  /** Open channel objects. */
  readonly channels: number
  /** Locks held. */
  readonly locks: number
  /** Lock requests that wait. */
  readonly requests: number
  /** Listeners of page events. */
  readonly listeners: number
  /** Timers that wait. */
  readonly timers: number
}

/**
 * Whether there are Web Locks: `false` as in an insecure context, `'denied'` where every call rejects (a sandboxed frame),
 * `'no-query'` where only `query()` does (a third-party frame in Firefox).
 */
export type LocksOption = boolean | 'denied' | 'no-query'

/** A page's state: shown, in the background, stopped, in the back/forward cache, destroyed. */
export type TestTabState = 'visible' | 'hidden' | 'frozen' | 'cached' | 'gone'

/** How a page is stopped. */
export interface FreezeOptions {
  /** Channel messages wait too, instead of being heard. @default false in Chromium, true elsewhere */
  readonly deep?: boolean
  /** The page is not told and stays shown, as when it hangs or iOS suspends it. @default false in Chromium, true elsewhere */
  readonly silent?: boolean
}

/** What going back led to. */
export interface BackResult {
  /** Whether the page came out of the back/forward cache; otherwise it was loaded anew. */
  readonly restored: boolean
  /** The same tab when restored, else a new one with the same session storage. */
  readonly tab: TestTab
}

/**
 * One tab of a test browser. Its acts take effect at once; what they cause elsewhere – grants, deliveries, the end of an unloaded page –
 * happens in tasks, so await `browser.settle()`. A page that is gone has no effect on anything and its promises never settle.
 */
export interface TestTab {
  readonly id: string
  readonly state: TestTabState
  /** What a hub or a transport takes as its surroundings. */
  readonly env: Required<Environment>
  /** What the page has open: all zero after a clean teardown, and when it is gone. */
  leaks(): LeakCounts
  /** Ends the page without any event: locks are freed, channels and timers are gone. Also from the cache, frozen or hung. */
  crash(): void
  /** Ends the page after `pagehide`, whose listeners and microtasks can still post. A page that is frozen or cached just ends. */
  close(): void
  /** Leaves for another page, and not into the back/forward cache. `back()` then loads the page anew. */
  navigate(): void
  /** Ends the page like `close()`, if it has not ended, and loads it anew with the same session storage. */
  reload(): TestTab
  /** Opens another tab with a copy of the session storage. */
  duplicate(): TestTab
  /** Opens the page that the tab shows after `bfcache()` or `navigate()`: it has the same session storage, while the former one may come back. */
  next(): TestTab
  hide(): void
  show(): void
  /** Stops the page; it keeps its locks. Chromium hides it and fires `freeze` first; the others tell it nothing. */
  freeze(options?: FreezeOptions): void
  /** Lets a frozen page go on: overdue timers and what waited run now. It is shown again if it was before. */
  resume(): void
  /** Leaves into the back/forward cache, where the engine allows it; else like `navigate()`. */
  bfcache(): void
  /** Comes back after `bfcache()` or `navigate()`. */
  back(): BackResult
  /** Tells the page that the network is back. */
  online(): void
}
