import type { OpenPipe } from './pipe.ts'

/** The part of the platform's `WebSocket`, or of `ws`, that Earshot uses. */
export interface WebSocketLike {
  readonly bufferedAmount: number
  readonly readyState: number
  addEventListener(type: 'open' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(): void
}

/** Makes a pipe that carries frames in another form than JSON. */
export type Codec = (Socket: new (url: string) => WebSocketLike, url: string) => OpenPipe

const OPEN = 1

/** A pipe over a WebSocket of its own. */
export function socketPipe(Socket: new (url: string) => WebSocketLike, url: string): OpenPipe {
  return events => {
    const socket = new Socket(url)
    let isClosed = false
    socket.addEventListener('open', () => isClosed || events.opened())
    socket.addEventListener('message', ({ data }) => isClosed || events.received(String(data)))
    socket.addEventListener('close', ({ code }) => isClosed || events.ended(code))
    // `close` follows, and tells all there is to do; without a listener `ws` would throw.
    socket.addEventListener('error', () => {})
    return {
      send(text) {
        if (socket.readyState === OPEN) socket.send(text)
      },
      close() {
        isClosed = true
        socket.close()
      },
      get buffered() {
        return socket.bufferedAmount
      },
    }
  }
}
