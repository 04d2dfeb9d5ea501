import { clientFrames, isData, type MessagePack, pack, readJson, relayFrames, unpack } from '@earshot/core/protocol'
import { decode, encode } from '@msgpack/msgpack'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const library: MessagePack = { encode: value => encode(value), decode: bytes => decode(bytes) }
const of = (...parts: (number | number[] | Uint8Array | string)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap(part => (typeof part === 'number' ? [part] : typeof part === 'string' ? [...new TextEncoder().encode(part)] : [...part])))
const values = (bytes: Uint8Array): unknown[] => unpack(bytes, library).map(({ value }) => value)

describe('frames as MessagePack', () => {
  it.each<[what: string, text: string, expected: unknown[]]>([
    ['one', '{"t":"pong"}', [{ t: 'pong' }]],
    ['several', '{"t":"ping"}\n{"t":"cursor","s":0,"offset":9007199254740991}', [{ t: 'ping' }, { t: 'cursor', s: 0, offset: 9007199254740991 }]],
    ['bytes', '{"t":"x","data":["\\u0001AQL/"]}', [{ t: 'x', data: [Uint8Array.of(1, 2, 255)] }]],
    ['a text that begins with the sign for bytes', '["\\u0001\\u0001a"]', [['\u0001a']]],
    ['numbers', '[0,-1,0.5,-0.1,1e300,4294967296,-4294967297,255,-129]', [[0, -1, 0.5, -0.1, 1e300, 4294967296, -4294967297, 255, -129]]],
    ['signs of all kinds', '["ü","\\u0000","😀","日本"]', [['ü', '\u0000', '😀', '日本']]],
  ])('come back: %s', (_, text, expected) => {
    const packed = pack(text, library)
    expect(packed).toBeInstanceOf(Uint8Array)
    expect(values(packed as Uint8Array)).toEqual(expected)
  })

  it.each(['["\\ud800"]', '{"__proto__":1}', '{"t":"pong"}\n["\\udfff"]'])('stay text where they would not come back: %s', text => {
    expect(pack(text, library)).toBe(text)
  })

  it('have a size each, with which they are counted', () => {
    const [first, second] = ['{"t":"pong"}', `["${'x'.repeat(1000)}"]`].map(text => pack(text, library) as Uint8Array)
    expect(unpack(of(first ?? 0, second ?? 0), library).map(({ size }) => size)).toEqual([first?.length, second?.length])
  })

  it('hold bytes of their own, not the ones they came in', () => {
    const [data] = values(pack('"\\u0001AQL/"', library) as Uint8Array)
    expect((data as Uint8Array).buffer.byteLength).toBe(3)
    expect(Object.getPrototypeOf(unpack(Buffer.from([0xc4, 1, 7]), library)[0]?.value)).toBe(Uint8Array.prototype)
  })
})

