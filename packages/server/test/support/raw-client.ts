import { type ClientFrame, type RelayFrame, relayFrames } from '@earshot/core/protocol'
import { onTestFinished } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'

/** A client that says what it is told to, frame by frame. */
export class RawClient {
  readonly socket: WebSocket
  readonly #frames: RelayFrame[] = []
  readonly #wanted: (() => void)[] = []
  /** The code it was closed with. */
  readonly closed: Promise<number>

  constructor(url: string, options: ClientOptions = {}) {
    this.socket = new WebSocket(url, options)
    this.closed = new Promise(resolve => this.socket.on('close', resolve))
    this.socket.on('error', () => {})
    this.socket.on('message', data => {
      for (const line of String(data).split('\n')) {
        const frame = relayFrames.readLine(line)
        if (frame) this.#frames.push(frame)
      }
      for (const wake of this.#wanted.splice(0)) wake()
    })
    onTestFinished(() => this.socket.terminate())
  }

  /** Resolves when the socket is open; rejects with the HTTP status that refused it. */
  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.on('open', resolve)
      this.socket.on('unexpected-response', (_request, { statusCode }) => reject(new Error(`HTTP ${statusCode}`)))
    })
  }

  say(...frames: ClientFrame[]): void {
    this.socket.send(frames.map(frame => JSON.stringify(frame)).join('\n'))
  }

  /** Takes the next frame of these kinds, now or when it comes. */
  async next<Kind extends RelayFrame['t']>(...kinds: Kind[]): Promise<Extract<RelayFrame, { t: Kind }>> {
    for (;;) {
      const at = this.#frames.findIndex(({ t }) => kinds.some(kind => kind === t))
      const [frame] = at < 0 ? [] : this.#frames.splice(at, 1)
      if (frame && isOf(frame, kinds)) return frame
      await new Promise<void>(resolve => this.#wanted.push(resolve))
    }
  }
}

function isOf<Kind extends RelayFrame['t']>(frame: RelayFrame, kinds: readonly Kind[]): frame is Extract<RelayFrame, { t: Kind }> {
  return kinds.some(kind => kind === frame.t)
}
