import { checkPattern, checkTopic, EarshotError, type ErrorCode, isEarshotError } from '@earshot/core'
import {
  type AckFrame,
  type ClientFrame,
  type HistoryFrame,
  isData,
  type OccupancyFrame,
  type PresenceFrame,
  type PublishFrame,
  type RefusedFrame,
  type SubscribeFrame,
  type WatchFrame,
} from '@earshot/core/protocol'
import { checkValue, type LogEntry, type Publication } from '../engine/engine.ts'
import { toText } from '../engine/json-text.ts'
import { waysOf } from '../engine/topic-filter.ts'
import type { Attachment } from './attachment.ts'
import { type Desk, isFailure, refusalOf, resume } from './desk.ts'
import { forbidden, subscribe, unsubscribe } from './granting.ts'
import { VOLATILE_VALUE } from './notices.ts'
import { type Past, readPast } from './past.ts'
import type { Outcome } from './records.ts'

/** Frames of an attached session. */
export type SessionFrame = Exclude<ClientFrame, { t: 'hello' | 'token' | 'pong' | 'attach' | 'detach' | 'lost' }>

const TOO_MANY = 'too many frames wait for an answer'

/** Takes one frame of a session, of so many characters: in its turn when order matters. */
export function takeFrame(desk: Desk, attachment: Attachment, frame: SessionFrame, size: number): void {
  if (frame.t === 'cursor') {
    attachment.read(frame.offset)
    return resume(desk, attachment)
  }
  const { lane } = attachment.record
  const { waiting, waitingSize } = desk.limits
  if (lane.size < waiting && lane.held + size <= waitingSize) return lane.run(() => handle(desk, attachment, frame), size)
  if (frame.t !== 'publish' || frame.volatile) return refuse(desk, attachment, frame, 'rate-limited', TOO_MANY)
  // Refused in its turn, so that each number is settled once and in order; until then nothing of it is kept but its name.
  const { t, s, topic, tag, clock, time } = frame
  if (lane.size < waiting * 4) return lane.run(() => handle(desk, attachment, { t, s, topic, tag, clock, time, data: null }, TOO_MANY))
  desk.expel(attachment, TOO_MANY)
}

/** @param tooMany why the frame is refused, if it has come too early */
async function handle(desk: Desk, attachment: Attachment, frame: Exclude<SessionFrame, { t: 'cursor' }>, tooMany?: `${string} ${string}`): Promise<void> {
  if (!attachment.isBound) return
  const took = frame.t === 'publish' ? desk.publishing?.() : undefined
  try {
    if (frame.t === 'publish') await takePublish(desk, attachment, frame, tooMany)
    else if (frame.t === 'subscribe') await takeSubscribe(desk, attachment, frame)
    else if (frame.t === 'unsubscribe') unsubscribe(desk, attachment, frame.pattern)
    else if (frame.t === 'presence') await takePresence(desk, attachment, frame)
    else if (frame.t === 'watch') await takeWatch(desk, attachment, frame)
    else if (frame.t === 'history') await takeHistory(desk, attachment, frame)
    else await takeOccupancy(desk, attachment, frame)
  } catch (error) {
    // What lasts is not refused for a failure that does not: nobody would ask for it again.
    if (isFailure(error) && (frame.t === 'subscribe' || frame.t === 'watch' || frame.t === 'presence')) return desk.postpone(attachment, frame.t, topicOf(frame) ?? '', error)
    const { code, reason } = refusalOf(desk, error)
    refuse(desk, attachment, frame, code, reason)
  }
  took?.()
}