describe('the MessagePack in docs/PROTOCOL.md', () => {
  it('is what is read and written', () => {
    const text = readFileSync(new URL('../../../../docs/PROTOCOL.md', import.meta.url), 'utf8')
    const blocks = [...text.matchAll(/^```packed\n([^]*?)^```$/gm)].map(([, hex = '']) => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex')))
    const lines = ['{"t":"pong"}', '["\\u0001AQL/"]']
    expect(blocks).toEqual(lines.map(line => pack(line, library)))
    expect(blocks.flatMap(values)).toEqual(lines.map(readJson))
  })
})

describe('what is no frame', () => {
  const key = (name: string): number[] => [0xa0 + name.length, ...new TextEncoder().encode(name)]
  it.each<[what: string, bytes: Uint8Array]>([
    ['nothing', of()],
    ['half a map', of(0x81, key('t'))],
    ['half a text', of(0xd9, 5, 'abc')],
    ['half a length', of(0xdb, 0, 0)],
    ['half a number', of(0xcb, 1, 2)],
    ['a list of four billion', of(0xdd, [255, 255, 255, 255])],
    ['a map of four billion', of(0xdf, [255, 255, 255, 255])],
    ['four gigabytes', of(0xc6, [255, 255, 255, 255], 'abc')],
    ['long lists in long lists', of(...Array.from({ length: 60 }, () => [0xdc, 1, 0]), new Uint8Array(300))],
    ['a hundred thousand lists', new Uint8Array(100_000).fill(0x91)],
    ['101 levels', of(new Uint8Array(101).fill(0x91), 1)],
    ['an extension', of(0xd4, 1, 1)],
    ['a date', of(0xd6, 0xff, [0, 0, 0, 1])],
    ['an extension of four gigabytes', of(0xc9, [255, 255, 255, 255], 1)],
    ['the type that there is not', of(0xc1)],
    ['an extension, deep inside', of(0x81, key('a'), 0x91, 0xc7, 1, 1, 1)],
    ['a number for a key', of(0x81, 1, 1)],
    ['bytes for a key', of(0x81, 0xc4, 1, 65, 1)],
    ['a list for a key', of(0x81, 0x90, 1)],
    ['null for a key', of(0x81, 0xc0, 1)],
    ['a key called __proto__', of(0x81, key('__proto__'), 0x80)],
  ])('is refused: %s', (_, bytes) => {
    expect(values(bytes)).toEqual([undefined])
  })

  it('does not spoil what came before', () => {
    expect(values(of(pack('{"t":"pong"}', library) as Uint8Array, 0xc1, 0x80))).toEqual([{ t: 'pong' }, undefined])
  })

  it('is found before anything is made of it', () => {
    const seen: number[] = []
    const decoding: MessagePack = { ...library, decode: bytes => seen.push(bytes.length) }
    unpack(of(0x91, 0xdd, [255, 255, 255, 255], 1), decoding)
    expect(seen).toEqual([])
  })

  it.each<[what: string, data: number[]]>([
    ['NaN', [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]],
    ['infinity', [0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0]],
    ['65 levels', [...Array<number>(65).fill(0x91), 1]],
  ])('and data that makes none is left to be refused by name: %s', (_, data) => {
    const [value] = values(of(0x91, data))
    expect(isData((value as unknown[])[0])).toBe(false)
  })

  it('is no count where it is beyond them', () => {
    const cursor = of(0x83, key('t'), key('cursor'), key('s'), 0, key('offset'))
    const read = (...offset: number[]): unknown => clientFrames.read(values(of(cursor, offset))[0])
    expect(read(0xcf, 0, 0x1f, 255, 255, 255, 255, 255, 255)).toEqual({ t: 'cursor', s: 0, offset: Number.MAX_SAFE_INTEGER })
    for (const offset of [[0xcf, 255, 255, 255, 255, 255, 255, 255, 255], [0xd3, 255, 255, 255, 255, 255, 255, 255, 255], [0xc4, 1, 1], [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]]) {
      expect(read(...offset)).toBeUndefined()
    }
  })
})

describe('any bytes', () => {
  const heads = fc.constantFrom(0x80, 0x81, 0x90, 0x92, 0xa1, 0xc0, 0xc1, 0xc4, 0xc7, 0xcb, 0xcf, 0xd4, 0xd9, 0xdc, 0xdd, 0xde, 0xdf, 0xff, 0x74)
  const noise = fc.array(fc.oneof(heads, fc.nat(255)), { maxLength: 60 }).map(bytes => Uint8Array.from(bytes))
  const broken = fc.tuple(fc.jsonValue(), fc.nat(60), fc.nat(255)).map(([value, at, byte]) => {
    const bytes = encode({ t: 'publish', s: 0, data: value, tag: 'a', clock: 1, time: 0, topic: 'a' })
    bytes[at % bytes.length] = byte
    return bytes
  })

  it('give frames or nothing, and never throw', () => {
    let read = 0
    fc.assert(
      fc.property(fc.oneof(noise, broken), bytes => {
        for (const { value } of unpack(bytes, library)) for (const reader of [clientFrames, relayFrames]) if (reader.read(value)) read++
      }),
      { numRuns: 5000 },
    )
    expect(read).toBeGreaterThan(500)
  })

  it('that are MessagePack come back as the library reads them', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        if (JSON.stringify(value).includes('__proto__')) return
        expect(values(encode(value))).toEqual([decode(encode(value))])
      }),
      { numRuns: 2000 },
    )
  })
})
