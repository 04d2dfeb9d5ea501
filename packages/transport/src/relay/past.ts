import type { HistoryOptions, RemoteMessage } from '@earshot/core'
import { formatPosition, type HistoryFrame, type WireMessage } from '@earshot/core/protocol'
import { checkTexts } from './sizes.ts'

/** Asks a relay, whose log is this one, for what it has kept. @throws `payload-too-large` */
export function historyQuestion(patterns: readonly string[], { limit = 100, before, since }: HistoryOptions, epoch: string): Omit<HistoryFrame, 's' | 'q'> {
  const position = since && (typeof since === 'string' ? since : formatPosition({ epoch: since.epoch ?? epoch, offset: since.offset ?? 0 }))
  checkTexts(patterns)
  checkTexts([position ?? ''])
  return {
    t: 'history',
    patterns,
    limit,
    // Nothing in this log is older than what was in a former one.
    ...(before?.offset !== undefined && { before: (before.epoch ?? epoch) === epoch ? before.offset : 0 }),
    ...(position && { since: position }),
  }
}

/** A message as the hub takes it in; one that was kept has its place in this log. */
export function revive([topic, from, tag, clock, time, userId, offset, data]: WireMessage, epoch: string): RemoteMessage {
  const place = offset > 0 ? { offset, epoch } : {}
  return { topic, from, clock, time, data, userId: userId ?? undefined, key: `${from}.${tag}`, ...place }
}