async function takePublish(desk: Desk, attachment: Attachment, frame: PublishFrame, tooMany?: `${string} ${string}`): Promise<void> {
  const { record, connection } = attachment
  const { topic, tag, clock, volatile } = frame
  const numbering = record.numbering(tag)
  if (frame.done !== undefined) record.numbering(attachment.tag)?.confirm(frame.done)
  if (!volatile) {
    if (!numbering) return refuse(desk, attachment, frame, 'outcome-unknown', 'the relay does not remember this document')
    if (clock <= numbering.last) return repeat(attachment, frame, numbering.outcomeOf(clock))
  }
  const settle = (outcome: Outcome): void => {
    if (!volatile) numbering?.settle(clock, outcome)
  }
  try {
    if (tooMany !== undefined) throw new EarshotError('rate-limited', tooMany)
    if (topic !== '') checkTopic(topic)
    if (topic[0] === '$') throw new EarshotError('invalid-topic', `Topic "${topic}" is reserved`, { topic })
    checkData(frame.data, topic)
    if (volatile && frame.retain) throw new EarshotError('invalid-data', VOLATILE_VALUE, { topic })
    checkValue(frame)
    if (!record.publishes.take(desk.now())) throw new EarshotError('rate-limited', 'too many publishes: send fewer, or raise limits.publishes')
    if ((await connection.access.granted('publish', topic)).length === 0) throw forbidden('publish', topic)
    // Bound elsewhere meanwhile: there it comes again.
    if (!attachment.isBound) return
    const { id: from, userId } = record
    const publisher = userId === null ? `session ${attachment.voice}` : `user ${userId}`
    const publication: Publication = { ...frame, from, userId, publisher, except: frame.echo === false ? attachment.voice : undefined }
    desk.counts.published++
    if (volatile) return desk.engine.pass(publication)
    const { offset } = await append(desk, publication)
    settle({ offset })
    connection.say({ t: 'ack', s: attachment.s, tag, clock, offset })
  } catch (error) {
    const refusal = refusalOf(desk, error)
    settle(refusal)
    refuse(desk, attachment, frame, refusal.code, refusal.reason)
  }
}

/** @throws `outcome-unknown` when the engine fails */
async function append(desk: Desk, publication: Publication): Promise<LogEntry> {
  try {
    return await desk.engine.append(publication)
  } catch (error) {
    // Of an answer that does not come nobody knows what it would have been.
    if (isEarshotError(error) && error.code !== 'timeout') throw error
    desk.failed(error)
    throw new EarshotError('outcome-unknown', 'the log failed: it may hold the message or not')
  }
}

/** The same number again: the same answer again. */
function repeat(attachment: Attachment, { tag, clock, topic }: PublishFrame, outcome: Outcome | undefined): void {
  const { connection, s } = attachment
  if (!outcome) connection.say({ t: 'refused', s, what: 'publish', topic, tag, clock, code: 'outcome-unknown', reason: 'its outcome was confirmed or is forgotten' })
  else if ('offset' in outcome) connection.say({ t: 'ack', s, tag, clock, offset: outcome.offset } satisfies AckFrame)
  else connection.say({ t: 'refused', s, what: 'publish', topic, tag, clock, ...outcome, reason: 'it was refused before' } satisfies RefusedFrame)
}

async function takeSubscribe(desk: Desk, attachment: Attachment, { s, pattern }: SubscribeFrame): Promise<void> {
  // What it listens to already goes on from where it began.
  const offset = attachment.grants.get(pattern)?.start ?? (await subscribe(desk, attachment, pattern))?.start
  if (offset !== undefined) attachment.connection.say({ t: 'subscribed', s, pattern, offset })
}

async function takePresence(desk: Desk, attachment: Attachment, frame: PresenceFrame): Promise<void> {
  const { record, connection } = attachment
  checkTopic(frame.topic)
  if (!frame.here) return desk.presences.leave(record, frame.topic)
  checkData(frame.data, frame.topic)
  // Hubs of many pages have no session id: nobody could tell their entries apart.
  if (record.id === '') throw new EarshotError('forbidden', 'only a session with an id can be a member')
  const size = toText(frame.data).length
  let others = 0
  for (const [topic, said] of record.present ?? []) if (topic !== frame.topic) others += said.size
  if (others + size > desk.limits.presenceSize) throw new EarshotError('payload-too-large', `a session may say ${desk.limits.presenceSize} characters as a member, over all topics`)
  if (isFull(record.present, desk.limits.presences, frame.topic)) {
    throw new EarshotError('rate-limited', `a session may be present on ${desk.limits.presences} topics`)
  }
  if ((await connection.access.granted('presence', frame.topic)).length === 0) throw forbidden('presence', frame.topic)
  if (attachment.isBound) desk.presences.said(record, frame, size)
}

