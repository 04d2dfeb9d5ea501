import type { Clock } from './clock.ts'

/** The part of a browser's `BroadcastChannel` that Earshot uses. */
export interface BroadcastChannelLike {
  onmessage: ((event: { readonly data: unknown }) => void) | null
  onmessageerror: ((event: unknown) => void) | null
  postMessage(message: unknown): void
  close(): void
}

/** What a lock request may ask for; the names are the platform's. */
export interface LockOptionsLike {
  mode?: 'exclusive' | 'shared'
  ifAvailable?: boolean
  steal?: boolean
  signal?: AbortSignal
}

/** The part of a browser's `LockManager` that Earshot uses. */
export interface LocksLike {
  /** Runs `task` while the lock is held; with `ifAvailable`, at once with `null` when it is taken. */
  request<T>(name: string, options: LockOptionsLike, task: (lock: object | null) => T | PromiseLike<T>): Promise<T>
  query(): Promise<{ held?: readonly { name?: string }[]; pending?: readonly { name?: string }[] }>
}

/** The part of `sessionStorage` that Earshot uses. */
export interface StorageLike {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** Page life: a browser's `window`, or a test's stand-in. Events are listened to in the capture phase. */
export interface PageLike {
  readonly document: { readonly visibilityState: string }
  addEventListener(type: PageEvent, listener: (event: PageEventLike) => void, capture: true): void
  removeEventListener(type: PageEvent, listener: (event: PageEventLike) => void, capture: true): void
}

/** The page events that Earshot listens to. */
export type PageEvent = 'pagehide' | 'pageshow' | 'freeze' | 'resume' | 'visibilitychange' | 'online'

/** What Earshot reads of a page event: `persisted` says that the page goes to or comes from the back/forward cache. */
export interface PageEventLike {
  readonly persisted?: boolean
}

/**
 * What a tab's surroundings offer. Every part has the platform's as its default; `null` says that it is missing.
 * A fake tab of `@earshot/core/testing` provides all of them.
 */
export interface Environment {
  /** @default the platform's timers */
  clock?: Clock
  /** Numbers in [0, 1). @default random bits of `crypto`, else `Math.random` */
  random?: () => number
  BroadcastChannel?: (new (name: string) => BroadcastChannelLike) | null
  locks?: LocksLike | null
  sessionStorage?: StorageLike | null
  page?: PageLike | null
}
