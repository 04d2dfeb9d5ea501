import { type Cancel, EarshotError, type ErrorCode } from '@earshot/core'
import { type ByeFrame, type ClientFrame, CLOSE, RELAY_VERSION, relayFrames, Silence, type WelcomeFrame, writeJson } from '@earshot/core/protocol'
import type { FullEnvironment } from '../page/environment.ts'
import type { DecodedFrame, OpenPipe, Pipe } from '../pipe/pipe.ts'
import { Reconnect } from './reconnect.ts'
import type { TokenSource } from './token.ts'
import { FRAME_LIMIT, type Wire, type WireHost } from './wire.ts'

/** How long opening, the token and the welcome may take together, in milliseconds. */
const WELCOME_LIMIT = 15_000

/** Closings that no further attempt would mend. */
const FINAL = new Map<number, ErrorCode>([
  [CLOSE.protocolViolation, 'protocol-violation'],
  [CLOSE.forbidden, 'forbidden'],
  [CLOSE.protocolVersion, 'protocol-version'],
  [CLOSE.payloadTooLarge, 'payload-too-large'],
  // A WebSocket's own word for it, when the frame was too large to be read at all.
  [1009, 'payload-too-large'],
])

/** Closings on purpose: all clients lose their connection at once, and spread their return. */
const ON_PURPOSE = new Set<number>([1001, CLOSE.restart, CLOSE.overload])

