import { decode, Encoder } from '@msgpack/msgpack'
import type { MessagePack } from '@earshot/core/protocol'

// One that goes on growing its buffer instead of making one for each frame.
const encoder = new Encoder()

export const library: MessagePack = { encode: value => encoder.encode(value), decode: bytes => decode(bytes) }
