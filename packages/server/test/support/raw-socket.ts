import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/** A part of the WebSocket protocol below frames of ours: what no library would send. */
export interface RawFrame {
  /** 1 text, 2 binary, 8 close, 9 ping. @default 1 */
  readonly opcode?: number
  readonly payload?: Buffer
  /** @default true */
  readonly fin?: boolean
  /** The bits behind `fin`: 4 says that the payload is compressed. @default 0 */
  readonly reserved?: number
  /** @default true */
  readonly masked?: boolean
  /** What it says its length is. @default the payload's */
  readonly length?: bigint
}

/** A TCP connection to a relay, over which anything can be sent. */
export class RawSocket {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #wanted: (() => void)[] = []
  readonly closed: Promise<void>

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.on('error', () => {})
    this.#socket.on('data', data => {
      this.#received = Buffer.concat([this.#received, data])
      this.#wake()
    })
    this.closed = new Promise(resolve => {
      this.#socket.on('close', () => {
        resolve()
        this.#wake()
      })
    })
  }

  write(data: string | Buffer): void {
    this.#socket.write(data)
  }

  /** Asks for a WebSocket; resolves with the head of the answer. */
  async upgrade(target = '/earshot', headers: Record<string, string> = {}): Promise<string> {
    const all = { Host: 'relay', Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': randomBytes(16).toString('base64'), ...headers }
    this.write(`GET ${target} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
    return this.head()
  }

  /** The head of an HTTP answer. */
  async head(): Promise<string> {
    let end = -1
    await this.#until(() => (end = this.#received.indexOf('\r\n\r\n')) >= 0)
    const head = this.#received.subarray(0, end).toString()
    this.#received = this.#received.subarray(end + 4)
    return head
  }

  /** Sends a frame as it is described, right or wrong. */
  frame({ opcode = 1, payload = Buffer.alloc(0), fin = true, reserved = 0, masked = true, length = BigInt(payload.length) }: RawFrame): void {
    const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode
    const size = sizeOf(length)
    size[0] = (size[0] ?? 0) | (masked ? 0x80 : 0)
    const mask = masked ? randomBytes(4) : Buffer.alloc(0)
    const body = masked ? Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))) : payload
    this.write(Buffer.concat([Buffer.from([first]), size, mask, body]))
  }

  /** The code of the close frame that the other end sends; `undefined` when it hangs up without one. */
  async closeCode(): Promise<number | undefined> {
    let code: number | undefined
    let isGone = false
    void this.closed.then(() => (isGone = true))
    await this.#until(() => {
      for (let at = 0; at + 2 <= this.#received.length; ) {
        const length = this.#received.readUInt8(at + 1)
        const head = length < 126 ? 2 : 4
        if (this.#received.readUInt8(at) === 0x88) code = this.#received.readUInt16BE(at + head)
        at += head + (length < 126 ? length : this.#received.readUInt16BE(at + 2))
      }
      return code !== undefined || isGone
    })
    return code
  }

  /** Hangs up with a reset. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  end(): void {
    this.#socket.destroy()
  }

  async #until(is: () => boolean): Promise<void> {
    while (!is()) {
      if (this.#socket.destroyed && this.#wanted.length === 0 && !is()) throw new Error(`The socket was closed after ${this.#received.toString('latin1')}`)
      await new Promise<void>(resolve => this.#wanted.push(resolve))
    }
  }

  #wake(): void {
    const wanted = this.#wanted
    this.#wanted = []
    for (const wake of wanted) wake()
  }
}

/** A length as the WebSocket protocol writes it. */
function sizeOf(length: bigint): Buffer {
  if (length < 126n) return Buffer.from([Number(length)])
  const isLong = length > 0xffffn
  const size = Buffer.alloc(isLong ? 9 : 3, isLong ? 127 : 126)
  if (isLong) size.writeBigUInt64BE(length, 1)
  else size.writeUInt16BE(Number(length), 1)
  return size
}
