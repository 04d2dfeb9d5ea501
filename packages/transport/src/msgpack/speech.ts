import { decode, Encoder } from '@msgpack/msgpack'
import { type MessagePack, pack, PACKED, PACKED_GROWTH, readJson, relayFrames, unpack } from '@earshot/core/protocol'
import type { DecodedFrame } from '../pipe/pipe.ts'

// One that goes on growing its buffer instead of making one for each frame.
const encoder = new Encoder()
const library: MessagePack = { encode: value => encoder.encode(value), decode: bytes => decode(bytes) }

/** What one connection speaks: JSON, until a welcome takes the offer that was made with the hello. */
export class Speech {
  #state: 'silent' | 'offered' | 'packed' | 'json' = 'silent'

  /** What is sent for frames, one a line. The first is a client's hello. */
  write(text: string): string | Uint8Array<ArrayBuffer> {
    if (this.#state === 'packed') return pack(text, library)
    if (this.#state !== 'silent') return text
    this.#state = 'offered'
    return text.replace('{', `{"codecs":["${PACKED}"],`)
  }

  /** What a message of the relay holds. */
  read(data: unknown): string | readonly DecodedFrame[] {
    // A platform gives the one, `ws` the other unless it is told.
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data
    if (bytes instanceof Uint8Array) return unpack(bytes, library).map(({ value, size }) => ({ frame: relayFrames.read(value), length: size * PACKED_GROWTH }))
    const text = String(bytes)
    if (this.#state === 'offered') this.#state = isTaken(text) ? 'packed' : 'json'
    return text
  }
}

/** Whether the relay's first words take the offer. */
function isTaken(text: string): boolean {
  try {
    const frame = readJson(text.split('\n', 1).join()) as { readonly t?: unknown; readonly codec?: unknown } | null
    return frame?.t === 'welcome' && frame.codec === PACKED
  } catch {
    return false
  }
}
