import type { News } from '../wire/wire.ts'
import type { Entry } from './entry.ts'

/** Lines that the log keeps at most. */
const LIMIT = 200

/** The log after some news: the same if it is worth no line and changes none. */
export function withNews(entries: readonly Entry[], news: News, self: string, next: () => number): readonly Entry[] {
  const edit = (is: (entry: Entry) => boolean, change: (entry: Entry) => Partial<Entry>): readonly Entry[] => {
    const found = entries.find(is)
    return found ? entries.map(entry => (entry === found ? { ...entry, ...change(entry) } : entry)) : entries
  }
  const line = lineOf(news, self)
  if (line) return [{ key: next(), ...line }, ...entries].slice(0, LIMIT)
  if (news.type === 'accepted') return edit(({ key }) => key === news.key, () => ({ id: news.id }))
  if (news.type === 'refused') return edit(({ key }) => key === news.key, () => ({ kind: 'trouble', refused: news.text }))
  if (news.type !== 'reached' || news.from !== self || news.by === self) return entries
  return edit(({ id, kind }) => id === news.id && kind === 'sent', ({ reached = 0, latency = 0 }) => ({
    reached: reached + 1,
    latency: Math.max(latency, news.latency),
  }))
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
