import type { Cancel } from '@earshot/core'
import type { News } from '../wire/wire.ts'

export type Kind = 'sent' | 'heard' | 'people' | 'trouble'

/** One line of the log. */
export interface Entry {
  readonly key: number
  readonly kind: Kind
  /** Topic or audience. */
  readonly where: string
  /** User id of the sender, or `me`. */
  readonly who: string
  readonly text: string
  /** Milliseconds on the way; of what was sent, to the slowest that said it heard it. */
  readonly latency?: number | undefined
  /** Message id, once it is known. */
  readonly id?: string
  /** How many others said that they heard it. */
  readonly reached?: number
  readonly refused?: string
}

/** Lines that the log keeps at most. */
const LIMIT = 200

/** What was sent, heard and noticed, newest first. */
export interface Log {
  readonly entries: readonly Entry[]
  tell(news: News, self: string): void
  readonly subscribe: (listener: () => void) => Cancel
}

export function createLog(next: () => number): Log {
  const listeners = new Set<() => void>()
  let entries: readonly Entry[] = []
  let isDue = false
  const flush = (): void => {
    isDue = false
    for (const listener of listeners) listener()
  }
  const put = (changed: readonly Entry[]): void => {
    entries = changed.slice(0, LIMIT)
    if (isDue) return
    isDue = true
    // Once a frame; hidden pages have none.
    if (document.hidden) queueMicrotask(flush)
    else requestAnimationFrame(flush)
  }
  const edit = (is: (entry: Entry) => boolean, change: (entry: Entry) => Partial<Entry>): void => {
    const found = entries.find(is)
    if (found) put(entries.map(entry => (entry === found ? { ...entry, ...change(entry) } : entry)))
  }
  return {
    get entries() {
      return entries
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    tell(news, self) {
      const line = lineOf(news, self)
      if (line) put([{ key: next(), ...line }, ...entries])
      else if (news.type === 'accepted') edit(({ key }) => key === news.key, () => ({ id: news.id }))
      else if (news.type === 'refused') edit(({ key }) => key === news.key, () => ({ kind: 'trouble', refused: news.text }))
      else if (news.type === 'reached' && news.from === self && news.by !== self) {
        edit(({ id, kind }) => id === news.id && kind === 'sent', ({ reached = 0, latency = 0 }) => ({
          reached: reached + 1,
          latency: Math.max(latency, news.latency),
        }))
      }
    },
  }
}

/** The line that some news are worth. */
function lineOf(news: News, self: string): (Omit<Entry, 'key'> & { key?: number }) | undefined {
  switch (news.type) {
    case 'sent':
      return { kind: 'sent', key: news.key, where: news.where, who: 'me', text: news.text }
    case 'heard': {
      const { id, where, text, latency } = news
      const heard = { id, where: where || 'broadcast', text }
      if (news.from !== self) return { ...heard, kind: 'heard', who: news.who, latency }
      return { ...heard, kind: SENT_ELSEWHERE.test(where) ? 'sent' : 'heard', who: 'me' }
    }
    case 'came':
    case 'left':
      return { kind: 'people', where: 'people', who: news.who, text: news.text }
    case 'trouble':
      return { kind: 'trouble', where: 'hub', who: 'me', text: news.text }
    default:
      return undefined
  }
}

/** What is published without a line that says so: there, hearing oneself stands for it. */
const SENT_ELSEWHERE = /^(rooms|settings|bell)\//
