import type { Cancel } from '@earshot/core'

/** What happened in this tab, or what it learnt: the log writes it down, the map draws it. */
export type News =
  /** This tab publishes. */
  | { type: 'sent'; key: number; where: string; text: string }
  /** … and knows under which id it went, or that it did not. */
  | { type: 'accepted'; key: number; id: string }
  | { type: 'refused'; key: number; text: string }
  /** This tab hears a message. */
  | { type: 'heard'; id: string; from: string; who: string; where: string; text: string; time: number; latency: number }
  /** A tab says what it has heard; this one as well. */
  | { type: 'reached'; by: string; from: string; id: string; count: number; dropped: number; latency: number }
  /** Something small that is not worth a line. */
  | { type: 'murmur'; from: string }
  | { type: 'came'; id: string; who: string; text: string }
  | { type: 'left'; id: string; who: string; text: string; sudden: boolean }
  | { type: 'rung'; by: string }
  | { type: 'trouble'; text: string }

/** Carries news from those who notice to those who show. It outlives sessions: signing in keeps the log. */
export interface Wire {
  tell(news: News): void
  listen(listener: (news: News) => void): Cancel
  /** Sessions of this page: their coming and going is no news. */
  readonly own: Set<string>
  /** A number that nobody else has, for what is sent. */
  readonly next: () => number
}

export function createWire(): Wire {
  const listeners = new Set<(news: News) => void>()
  let last = 0
  return {
    tell: news => listeners.forEach(listener => listener(news)),
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    own: new Set(),
    next: () => ++last,
  }
}
