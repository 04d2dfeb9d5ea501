import { checkPattern, checkTopic, covers, EarshotError, type ErrorCode, isEarshotError } from '@earshot/core'
import {
  type AckFrame,
  type ClientFrame,
  CLOSE,
  type HistoryFrame,
  isData,
  type OccupancyFrame,
  parsePosition,
  type PresenceFrame,
  type PublishFrame,
  type RefusedFrame,
  type SubscribeFrame,
  type UnsubscribeFrame,
  type WatchFrame,
} from '@earshot/core/protocol'
import type { LogEntry, Publication } from '../engine/engine.ts'
import type { Attachment } from './attachment.ts'
import { type Desk, resume } from './desk.ts'
import { forbidden, subscribe } from './granting.ts'
import type { Outcome } from './records.ts'

/** Frames of an attached session. */
export type SessionFrame = Exclude<ClientFrame, { t: 'hello' | 'token' | 'pong' | 'attach' | 'detach' }>

/** Takes one frame of a session: in its turn when order matters. */
export function takeFrame(desk: Desk, attachment: Attachment, frame: SessionFrame): void {
  if (frame.t === 'cursor') {
    attachment.read(frame.offset)
    return resume(desk, attachment)
  }
  const { lane } = attachment.record
  const { waiting } = desk.limits
  if (lane.size < waiting) return lane.run(() => handle(desk, attachment, frame))
  if (frame.t === 'publish' && frame.volatile) return
  // Refused in its turn, so that each number is settled once and in order; until then nothing of it is kept but its name.
  const refused = frame.t === 'publish' ? { ...frame, data: null } : frame
  if (lane.size < waiting * 4) return lane.run(() => handle(desk, attachment, refused, 'too many frames wait for an answer'))
  attachment.connection.close(CLOSE.rateLimited, { code: 'rate-limited', reason: 'too many frames wait for an answer', spread: 10_000 })
}

/** @param tooMany why the frame is refused, if it has come too early */
async function handle(desk: Desk, attachment: Attachment, frame: Exclude<SessionFrame, { t: 'cursor' }>, tooMany?: `${string} ${string}`): Promise<void> {
  if (!attachment.isBound) return
  const took = frame.t === 'publish' ? desk.publishing?.() : undefined
  try {
    if (frame.t === 'publish') await takePublish(desk, attachment, frame, tooMany)
    else if (tooMany !== undefined) throw new EarshotError('rate-limited', tooMany)
    else if (frame.t === 'subscribe') await takeSubscribe(desk, attachment, frame)
    else if (frame.t === 'unsubscribe') takeUnsubscribe(desk, attachment, frame)
    else if (frame.t === 'presence') await takePresence(desk, attachment, frame)
    else if (frame.t === 'watch') await takeWatch(desk, attachment, frame)
    else if (frame.t === 'history') await takeHistory(desk, attachment, frame)
    else await takeOccupancy(desk, attachment, frame)
  } catch (error) {
    // What is not ours came out of `authorize` or the engine: clients hear no details of it.
    const known = isEarshotError(error)
    if (!known || error.code === 'timeout') desk.failed(error)
    refuse(desk, attachment, frame, known ? error.code : 'forbidden', known ? error.message : 'the relay could not decide')
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
    if (!attachment.publishes.take(desk.now())) throw new EarshotError('rate-limited', 'too many publishes: send fewer, or raise limits.publishes')
    if ((await connection.access.granted('publish', topic)).length === 0) throw forbidden('publish', topic)
    // Bound elsewhere meanwhile: there it comes again.
    if (!attachment.isBound) return
    const publication: Publication = { ...frame, from: record.id, userId: record.userId, except: frame.echo === false ? attachment.voice : undefined }
    desk.counts.published++
    if (volatile) return desk.engine.pass(publication)
    const { offset } = await desk.engine.append(publication)
    settle({ offset })
    connection.say({ t: 'ack', s: attachment.s, tag, clock, offset })
  } catch (error) {
    if (isEarshotError(error)) settle({ code: error.code, reason: error.message })
    throw error
  }
}

/** The same number again: the same answer again. */
function repeat(attachment: Attachment, { tag, clock, topic }: PublishFrame, outcome: Outcome | undefined): void {
  const { connection, s } = attachment
  if (!outcome) connection.say({ t: 'refused', s, what: 'publish', topic, tag, clock, code: 'outcome-unknown', reason: 'its outcome was confirmed or is forgotten' })
  else if ('offset' in outcome) connection.say({ t: 'ack', s, tag, clock, offset: outcome.offset } satisfies AckFrame)
  else connection.say({ t: 'refused', s, what: 'publish', topic, tag, clock, ...outcome } satisfies RefusedFrame)
}

