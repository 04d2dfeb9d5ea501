/** Deeper values are none of ours: a frame is four levels around its data. What lies between is refused by name. */
const MAX_DEPTH = 100

/** Bytes that follow the first of a value of a fixed size, from 0xc0 on; -1 for extensions, for what is no type, and for what has a length. */
const FIXED = [0, -1, 0, 0, -1, -1, -1, -1, -1, -1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8]

/** Texts, bytes, lists and maps whose length follows the first byte: what they are, and how many bytes the length has. */
const SIZED = new Map<number, readonly [what: 'text' | 'bytes' | 'list' | 'map', width: number]>([
  [0xc4, ['bytes', 1]],
  [0xc5, ['bytes', 2]],
  [0xc6, ['bytes', 4]],
  [0xd9, ['text', 1]],
  [0xda, ['text', 2]],
  [0xdb, ['text', 4]],
  [0xdc, ['list', 2]],
  [0xdd, ['list', 4]],
  [0xde, ['map', 2]],
  [0xdf, ['map', 4]],
])

/**
 * Where a value of MessagePack ends that begins at `at`. `undefined` when it does not end, is deeper than 100 levels, or holds what frames never do:
 * extensions, and keys that are no text. Nothing is made of it, and no byte is looked at twice.
 */
export function endOfPacked(bytes: Uint8Array, at: number, depth: number = MAX_DEPTH): number | undefined {
  const head = bytes[at]
  if (head === undefined) return undefined
  if (head < 0x80 || head >= 0xe0) return at + 1
  if (head < 0x90) return endOfParts(bytes, at + 1, (head & 15) * 2, depth, true)
  if (head < 0xa0) return endOfParts(bytes, at + 1, head & 15, depth, false)
  if (head < 0xc0) return within(bytes, at + 1 + (head & 31))
  const sized = SIZED.get(head)
  if (!sized) {
    const fixed = FIXED[head - 0xc0] ?? -1
    return fixed < 0 ? undefined : within(bytes, at + 1 + fixed)
  }
  const [what, width] = sized
  const start = at + 1 + width
  if (start > bytes.length) return undefined
  let length = 0
  for (let i = at + 1; i < start; i++) length = length * 256 + (bytes[i] as number)
  if (what === 'list') return endOfParts(bytes, start, length, depth, false)
  return what === 'map' ? endOfParts(bytes, start, length * 2, depth, true) : within(bytes, start + length)
}

function endOfParts(bytes: Uint8Array, start: number, count: number, depth: number, hasKeys: boolean): number | undefined {
  // Each part has a byte at least.
  if (depth === 0 || count > bytes.length - start) return undefined
  let at = start
  for (let i = 0; i < count; i++) {
    if (hasKeys && i % 2 === 0 && !isText(bytes[at])) return undefined
    const end = endOfPacked(bytes, at, depth - 1)
    if (end === undefined) return undefined
    at = end
  }
  return at
}

function isText(head = 0): boolean {
  return (head >= 0xa0 && head < 0xc0) || (head >= 0xd9 && head <= 0xdb)
}

function within(bytes: Uint8Array, end: number): number | undefined {
  return end <= bytes.length ? end : undefined
}
