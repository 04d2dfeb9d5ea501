import type { Cancel, Clock, ErrorCode } from '@earshot/core'
import type { ByeFrame, RelayFrame, Silence } from '@earshot/core/protocol'
import { toText } from '../engine/json-text.ts'
import type { Access } from './access.ts'
import { Lane } from './lane.ts'
import type { Batch, Hearer, Outbound } from './outbound.ts'
import type { Packer } from './packer.ts'
import { Bucket, type Rate } from './rate.ts'
import type { Rates } from './records.ts'
import { Tally } from './tally.ts'

/** One end of a socket: what `ws` gives, or a simulated network. */
export interface Socket {
  /** `reports`: the core wants to hear when it has left, as `drained`. */
  send(unit: string | Uint8Array, reports: boolean): void
  close(code: number, reason: string): void
  /** Ends it without a word. */
  terminate(): void
  /** Bytes that were not sent yet. */
  readonly buffered: number
  /** Hears what was refused to a session on it, for logs. */
  refused?(what: string, code: ErrorCode, topic: string | undefined): void
  /** Takes no more text from the other end, until `resume`. */
  pause?(): void
  resume?(): void
}

/** Bytes that one UTF-16 unit has in UTF-8 at most. */
const BYTES_PER_UNIT = 3
/** Bytes that a socket may put before what it sends, at most. */
const HEADER = 14
/** Bytes of a reason that the WebSocket's close frame has room for. */
const MAX_CLOSE_REASON = 123

/** So many times as many frames may come of sessions that are not attached any more. */
const GHOSTS = 10

/** One socket of a relay. */
export class Connection implements Hearer {
  readonly socket: Socket
  readonly access: Access
  /** Frames that may still come. */
  readonly bucket: Bucket
  said: Batch | undefined
  /** Tells it apart from others. */
  number = 0
  /** It speaks MessagePack. */
  packer: Packer | undefined
  /** Ways in which wildcards stand in the patterns of its sessions, and in how many of them. */
  readonly shapes: Tally = new Tally()
  /** Sessions attached to it. */
  sessions = 0
  /** Sessions that were detached and have something to do yet. */
  leaving = 0
  /** What sessions that it has no more had not spent: new ones go on with it. */
  left: Rates | undefined
  /** Above all indexes that a session was attached under. */
  indexes = 0
  /** `hello`: nothing but one is taken; `checking`: its token is being looked at. */
  state: 'hello' | 'checking' | 'open' | 'closed' = 'hello'
  /** Since it last said anything. */
  readonly silence: Silence
  /** Ends the wait for a hello, or the life of the token. */
  deadline: Cancel | undefined
  /** Asks for another token. */
  renewal: Cancel | undefined
  /** When its token is over, in wall-clock milliseconds. */
  expires: number | undefined
  /** A token is being looked at; the newest of those that came meanwhile is next. */
  renewing = false
  /** It is among the connections of its user. */
  isCounted = false
  newerToken: string | undefined
  /** Users that were disconnected while its token was being looked at: what is found out then is from before. */
  barred: Set<string> | undefined
  readonly #frames: Rate
  readonly #clock: Clock
  #ghosts: Bucket | undefined
  readonly #outbound: Outbound
  readonly #room: number
  /** Characters that were said in this turn, and are not with the socket yet. */
  #pending = 0
  #waiting: (() => void)[] | undefined
  /** Most never ask. */
  #questions: Lane | undefined

  /**
   * @param frames that it may say
   * @param room bytes that may wait to be sent: beyond it nothing more is taken, since its answers would pile up
   */
  constructor(socket: Socket, access: Access, frames: Rate, silence: Silence, clock: Clock, outbound: Outbound, room: number) {
    this.socket = socket
    this.access = access
    this.bucket = new Bucket(frames, clock.now())
    this.silence = silence
    this.#frames = frames
    this.#clock = clock
    this.#outbound = outbound
    this.#room = room
  }

  /** Frames that may still come of sessions that are not attached any more. One that said too much may have a lot under way, for which the others are not to blame. */
  get ghosts(): Bucket {
    const { perSecond, burst } = this.#frames
    return (this.#ghosts ??= new Bucket({ perSecond: perSecond * GHOSTS, burst: burst * GHOSTS }, this.#clock.now()))
  }

  say(frame: RelayFrame): void {
    this.write(toText(frame))
  }

  /** Sends an encoded frame, together with what else is said in this turn. */
  write(line: string): void {
    if (this.state === 'closed') return
    this.#pending += line.length
    this.#outbound.write(this, line)
  }

  send(text: string): void {
    this.#pending = 0
    if (this.state === 'closed') return
    // There is room afterwards, unless this was asked for: then nobody waits for room, and nobody has to be told of it.
    const isTight = this.socket.buffered + text.length * BYTES_PER_UNIT + HEADER >= this.#room
    this.socket.send(this.packer ? this.packer.pack(text) : text, isTight)
    if (!this.hasRoom) this.socket.pause?.()
  }

  /** It hears MessagePack from here on. */
  speaks(packer: Packer): void {
    this.#outbound.flush(this)
    this.packer = packer
  }

  /** Roughly the bytes that were said, and have not left yet. */
  get buffered(): number {
    return this.#pending + this.socket.buffered
  }

  get hasRoom(): boolean {
    return this.buffered < this.#room
  }

  /** Resolves when there is room for a long answer; at once, when nobody will hear it. */
  room(): Promise<void> {
    if (this.state === 'closed' || this.hasRoom) return Promise.resolve()
    return new Promise(resolve => (this.#waiting ??= []).push(resolve))
  }

  /** Asks one long question after the other, over all its sessions: however many they are, they keep the log no busier than those of others. */
  ask<T>(question: () => Promise<T>): Promise<T> {
    const questions = (this.#questions ??= new Lane())
    return new Promise((resolve, reject) => questions.run(() => question().then(resolve, reject)))
  }

  /** The socket has sent something. */
  drained(): void {
    if (!this.hasRoom) return
    this.socket.resume?.()
    this.#answer()
  }

  /** Says why, and closes. What was said before is still sent. */
  close(code: number, { reason, ...bye }: Omit<ByeFrame, 't'>): void {
    if (this.state === 'closed') return
    this.say({ t: 'bye', ...bye, reason: shorten(reason) })
    this.#outbound.flush(this)
    this.ended()
    // The other end's own close is still to be read.
    this.socket.resume?.()
    this.socket.close(code, fitting(reason))
  }

  /** The socket is gone: nothing more is said. */
  ended(): void {
    this.state = 'closed'
    this.deadline?.()
    this.renewal?.()
    this.#answer()
  }

  #answer(): void {
    const waiting = this.#waiting
    if (!waiting) return
    this.#waiting = undefined
    for (const resolve of waiting) resolve()
  }
}

/** A reason as frames hold it: `authenticate` and `authorize` may give a long one, and clients read 4096 characters. */
export function shorten(reason: string): string {
  return reason.slice(0, 1000)
}

/** As much of a reason as the WebSocket's close frame holds, in whole characters. */
function fitting(reason: string): string {
  return reason.slice(0, new TextEncoder().encodeInto(reason, new Uint8Array(MAX_CLOSE_REASON)).read)
}
