import { readJson } from './json.ts'
import { endOfPacked } from './packed.ts'

/** How a client offers MessagePack, and a relay accepts it. */
export const PACKED = 'msgpack'

/** Characters of JSON that a packed byte may stand for, at most: a short text can be written in escapes, each byte of a control sign as six. */
export const PACKED_GROWTH = 8

/** The library that does it. */
export interface MessagePack {
  readonly encode: (value: unknown) => Uint8Array<ArrayBuffer>
  readonly decode: (bytes: Uint8Array) => unknown
}

/** A frame as it was decoded. */
export interface Unpacked {
  /** Anything at all: it is still to be read. */
  readonly value: unknown
  /** Its bytes. */
  readonly size: number
}

const NONSENSE: Unpacked = { value: undefined, size: 0 }

/** Frames of JSON, one a line, as MessagePack, one after the other. The same text where MessagePack would not give it back: lone surrogates, and keys that reach for a prototype. */
export function pack(text: string, { encode }: MessagePack): string | Uint8Array<ArrayBuffer> {
  if (/\\ud|__proto__/.test(text)) return text
  const parts = text.split('\n').map(line => encode(readJson(line)))
  const [first] = parts
  if (first && parts.length === 1) return first
  const packed = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    packed.set(part, at)
    at += part.length
  }
  return packed
}

/** Frames out of MessagePack; a last one of `undefined` where they make no sense. Nothing is made of bytes that were not looked at: a length is five bytes, and may claim four billion. */
export function unpack(bytes: Uint8Array, { decode }: MessagePack): Unpacked[] {
  const frames: Unpacked[] = []
  for (let at = 0; at < bytes.length || at === 0; ) {
    const end = endOfPacked(bytes, at)
    if (end === undefined) return [...frames, NONSENSE]
    try {
      frames.push({ value: own(decode(bytes.subarray(at, end))), size: end - at })
    } catch {
      return [...frames, NONSENSE]
    }
    at = end
  }
  return frames
}

/** Bytes are copied: what they came in is larger, and not theirs to hold. */
function own(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map(own)
  if (typeof value !== 'object' || value === null) return value
  for (const [key, part] of Object.entries(value)) if (typeof part === 'object' && part !== null) (value as Record<string, unknown>)[key] = own(part)
  return value
}