async function takeSubscribe(desk: Desk, attachment: Attachment, { s, pattern }: SubscribeFrame): Promise<void> {
  // What it listens to already goes on from where it began.
  const offset = attachment.grants.get(pattern)?.start ?? (await subscribe(desk, attachment, pattern))
  if (offset !== undefined) attachment.connection.say({ t: 'subscribed', s, pattern, offset })
}

function takeUnsubscribe(desk: Desk, attachment: Attachment, { pattern }: UnsubscribeFrame): void {
  const grant = attachment.revoke(pattern)
  if (grant) desk.fanOut.remove(attachment, grant.patterns)
}

async function takePresence(desk: Desk, attachment: Attachment, frame: PresenceFrame): Promise<void> {
  const { record, connection } = attachment
  checkTopic(frame.topic)
  if (!frame.here) return desk.presences.leave(record, frame.topic)
  checkData(frame.data, frame.topic)
  if (record.present.size >= desk.limits.presences && !record.present.has(frame.topic)) {
    throw new EarshotError('rate-limited', `a session may be present on ${desk.limits.presences} topics`)
  }
  if ((await connection.access.granted('presence', frame.topic)).length === 0) throw forbidden('presence', frame.topic)
  if (attachment.isBound) desk.presences.said(record, frame)
}

async function takeWatch(desk: Desk, attachment: Attachment, { topic, on }: WatchFrame): Promise<void> {
  checkTopic(topic)
  if (!on) return desk.presences.unwatch(attachment, topic)
  if (attachment.watched.size >= desk.limits.presences && !attachment.watched.has(topic)) {
    throw new EarshotError('rate-limited', `a session may watch ${desk.limits.presences} topics`)
  }
  if ((await attachment.connection.access.granted('presence', topic)).length === 0) throw forbidden('presence', topic)
  if (attachment.isBound) desk.presences.watch(attachment, topic)
}

async function takeHistory(desk: Desk, attachment: Attachment, frame: HistoryFrame): Promise<void> {
  const { engine, limits } = desk
  const { s, q, before, since } = frame
  const patterns: string[] = []
  for (const pattern of frame.patterns) {
    checkPattern(pattern)
    const granted = await attachment.connection.access.granted('history', pattern)
    if (granted.length === 0) throw forbidden('history', pattern)
    patterns.push(...granted)
  }
  const limit = Math.min(frame.limit, limits.page)
  // What is still to come by itself comes by itself: then both together are in order, and nothing comes twice.
  const wants = (entry: LogEntry): boolean => attachment.mayHear(entry) && (entry.offset <= attachment.sent || !attachment.awaits(entry, frame.patterns))
  const isOn = (entry: LogEntry): boolean => patterns.some(pattern => pattern === entry.topic || covers(pattern, entry.topic))
  let entries: readonly LogEntry[] = []
  let gap = false
  let more = false
  if (since === undefined) {
    entries = await engine.past({ patterns, limit, before, wants })
  } else {
    const position = parsePosition(since)
    const after = position?.epoch === engine.epoch ? position.offset : -1
    gap = after < 0
    const room = { limit, size: limits.pageSize * 4 }
    const page = await engine.page({ after: Math.max(after, 0), ...room, wants: entry => isOn(entry) && wants(entry) })
    // Asked for last: what was evicted while the page was made is told, too.
    for (const pattern of patterns) gap ||= (await engine.lost(pattern, after)).length > 0
    entries = page.entries
    more = entries.at(-1)?.offset === page.offset && page.offset < engine.head
  }
  const text = entries.map(entry => entry.text).join()
  attachment.connection.write(`{"t":"past","s":${s},"q":${q},"m":[${text}],"gap":${gap},"more":${more}}`)
}

async function takeOccupancy(desk: Desk, attachment: Attachment, { s, q, topic }: OccupancyFrame): Promise<void> {
  checkTopic(topic)
  const { connection } = attachment
  if ((await connection.access.granted('presence', topic)).length === 0) throw forbidden('presence', topic)
  connection.say({ t: 'count', s, q, n: desk.fanOut.count(topic) })
}

function checkData(data: unknown, topic: string): void {
  if (!isData(data)) throw new EarshotError('invalid-data', `Data for "${topic}" is nested too deeply, or has a number or key that JSON does not give back`, { topic })
}

function refuse(desk: Desk, { connection, s }: Attachment, frame: SessionFrame, code: ErrorCode, reason: string): void {
  desk.counts.refused++
  connection.socket.refused?.(frame.t, code, 'topic' in frame ? frame.topic : 'pattern' in frame ? frame.pattern : undefined)
  // Nobody waits for the answer to a volatile message.
  if (frame.t === 'publish' && frame.volatile) return
  const topic = 'topic' in frame ? frame.topic : 'pattern' in frame ? frame.pattern : undefined
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
