import { type AttachFrame, type ClientFrame, RELAY_VERSION, type RelayFrame, relayFrames } from '@earshot/core/protocol'
import { type ClientOptions, type RawData, WebSocket } from 'ws'
import { Packer } from '../../src/relay/packer.ts'

/** How a socket was closed, and what was said before. */
export interface Farewell {
  readonly code: number
  readonly reason: string
  readonly bye: Extract<RelayFrame, { t: 'bye' }> | undefined
}

/** One end of a real socket that says whatever a test wants, and keeps what it hears. */
export class Peer {
  readonly socket: WebSocket
  /** Everything heard. */
  readonly heard: RelayFrame[] = []
  /** What was heard and makes no sense. */
  readonly unreadable: string[] = []
  readonly closed: Promise<Farewell>
  readonly #number = ++peers
  #taken = 0
  #wanted: (() => void)[] = []
  #isClosed = false

  constructor(url: string, options: ClientOptions = {}) {
    this.socket = new WebSocket(url, options)
    this.socket.on('error', () => {})
    this.socket.on('message', (data, isBinary) => (isBinary ? this.#receivePacked(data) : this.#receive(data)))
    this.closed = new Promise(resolve => {
      this.socket.on('close', (code, reason) => {
        this.#isClosed = true
        this.#wake()
        const bye = this.of('bye').at(-1)
        resolve({ code, reason: String(reason), bye })
      })
    })
  }

  /** Resolves with this when the socket is open; rejects when it is closed before. */
  async opened(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      if (this.socket.readyState === WebSocket.OPEN) return resolve()
      this.socket.on('open', resolve)
      this.socket.on('close', code => reject(new Error(`The socket was closed with ${code} before it was open`)))
    })
    return this
  }

  /** Says hello, and waits for the welcome. */
  async greet(token?: string, codecs?: readonly string[]): Promise<Extract<RelayFrame, { t: 'welcome' }>> {
    await this.opened()
    this.say({ t: 'hello', v: RELAY_VERSION, ...(token !== undefined && { token }), ...(codecs && { codecs }) })
    return this.next('welcome')
  }

  /** Attaches a session under an index, and waits until it is. */
  async attach(s: number, more: Partial<AttachFrame> = {}): Promise<Extract<RelayFrame, { t: 'attached' }>> {
    this.say(attachFrame(s, { session: `peer${this.#number}.${s}`, ...more }))
    return this.next('attached', frame => frame.s === s)
  }

  /** Subscribes, and waits until the relay has said that it is done. */
  async subscribe(s: number, pattern: string): Promise<number> {
    this.say({ t: 'subscribe', s, pattern })
    return (await this.next('subscribed', frame => frame.s === s && frame.pattern === pattern)).offset
  }

  say(...frames: ClientFrame[]): void {
    this.send(frames.map(frame => JSON.stringify(frame)).join('\n'))
  }

  /** Sends text as it is, or bytes as if they were text. */
  send(data: string | Buffer): void {
    this.socket.send(data, { binary: false })
  }

  /** The next frame of a kind that was not taken yet, now or when it comes; those before it are skipped. */
  async next<Kind extends RelayFrame['t']>(kind: Kind, fits: (frame: Extract<RelayFrame, { t: Kind }>) => boolean = () => true): Promise<Extract<RelayFrame, { t: Kind }>> {
    for (;;) {
      while (this.#taken < this.heard.length) {
        const frame = this.heard[this.#taken++]
        if (frame && isOf(frame, kind) && fits(frame)) return frame
      }
      await this.changed()
    }
  }

  /** Resolves when something more was heard. @throws when the socket is closed */
  async changed(): Promise<void> {
    if (this.#isClosed) throw new Error(`The socket was closed after ${JSON.stringify(this.heard.slice(-3))}`)
    await new Promise<void>(resolve => this.#wanted.push(resolve))
  }

  /** Resolves when everything that was said has been looked at: the relay answers a session's frames in their order. */
  async settled(s: number): Promise<void> {
    const q = ++lastQuestion
    this.say({ t: 'occupancy', s, q, topic: 'settled' })
    while (!this.heard.some(frame => (frame.t === 'count' || frame.t === 'refused') && frame.q === q)) await this.changed()
  }

  /** All frames of a kind that were heard. */
  of<Kind extends RelayFrame['t']>(kind: Kind): Extract<RelayFrame, { t: Kind }>[] {
    return this.heard.filter(frame => isOf(frame, kind))
  }

  /** Data of all messages that were heard, in pages, answers and live. */
  get data(): unknown[] {
    return this.heard.flatMap(frame => (frame.t === 'message' ? [frame.m] : frame.t === 'page' || frame.t === 'past' ? frame.m : [])).map(message => message[7])
  }

  end(): void {
    this.socket.terminate()
  }

  #receive(data: RawData): void {
    for (const line of String(data).split('\n')) {
      const frame = relayFrames.readLine(line)
      if (frame) this.heard.push(frame)
      else this.unreadable.push(line)
    }
    this.#wake()
  }

  #receivePacked(data: RawData): void {
    for (const { value } of new Packer().unpack(data as Buffer)) {
      const frame = relayFrames.read(value)
      if (frame) this.heard.push(frame)
      else this.unreadable.push(String(data))
    }
    this.#wake()
  }

  #wake(): void {
    const wanted = this.#wanted
    this.#wanted = []
    for (const wake of wanted) wake()
  }
}

let peers = 0
let lastQuestion = 1_000_000

/** An attach of a new session with an id of its own, but for what is replaced. */
export function attachFrame(s: number, more: Partial<AttachFrame> = {}): AttachFrame {
  return { t: 'attach', s, session: `session${s}`, attach: 1, tag: 'doc', tags: [], secret: `secret${s}`, subs: [], done: 0, ...more }
}

/** A kept publish with a number. */
export function publishFrame(s: number, clock: number, topic: string, data: unknown, more: Partial<Extract<ClientFrame, { t: 'publish' }>> = {}): Extract<ClientFrame, { t: 'publish' }> {
  return { t: 'publish', s, topic, data, tag: 'doc', clock, time: 0, ...more }
}

function isOf<Kind extends RelayFrame['t']>(frame: RelayFrame, kind: Kind): frame is Extract<RelayFrame, { t: Kind }> {
  return frame.t === kind
}