/** While so many bytes wait to be sent, volatile messages are skipped, and of each member's entries on a topic only the newest is said, once a second. */
const BUSY = 65_536
const ENTRY_PERIOD = 1000
/** The beginning of a member's entry: the session and topic that it is of, and whether it stays. */
const ENTRY = /^\{"t":"presence","s":(\d+,"topic":"(?:[^"\\]|\\.)*)","here":(t?)/
/** The beginning of a session's end, and which it is. */
const DETACH = /^\{"t":"detach","s":(\d+,)/

/** The connection to a relay: made again whenever it is lost, until the relay refuses for good or it is closed. */
export class RelayLink implements Wire {
  readonly #env: FullEnvironment
  readonly #openPipe: OpenPipe
  readonly #token: TokenSource
  readonly #host: WireHost
  readonly #reconnect: Reconnect
  #pipe: Pipe | undefined
  #state: 'waiting' | 'opening' | 'open' | 'closed' = 'waiting'
  frameLimit: number = FRAME_LIMIT
  window = 1
  life = 0
  #wasWelcome = false
  #silence: Silence | undefined
  /** Ends the wait for a welcome, or looks after the relay's signs of life. */
  #watchdog: Cancel | undefined
  /** What the relay said before it closed. */
  #bye: ByeFrame | undefined
  #lines: string[] | undefined
  /** Characters of them. */
  #size = 0
  /** Entries of members that were said on this connection; of those that wait to be said anew, the newest. */
  readonly #entries = new Map<string, string>()
  #lateness: Cancel | undefined

  constructor(env: FullEnvironment, openPipe: OpenPipe, token: TokenSource, host: WireHost) {
    this.#env = env
    this.#openPipe = openPipe
    this.#token = token
    this.#host = host
    this.#reconnect = new Reconnect(env, { connect: () => this.connect(), release: () => this.#release() })
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** What is not sent yet: bytes that the socket has, and characters that it is given with what else is said in this turn. */
  get buffered(): number {
    return (this.#pipe?.buffered ?? 0) + this.#size
  }

  connect(): void {
    if (this.#state !== 'waiting') return
    this.#state = 'opening'
    this.life++
    this.#bye = undefined
    this.#host.status({ state: 'connecting', via: 'own', attempt: this.#reconnect.attempt })
    this.#watchdog = this.#env.clock.after(WELCOME_LIMIT, () => this.#lost(CLOSE.timeout))
    let pipe: Pipe
    try {
      this.#pipe = pipe = this.#openPipe({
        opened: () => this.#hello(() => this.#pipe === pipe),
        received: frames => this.#pipe === pipe && this.#received(frames),
        ended: code => this.#pipe === pipe && this.#lost(code),
      })
    } catch (cause) {
      this.#failed(new EarshotError('connection-lost', 'No connection to the relay: the browser refuses the url: a page of https needs wss', {}, cause))
    }
  }

  say(frame: ClientFrame): void {
    this.write(writeJson(frame))
  }

  write(line: string, volatile = false): void {
    const isBusy = this.buffered >= BUSY
    if (volatile && isBusy) return
    const [, of, stays] = ENTRY.exec(line) ?? []
    if (of !== undefined) {
      const isLate = stays !== '' && isBusy && this.#entries.has(of)
      if (stays === '') this.#entries.delete(of)
      else this.#entries.set(of, isLate ? line : '')
      if (isLate) {
        this.#lateness ??= this.#env.clock.after(ENTRY_PERIOD, () => this.#sayLate())
        return
      }
    } else {
      const [, session] = DETACH.exec(line) ?? []
      if (session !== undefined) this.#endEntries(session)
    }
    this.#put(line)
  }

  #put(line: string): void {
    this.#size += line.length
    if (this.#lines) return void this.#lines.push(line)
    this.#lines = [line]
    queueMicrotask(() => this.#flush())
  }

  /** What a session still has to say is said before it goes. On a connection that lasts many come and go. */
  #endEntries(session: string): void {
    this.#sayLate()
    for (const of of this.#entries.keys()) if (of.startsWith(session)) this.#entries.delete(of)
  }

  #sayLate(): void {
    this.#lateness?.()
    this.#lateness = undefined
    for (const [of, line] of this.#entries) {
      if (line !== '') this.#put(line)
      this.#entries.set(of, '')
    }
  }

  /** Tries now, if it waits to try again. */
  retry(): void {
    this.#reconnect.now()
  }

  /** Closes it, since no further attempt would mend what is wrong. */
  end(cause: EarshotError): void {
    this.close()
    this.#host.status({ state: 'disconnected', cause })
    this.#host.gaveUp(cause)
  }

  close(): void {
    this.#drop()
    this.#state = 'closed'
    this.#reconnect.close()
  }

  #hello(isCurrent: () => boolean): void {
    this.#token.read().then(
      token => {
        if (isCurrent()) this.say({ t: 'hello', v: RELAY_VERSION, ...(token !== undefined && { token }) })
      },
      (cause: unknown) => {
        if (isCurrent()) this.#failed(new EarshotError('unauthorized', 'token() failed: the relay cannot be told who this is', {}, cause))
      },
    )
  }

  #received(frames: string | readonly DecodedFrame[]): void {
    this.#silence?.heard()
    for (const line of typeof frames === 'string' ? frames.split('\n') : frames) {
      const frame = typeof line === 'string' ? relayFrames.readLine(line) : line.frame
      if (!frame) this.#host.report(new EarshotError('protocol-violation', 'The relay sent something that is no frame of this version'))
      else if (frame.t === 'welcome') this.#welcomed(frame)
      else if (frame.t === 'ping') this.say({ t: 'pong' })
      else if (frame.t === 'renew') this.#renew()
      else if (frame.t === 'bye') this.#bye = frame
      else this.#host.take(frame, line.length, typeof line === 'string' ? line : undefined)
    }
    this.#host.taken()
  }

  #welcomed(welcome: WelcomeFrame): void {
    this.#state = 'open'
    this.#wasWelcome = true
    this.frameLimit = welcome.frame
    this.window = welcome.window
    this.#token.accepted()
    this.#reconnect.connected()
    this.#watch(welcome.ping, new Silence(this.#env.clock, welcome.ping))
    this.#host.welcomed(welcome)
    // Who it is that was let in may not be who is meant.
    if (this.isOpen) this.#host.status({ state: 'connected', via: 'own' })
  }

  #renew(): void {
    const pipe = this.#pipe
    // A later connection has said a token of its own.
    const isCurrent = (): boolean => this.#pipe === pipe
    this.#token.read().then(
      token => token !== undefined && isCurrent() && this.say({ t: 'token', token }),
      (cause: unknown) => isCurrent() && this.#host.report(new EarshotError('unauthorized', 'token() failed: the connection will end with its token', {}, cause)),
    )
  }

  /** The connection is over, for a reason that the code names. */
  #lost(code: number): void {
    const bye = this.#bye
    const isRefused = code === CLOSE.unauthorized
    const kind = FINAL.get(code) ?? (isRefused ? 'unauthorized' : 'connection-lost')
    const unheard = this.#wasWelcome ? `it was closed with code ${code}` : 'nothing answers there: is the relay running, are url and path right, and does it allow this page (`origins`)?'
    const cause = new EarshotError(kind, `No connection to the relay: ${bye?.reason ?? unheard}`)
    if (!FINAL.has(code) && !(isRefused && !this.#token.mayRetry())) return this.#failed(cause, bye?.spread || (ON_PURPOSE.has(code) ? 0 : undefined))
    this.end(cause)
  }

  /** Tries again later. */
  #failed(cause: EarshotError, spread?: number): void {
    this.#drop()
    this.#state = 'waiting'
    const { attempt } = this.#reconnect
    const retryAt = this.#reconnect.later(spread)
    this.#host.status({ state: 'disconnected', cause, attempt, ...(retryAt !== undefined && { retryAt }) })
  }

  #release(): void {
    this.#host.leaving()
    this.#drop()
    if (this.#state !== 'closed') this.#state = 'waiting'
  }

  #drop(): void {
    this.#sayLate()
    this.#entries.clear()
    this.#flush()
    this.#watchdog?.()
    this.#reconnect.stop()
    this.#pipe?.close()
    this.#pipe = undefined
    this.#host.cut()
  }

  /** Nothing heard for two and a half periods is a lost connection, whatever the socket says. */
  #watch(period: number, silence: Silence): void {
    this.#silence = silence
    this.#watchdog?.()
    this.#watchdog = this.#env.clock.after(period, () => {
      if (silence.isTooLong()) this.#lost(CLOSE.timeout)
      else this.#watch(period, silence)
    })
  }

  #flush(): void {
    const lines = this.#lines
    this.#lines = undefined
    this.#size = 0
    if (!lines || !this.#pipe) return
    // Frames that fit into one text go in one.
    let text = ''
    for (const line of lines) {
      if (text && text.length + line.length >= this.frameLimit) {
        this.#pipe.send(text)
        text = ''
      }
      text += text ? `\n${line}` : line
    }
    this.#pipe.send(text)
  }
}
