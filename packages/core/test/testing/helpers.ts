import type { PageEvent, PageEventLike } from '../../src/base/environment.ts'
import type { TestTab } from '../../src/testing/index.ts'

/** A lock that a test asked for, and what became of it. */
export interface TestLock {
  state: 'waiting' | 'held' | 'refused' | 'released' | 'lost' | 'aborted'
  error?: { name?: string }
  release(): void
}

/** Asks for a lock and holds it until `release()`. */
export function lock(tab: TestTab, name: string, options: { mode?: 'exclusive' | 'shared'; ifAvailable?: boolean; steal?: boolean; signal?: AbortSignal } = {}): TestLock {
  const result: TestLock = { state: 'waiting', release: () => {} }
  const held = new Promise<void>(resolve => (result.release = resolve))
  tab.env.locks!.request(name, options, granted => {
    result.state = granted === null ? 'refused' : 'held'
    return granted === null ? undefined : held
  }).then(
    () => {
      if (result.state === 'held') result.state = 'released'
    },
    (error: { name?: string }) => {
      result.state = result.state === 'held' ? 'lost' : 'aborted'
      result.error = error
    },
  )
  return result
}

/** Opens a channel and keeps what it hears. */
export function listen(tab: TestTab, name = 'room'): { heard: unknown[]; post(data: unknown): void; close(): void } {
  const channel = new tab.env.BroadcastChannel!(name)
  const heard: unknown[] = []
  channel.onmessage = event => heard.push(event.data)
  return { heard, post: data => channel.postMessage(data), close: () => channel.close() }
}

/** Notes page events as `type` or `type:persisted`, with the visibility at that moment. */
export function watch(tab: TestTab): string[] {
  const log: string[] = []
  for (const type of ['pagehide', 'pageshow', 'freeze', 'resume', 'visibilitychange', 'online'] as PageEvent[]) {
    tab.env.page!.addEventListener(type, ({ persisted }: PageEventLike) => {
      log.push(type === 'visibilitychange' ? tab.env.page!.document.visibilityState : persisted === undefined ? type : `${type}:${persisted}`)
    }, true)
  }
  return log
}
