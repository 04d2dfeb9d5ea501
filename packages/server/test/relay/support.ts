import type { RelayFrame } from '@earshot/core/protocol'
import { relayFrames, Silence } from '@earshot/core/protocol'
import { testClock, type TestClock } from '@earshot/core/testing'
import type { LogEntry } from '../../src/engine/engine.ts'
import { toEntry } from '../../src/engine/engine.ts'
import { Access } from '../../src/relay/access.ts'
import { Attachment } from '../../src/relay/attachment.ts'
import { Connection, type Socket } from '../../src/relay/connection.ts'
import { DEFAULT_LIMITS } from '../../src/relay/limits.ts'
import { Outbound } from '../../src/relay/outbound.ts'
import { Bucket } from '../../src/relay/rate.ts'
import { SessionRecord } from '../../src/relay/records.ts'

/** An open connection over a socket that keeps what it is given. */
export interface TestPeer {
  readonly connection: Connection
  /** Frames that were sent, after everything said in this turn. */
  frames(): RelayFrame[]
  /** How it was closed. */
  readonly closed: { code: number; reason: string }[]
  /** Of each text, whether the relay wants to hear when it has left. */
  readonly reports: boolean[]
  /** What the socket says it has not sent yet. */
  buffered: number
  /** Nothing more is taken from it. */
  isPaused: boolean
}

/** @param room bytes that may wait to be sent */
export function openPeer(clock: TestClock = testClock(), room: number = DEFAULT_LIMITS.buffer): TestPeer {
  const tasks: (() => void)[] = []
  const texts: string[] = []
  const peer = { closed: [] as { code: number; reason: string }[], reports: [] as boolean[], buffered: 0, isPaused: false }
  const socket: Socket = {
    send(unit, reports) {
      texts.push(String(unit))
      peer.reports.push(reports)
    },
    close: (code, reason) => peer.closed.push({ code, reason }),
    terminate: () => {},
    pause: () => (peer.isPaused = true),
    resume: () => (peer.isPaused = false),
    get buffered() {
      return peer.buffered
    },
  }
  const access = new Access(undefined, clock, 5000)
  const connection = new Connection(socket, access, DEFAULT_LIMITS.frames, new Silence(clock, DEFAULT_LIMITS.ping), clock, new Outbound(task => tasks.push(task)), room)
  connection.state = 'open'
  return Object.assign(peer, {
    connection,
    frames: () => {
      for (const task of tasks.splice(0)) task()
      return texts.splice(0).flatMap(text => text.split('\n')).map(line => {
        const frame = relayFrames.readLine(line)
        if (!frame) throw new Error(`No client would read ${line}`)
        return frame
      })
    },
  })
}

export function recordOf(id: string, userId: string | null = null): SessionRecord {
  return new SessionRecord(`record of ${id}`, id, 'secret', userId, new Bucket(DEFAULT_LIMITS.publishes, 0), new Bucket(DEFAULT_LIMITS.frames, 0))
}

/** A live attachment of a session that may hear these patterns from the beginning. */
export function attach(peer: TestPeer, s: number, record: SessionRecord, patterns: readonly string[] = [], tag = 'doc'): Attachment {
  const attachment = new Attachment(peer.connection, s, record, tag, 0)
  for (const pattern of patterns) attachment.grant(pattern, { patterns: [pattern], start: 0 })
  attachment.state = 'live'
  peer.connection.sessions++
  return attachment
}

export function entryOf(topic: string, offset: number, more: Partial<Pick<LogEntry, 'to' | 'except'>> & { data?: unknown } = {}): LogEntry {
  return toEntry({ topic, from: 'x', tag: 't', clock: offset, time: 0, userId: null, data: null, ...more }, offset)
}
