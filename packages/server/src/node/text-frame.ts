/** How the first byte of a frame says: text, in one piece. */
const WHOLE_TEXT = 0x81
/** Up to so many bytes the second byte is the length; up to 16 bits two more hold it, else eight. */
const SHORT = 125
const IN_TWO_BYTES = 126
const IN_EIGHT_BYTES = 127

/** A text as a server sends it over a WebSocket that does not compress: header and bytes in one piece, so that all who are told the same share it. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const start = length <= SHORT ? 2 : length < 2 ** 16 ? 4 : 10
  const frame = Buffer.allocUnsafe(start + length)
  frame[0] = WHOLE_TEXT
  if (start === 2) frame[1] = length
  else if (start === 4) {
    frame[1] = IN_TWO_BYTES
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = IN_EIGHT_BYTES
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, start)
  return frame
}
