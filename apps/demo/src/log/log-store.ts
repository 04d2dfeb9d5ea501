import type { Cancel } from '@earshot/core'
import type { News } from '../wire/wire.ts'
import type { Entry } from './entry.ts'
import type { lines as Lines } from './lines.ts'

/** What was sent, heard and noticed, newest first. */
export interface Log {
  readonly entries: readonly Entry[]
  /** What makes and filters entries, and gives them their looks: fetched with the first news. */
  readonly lines: typeof Lines | undefined
  tell(news: News, self: string): void
  readonly subscribe: (listener: () => void) => Cancel
}

export function createLog(next: () => number): Log {
  const listeners = new Set<() => void>()
  let entries: readonly Entry[] = []
  let lines: typeof Lines | undefined
  let loading: Promise<typeof Lines> | undefined
  let isDue = false
  const flush = (): void => {
    isDue = false
    for (const listener of listeners) listener()
  }
  return {
    get entries() {
      return entries
    },
    get lines() {
      return lines
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    tell(news, self) {
      // A tab that is alone and silent needs none of it.
      loading ??= import('./lines.ts').then(({ lines }) => lines)
      void loading.then(loaded => {
        lines = loaded
        const before = entries
        entries = lines.withNews(entries, news, self, next)
        if (isDue || entries === before) return
        isDue = true
        // Once a frame; hidden pages have none.
        if (document.hidden) queueMicrotask(flush)
        else requestAnimationFrame(flush)
      })
    },
  }
}
