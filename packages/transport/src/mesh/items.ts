import { checkPattern, checkTopic } from '@earshot/core'
import { type EncodedItem, isCount, type Item, readItem } from './wire.ts'

/** What an item says, rebuilt field by field: nothing from the channel is trusted. */
export type Said =
  | { kind: 'hello'; position: number; items: readonly EncodedItem[]; previous: string }
  | { kind: 'welcome'; position: number; items: readonly EncodedItem[]; vouch: boolean }
  | { kind: 'bye'; persisted: boolean }
  | { kind: 'session'; number: number; id: string; userId: string | undefined; tag: string }
  | { kind: 'end'; number: number }
  | { kind: 'listen'; number: number; pattern: string; on: boolean }
  | { kind: 'present'; number: number; topic: string; data: unknown; since: number; clock: number; here: boolean }
  | ({ kind: 'publication' } & Publication)
  | { kind: 'missing'; from: number; to: number }
  | { kind: 'again'; from: number; items: readonly EncodedItem[] }
  | { kind: 'gone'; first: number }
  | { kind: 'question'; id: number; patterns: readonly string[]; limit: number; since: Mark | undefined; before: Mark | undefined }
  | { kind: 'answer'; id: number; position: number; records: readonly KeptRecord[]; has: boolean }
  | { kind: 'beat'; ticks: number }

/** A message as it travels: of which session of its tab, and for whom. */
export interface Publication {
  readonly number: number
  readonly topic: string
  readonly clock: number
  readonly time: number
  readonly data: unknown
  readonly to: readonly string[] | undefined
  readonly volatile: boolean
}

/** A message that a question begins or ends at. */
export interface Mark {
  readonly clock: number
  readonly from: string
  readonly id: string
  readonly topic: string
}

/** A kept message as it is answered: who published it, and its item. */
export type KeptRecord = readonly [from: string, userId: string | null, key: string, item: EncodedItem]

/** Reads one encoded item; nothing when it makes no sense. */
export function readSaid(encoded: unknown): Said | undefined {
  const item = readItem(encoded)
  const reader = item && READERS.get(item[0])
  try {
    return item && reader?.(item)
  } catch {
    return undefined // a topic or pattern that is none
  }
}

const isFlag = (value: unknown): value is 0 | 1 => value === 0 || value === 1
const isUser = (value: unknown): value is string | null => value === null || typeof value === 'string'
const isItems = (value: unknown): value is EncodedItem[] => Array.isArray(value)

const READERS = new Map<string, (item: Item) => Said | undefined>([
  ['h', ([, position, items, previous]) => (isCount(position) && isItems(items) && typeof previous === 'string' ? { kind: 'hello', position, items, previous } : undefined)],
  ['w', ([, position, items, vouch]) => (isCount(position) && isItems(items) && isFlag(vouch) ? { kind: 'welcome', position, items, vouch: vouch === 1 } : undefined)],
  ['b', ([, persisted]) => (isFlag(persisted) ? { kind: 'bye', persisted: persisted === 1 } : undefined)],
  ['s', ([, number, id, userId, tag]) => (isCount(number) && typeof id === 'string' && isUser(userId) && typeof tag === 'string' ? { kind: 'session', number, id, userId: userId ?? undefined, tag } : undefined)],
  ['e', ([, number]) => (isCount(number) ? { kind: 'end', number } : undefined)],
  [
    'i',
    ([, number, pattern, on]) => {
      if (pattern !== '') checkPattern(pattern)
      return isCount(number) && isFlag(on) ? { kind: 'listen', number, pattern: pattern as string, on: on === 1 } : undefined
    },
  ],
  [
    'm',
    ([, number, topic, data, since, clock, here]) => {
      checkTopic(topic)
      return isCount(number) && typeof since === 'number' && isCount(clock) && isFlag(here) ? { kind: 'present', number, topic, data, since, clock, here: here === 1 } : undefined
    },
  ],
  ['p', item => readPublication(item)],
  ['?', ([, from, to]) => (isCount(from) && isCount(to) ? { kind: 'missing', from, to } : undefined)],
  ['r', ([, from, items]) => (isCount(from) && isItems(items) ? { kind: 'again', from, items } : undefined)],
  ['x', ([, first]) => (isCount(first) ? { kind: 'gone', first } : undefined)],
  ['q', readQuestion],
  ['a', readAnswer],
  ['t', ([, ticks]) => (isCount(ticks) ? { kind: 'beat', ticks } : undefined)],
])

function readPublication([, number, topic, clock, time, data, to, volatile]: Item): Extract<Said, { kind: 'publication' }> | undefined {
  if (topic !== '') checkTopic(topic)
  if (!isCount(number) || !isCount(clock) || typeof time !== 'number' || data === undefined || !isFlag(volatile)) return undefined
  if (to !== null && !(Array.isArray(to) && to.every(user => typeof user === 'string'))) return undefined
  return { kind: 'publication', number, topic: topic as string, clock, time, data, to: to ?? undefined, volatile: volatile === 1 }
}

function readQuestion([, id, patterns, limit, since, before]: Item): Said | undefined {
  if (!isCount(id) || !isCount(limit) || !Array.isArray(patterns)) return undefined
  for (const pattern of patterns) checkPattern(pattern)
  return { kind: 'question', id, patterns: patterns as string[], limit, since: readMark(since), before: readMark(before) }
}

function readMark(mark: unknown): Mark | undefined {
  if (!Array.isArray(mark)) return undefined
  const [clock, from, id, topic] = mark as unknown[]
  return isCount(clock) && typeof from === 'string' && typeof id === 'string' && typeof topic === 'string' ? { clock, from, id, topic } : undefined
}

function readAnswer([, id, position, records, has]: Item): Said | undefined {
  if (!isCount(id) || !isCount(position) || !Array.isArray(records) || !isFlag(has)) return undefined
  const read = records.filter(record => Array.isArray(record) && typeof record[0] === 'string' && isUser(record[1]) && typeof record[2] === 'string')
  return { kind: 'answer', id, position, records: read as KeptRecord[], has: has === 1 }
}
