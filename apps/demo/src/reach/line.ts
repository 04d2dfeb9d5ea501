/** What a socket tells: `data` of a message, `code` of its end. */
interface LineEvent {
  readonly data: unknown
  readonly code: number
}

type LineEventType = 'open' | 'error' | 'message' | 'close'

const CLOSED = 3
/** What a socket's end is called that nobody has announced. */
const ABNORMAL = 1006

/** The way to the relay, which a visitor may cut. */
export interface Line {
  readonly WebSocket: new (url: string) => LineSocket
  /** Ends every connection at once, and lets no other be made. */
  cut(): void
  restore(): void
}

/** Makes the way to the relay. `restored` is called when it is there again. */
export function createLine(restored: () => void): Line {
  const sockets = new Set<LineSocket>()
  let isCut = false
  return {
    WebSocket: class extends LineSocket {
      constructor(url: string) {
        super(isCut ? undefined : url, () => sockets.delete(this))
        sockets.add(this)
      }
    },
    cut() {
      isCut = true
      for (const socket of sockets) socket.break()
    },
    restore() {
      isCut = false
      restored()
    },
  }
}

/** The platform's socket, or, without a url, one that reaches nobody. */
class LineSocket {
  readonly #heeds = new Map<LineEventType, ((event: LineEvent) => void)[]>()
  readonly #ended: () => void
  #socket: WebSocket | undefined

  constructor(url: string | undefined, ended: () => void) {
    this.#ended = ended
    if (url === undefined) setTimeout(() => this.break())
    else this.#open(new WebSocket(url))
  }

  get readyState(): number {
    return this.#socket?.readyState ?? CLOSED
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  addEventListener(type: LineEventType, heed: (event: LineEvent) => void): void {
    this.#heeds.set(type, [...(this.#heeds.get(type) ?? []), heed])
  }

  send(text: string): void {
    this.#socket?.send(text)
  }

  close(): void {
    this.#socket?.close()
  }

  /** Ends without a farewell: what is under way in either direction is lost. */
  break(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
    this.#tell('close', { data: undefined, code: ABNORMAL })
  }

  #open(socket: WebSocket): void {
    this.#socket = socket
    for (const type of ['open', 'error', 'message', 'close'] as const) {
      socket.addEventListener(type, event => {
        if (this.#socket !== socket) return
        const data: unknown = event instanceof MessageEvent ? event.data : undefined
        this.#tell(type, { data, code: event instanceof CloseEvent ? event.code : ABNORMAL })
      })
    }
  }

  #tell(type: LineEventType, event: LineEvent): void {
    if (type === 'close') this.#ended()
    for (const heed of this.#heeds.get(type) ?? []) heed(event)
  }
}
