import { decode, Encoder } from '@msgpack/msgpack'
import { type MessagePack, pack, unpack, type Unpacked } from '@earshot/core/protocol'

const encoder = new Encoder()
const library: MessagePack = { encode: value => encoder.encode(value), decode: bytes => decode(bytes) }

/** Writes MessagePack for those who speak it. What several are told is encoded once. */
export class Packer {
  #text = ''
  #packed: string | Uint8Array = ''

  /** Frames as MessagePack, or the text itself where that would not give it back. */
  pack(text: string): string | Uint8Array {
    if (text !== this.#text) this.#packed = pack((this.#text = text), library)
    return this.#packed
  }

  /** What a client has said. */
  unpack(bytes: Uint8Array): readonly Unpacked[] {
    return unpack(bytes, library)
  }
}
