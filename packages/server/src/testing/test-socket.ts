/** What a socket's listeners get: `data` with a message, `code` and `reason` with a close. */
export interface TestSocketEvent {
  readonly data: unknown
  readonly code: number
  readonly reason: string
}

type EventType = 'open' | 'message' | 'error' | 'close'
type Listener = (event: TestSocketEvent) => void

/** The client's end of what a socket is connected to. */
export interface SocketWire {
  send(unit: string | Uint8Array): void
  close(): void
  /** Characters that were sent and are still under way. */
  readonly underWay: number
}

/** A stand-in for the platform's `WebSocket`, as far as clients of a relay use it. */
export class TestSocket {
  readonly url: string
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3
  readyState: 0 | 1 | 2 | 3 = 0
  readonly #wire: SocketWire
  readonly #listeners = new Map<EventType, Set<Listener>>()

  constructor(url: string, connect: (socket: TestSocket) => SocketWire) {
    this.url = url
    this.#wire = connect(this)
  }

  get bufferedAmount(): number {
    return this.#wire.underWay
  }

  addEventListener(type: EventType, listener: Listener): void {
    const listeners = this.#listeners.get(type)
    if (listeners) listeners.add(listener)
    else this.#listeners.set(type, new Set([listener]))
  }

  removeEventListener(type: EventType, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener)
  }

  /** @throws Error while it is connecting, as the platform's does */
  send(unit: string | Uint8Array): void {
    if (this.readyState === 0) throw new Error('A socket that is still connecting cannot send')
    if (this.readyState === 1) this.#wire.send(unit)
  }

  close(): void {
    if (this.readyState > 1) return
    this.readyState = 2
    this.#wire.close()
  }

  /** What the network does to it. */
  opened(): void {
    if (this.readyState !== 0) return
    this.readyState = 1
    this.#tell('open')
  }

  received(data: string | Uint8Array): void {
    // As on the platform: what comes after `close()` is not heard.
    if (this.readyState === 1) this.#tell('message', { data })
  }

  ended(code: number): void {
    if (this.readyState === 3) return
    const wasOpen = this.readyState !== 0
    this.readyState = 3
    if (!wasOpen) this.#tell('error')
    this.#tell('close', { code })
  }

  /** The page is gone: nothing of it hears anything more. */
  forget(): void {
    this.readyState = 3
    this.#listeners.clear()
  }

  #tell(type: EventType, { data, code = 0 }: { data?: string | Uint8Array; code?: number } = {}): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener({ data, code, reason: '' })
  }
}
