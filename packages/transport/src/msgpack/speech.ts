import { type MessagePack, pack, PACKED, PACKED_GROWTH, readJson, relayFrames, unpack } from '@earshot/core/protocol'
import type { DecodedFrame } from '../pipe/pipe.ts'

/** What one connection speaks: JSON, until a welcome takes the offer that was made with the hello. */
export class Speech {
  readonly #library: () => MessagePack | undefined
  #state: 'silent' | 'offered' | 'packed' | 'json' = 'silent'

  /** @param library what there is when the hello is said decides */
  constructor(library: () => MessagePack | undefined) {
    this.#library = library
  }

  /** What is sent for frames, one a line. The first is a client's hello. */
  write(text: string): string | Uint8Array<ArrayBuffer> {
    const library = this.#library()
    if (this.#state === 'silent') {
      this.#state = library ? 'offered' : 'json'
      return library ? text.replace('{', `{"codecs":["${PACKED}"],`) : text
    }
    return this.#state === 'packed' && library ? pack(text, library) : text
  }

  /** What a message of the relay holds. */
  read(data: unknown): string | readonly DecodedFrame[] {
    const library = this.#library()
    // A platform gives the one, `ws` the other unless it is told.
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data
    if (library && bytes instanceof Uint8Array) return unpack(bytes, library).map(({ value, size }) => ({ frame: relayFrames.read(value), length: size * PACKED_GROWTH }))
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
