import type { Cancel, Clock, ErrorCode } from '@earshot/core'
import type { ByeFrame, RelayFrame } from '@earshot/core/protocol'
import type { Access } from './access.ts'
import type { Batch, Hearer, Outbound } from './outbound.ts'
import type { Bucket } from './rate.ts'

/** One end of a socket: what `ws` gives, or a simulated network. */
export interface Socket {
  send(text: string): void
  close(code: number, reason: string): void
  /** Ends it without a word. */
  terminate(): void
  /** Bytes that were not sent yet. */
  readonly buffered: number
  /** Hears what was refused to a session on it, for logs. */
  refused?(what: string, code: ErrorCode, topic: string | undefined): void
}

/** One socket of a relay. */
export class Connection implements Hearer {
  readonly socket: Socket
  readonly access: Access
  /** Frames that may still come. */
  readonly bucket: Bucket
  said: Batch | undefined
  /** Sessions attached to it. */
  sessions = 0
  /** `hello`: nothing but one is taken; `checking`: its token is being looked at. */
  state: 'hello' | 'checking' | 'open' | 'closed' = 'hello'
  /** When it last said anything, in milliseconds of the relay's clock. */
  heard: number
  /** Ends the wait for a hello, or the life of the token. */
  deadline: Cancel | undefined
  readonly #outbound: Outbound

  constructor(socket: Socket, access: Access, bucket: Bucket, clock: Clock, outbound: Outbound) {
    this.socket = socket
    this.access = access
    this.bucket = bucket
    this.heard = clock.now()
    this.#outbound = outbound
  }

  say(frame: RelayFrame): void {
    this.write(JSON.stringify(frame))
  }

  /** Sends an encoded frame, together with what else is said in this turn. */
  write(line: string): void {
    if (this.state !== 'closed') this.#outbound.write(this, line)
  }

  send(text: string): void {
    if (this.state !== 'closed') this.socket.send(text)
  }

  /** Says why, and closes. What was said before is still sent. */
  close(code: number, bye: Omit<ByeFrame, 't'>): void {
    if (this.state === 'closed') return
    this.say({ t: 'bye', ...bye })
    this.#outbound.flush(this)
    this.ended()
    this.socket.close(code, bye.reason.slice(0, 100))
  }

  /** The socket is gone: nothing more is said. */
  ended(): void {
    this.state = 'closed'
    this.deadline?.()
  }
}