async function takeWatch(desk: Desk, attachment: Attachment, { topic, on }: WatchFrame): Promise<void> {
  checkTopic(topic)
  if (!on) return desk.presences.unwatch(attachment, topic)
  if (isFull(attachment.watched, desk.limits.presences, topic)) {
    throw new EarshotError('rate-limited', `a session may watch ${desk.limits.presences} topics`)
  }
  if ((await attachment.connection.access.granted('presence', topic)).length === 0) throw forbidden('presence', topic)
  await attachment.connection.room()
  if (attachment.isBound) desk.presences.watch(attachment, topic)
}

async function takeHistory(desk: Desk, attachment: Attachment, frame: HistoryFrame): Promise<void> {
  const { connection } = attachment
  const { s, q, limit, before, since } = frame
  const patterns: string[] = []
  for (const pattern of frame.patterns) {
    if (pattern !== '') checkPattern(pattern)
    const granted = await connection.access.granted('history', pattern)
    if (granted.length === 0) throw forbidden('history', pattern)
    patterns.push(...granted)
  }
  const { shapes } = desk.limits
  if (waysOf(patterns) > shapes) throw new EarshotError('rate-limited', `wildcards in the patterns of a question may stand in ${shapes} ways`)
  await connection.room()
  // What is still to come by itself comes by itself: then both together are in order, and nothing comes twice.
  const wants = (entry: LogEntry): boolean => attachment.mayHear(entry) && (entry.offset <= attachment.sent || !attachment.awaits(entry, frame.patterns))
  const ask = async (): Promise<Past | undefined> => (attachment.isBound ? readPast(desk.engine, { patterns, limit, before, since, wants }, desk.limits) : undefined)
  const past = await connection.ask(ask).catch((error: unknown) => {
    if (isEarshotError(error)) throw error
    desk.failed(error)
    throw new EarshotError('not-connected', 'the log cannot be read at the moment: ask again later')
  })
  if (!past) return
  const { entries, more, gap } = past
  connection.write(`{"t":"past","s":${s},"q":${q},"m":[${entries.map(entry => entry.text).join()}],"gap":${gap},"more":${more}}`)
}

async function takeOccupancy(desk: Desk, attachment: Attachment, { s, q, topic }: OccupancyFrame): Promise<void> {
  checkTopic(topic)
  const { connection } = attachment
  if ((await connection.access.granted('presence', topic)).length === 0) throw forbidden('presence', topic)
  connection.say({ t: 'count', s, q, n: desk.fanOut.count(topic) })
}

/** Whether there is no room for a topic among others, nor is it one of them. */
function isFull(topics: ReadonlyMap<string, unknown> | ReadonlySet<string> | undefined, most: number, topic: string): boolean {
  return (topics?.size ?? 0) >= most && !topics?.has(topic)
}

function checkData(data: unknown, topic: string): void {
  if (!isData(data)) throw new EarshotError('invalid-data', `Data for "${topic}" is nested too deeply, or has a number or key that JSON does not give back`, { topic })
}

function refuse(desk: Desk, { connection, s }: Attachment, frame: SessionFrame, code: ErrorCode, reason: string): void {
  desk.counts.refused++
  const topic = topicOf(frame)
  connection.socket.refused?.(frame.t, code, topic)
  // Nobody waits for the answer to a volatile message.
  if (frame.t === 'publish' && frame.volatile) return
  connection.say({
    t: 'refused',
    s,
    what: frame.t,
    code,
    reason,
    ...(topic !== undefined && { topic }),
    ...(frame.t === 'publish' && { tag: frame.tag, clock: frame.clock }),
    ...('q' in frame && { q: frame.q }),
  })
}

function topicOf(frame: SessionFrame): string | undefined {
  return 'topic' in frame ? frame.topic : 'pattern' in frame ? frame.pattern : undefined
}
