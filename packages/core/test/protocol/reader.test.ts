import { clientFrames, type FrameReader, relayFrames } from '@earshot/core/protocol'
import { describe, expect, it } from 'vitest'
import { clientFields, examplesOf, fullFrame, nested, relayFields } from './frames.ts'

type Reader = FrameReader<{ readonly t: string }>

const sides: readonly [side: string, reader: Reader, kinds: Record<string, Record<string, string>>][] = [
  ['a client', clientFrames, clientFields],
  ['a relay', relayFrames, relayFields],
]
const frames = sides.flatMap(([side, reader, kinds]) => Object.entries(kinds).map(([t, fields]) => ({ side, reader, t, fields })))
const fields = frames.flatMap(({ fields: all, ...frame }) => Object.entries(all).map(([field, kind]) => ({ ...frame, field, kind, full: fullFrame(frame.t, all) })))

describe('reading a frame', () => {
  it.each(frames)('takes $t of $side as it is', ({ reader, t, fields: all }) => {
    const full = fullFrame(t, all)
    expect(reader.read(full)).toStrictEqual(full)
    expect(reader.readLine(JSON.stringify(full))).toStrictEqual(full)
  })

  it.each(frames)('drops what else $t of $side holds', ({ reader, t, fields: all }) => {
    const full = fullFrame(t, all)
    const more = JSON.stringify({ ...full, extra: 1, constructor: 2, toString: 3, hasOwnProperty: 4 }).replace('{', '{"__proto__":{"polluted":true},')
    const read = reader.readLine(more)
    expect(read).toStrictEqual(full)
    expect(Object.keys(read ?? {}).sort()).toEqual(Object.keys(full).sort())
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
  })

  it.each(frames)('gives $t of $side anew, not what it was given', ({ reader, t, fields: all }) => {
    const full = fullFrame(t, all)
    expect(reader.read(full)).not.toBe(full)
  })

  it.each(fields)('takes every $kind as $field of $t', ({ reader, field, kind, full }) => {
    const { good } = examplesOf(kind)
    expect(good.length).toBeGreaterThan(0)
    for (const value of good) expect(reader.read({ ...full, [field]: value })).toStrictEqual({ ...full, [field]: value })
  })

  it.each(fields)('refuses what is no $kind as $field of $t', ({ reader, field, kind, full }) => {
    const taken = examplesOf(kind).bad.filter(value => reader.read({ ...full, [field]: value }) !== undefined)
    expect(taken).toEqual([])
  })

  it.each(fields)('knows whether $field of $t may be left out: $kind', ({ reader, field, kind, full }) => {
    const { [field]: _, ...rest } = full
    for (const without of [rest, { ...full, [field]: undefined }]) {
      const read = reader.read(without)
      if (kind.endsWith('?')) expect(read).toStrictEqual(rest)
      else expect(read).toBeUndefined()
    }
  })

  it.each(fields)('takes $field of $t from the frame itself alone', ({ reader, field, kind, full }) => {
    const { [field]: value, ...rest } = full
    const inherited = Object.assign(Object.create({ [field]: value }) as object, rest)
    expect(reader.read(inherited)).toStrictEqual(kind.endsWith('?') ? rest : undefined)
  })
})

describe('what is no frame', () => {
  it.each<[what: string, input: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'pong'],
    ['a number', 5],
    ['a function', () => ({ t: 'pong' })],
    ['an empty object', {}],
    ['an empty array', []],
    ['an array with a kind', Object.assign([], { kind: 'pong' })],
    ['an unknown kind', { t: 'pang' }],
    ['a kind in a list', { t: ['pong'] }],
    ['a kind that is a number', { t: 0 }],
    ['a kind that is an object', { t: { toString: () => 'pong' } }],
    ['a kind by another name', { T: 'pong' }],
    ['a kind in capitals', { t: 'PONG' }],
    ['a kind with a space', { t: 'pong ' }],
    ['a kind that is inherited', Object.create({ t: 'pong' })],
    ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', ''].map((t): [string, unknown] => [`a kind called "${t}"`, { t }]),
  ])('is refused: %s', (_, input) => {
    for (const [, reader] of sides) expect(reader.read(input)).toBeUndefined()
  })

  it.each<[what: string, line: string]>([
    ['nothing', ''],
    ['a space', ' '],
    ['no JSON', 'hello'],
    ['half a frame', '{"t":"po'],
    ['a frame and a half', '{"t":"pong"}{"t":"po'],
    ['two frames on a line', '{"t":"pong"}{"t":"pong"}'],
    ['single quotes', "{'t':'pong'}"],
    ['a comma too many', '{"t":"pong",}'],
    ['a comment', '{"t":"pong"} // pong'],
    ['a byte order mark', '\ufeff{"t":"pong"}'],
    ['a kind in the prototype', '{"__proto__":{"t":"pong"}}'],
    ['a million brackets', '['.repeat(1_000_000)],
    ['a hundred thousand levels', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['a hundred thousand levels in a field', `{"t":"attach","s":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ])('is refused as a line: %s', (_, line) => {
    for (const [, reader] of sides) expect(reader.readLine(line)).toBeUndefined()
  })

  it('is one side’s frame to the other side', () => {
    for (const t of Object.keys(clientFields)) expect(relayFrames.read(fullFrame(t, clientFields[t as keyof typeof clientFields]))).toBeUndefined()
    for (const t of Object.keys(relayFields)) expect(clientFrames.read(fullFrame(t, relayFields[t as keyof typeof relayFields]))).toBeUndefined()
  })
})

describe('numbers as JSON writes them', () => {
  it.each(['1e999', '-1e999', '1e400'])('refuses %s in data that was published', number => {
    const line = (data: string): string => `{"t":"message","s":[0],"m":["a","","tag",1,1,null,1,${data}]}`
    expect(relayFrames.readLine(line('1'))).toBeDefined()
    for (const hostile of [number, `[${number}]`, `{"a":{"b":${number}}}`]) expect(relayFrames.readLine(line(hostile))).toBeUndefined()
  })

  it('refuses an offset that is not exact', () => {
    expect(clientFrames.readLine('{"t":"cursor","s":0,"offset":9007199254740991}')).toBeDefined()
    expect(clientFrames.readLine('{"t":"cursor","s":0,"offset":9007199254740993}')).toBeUndefined()
  })

  it('takes the last of two fields by one name, as all JSON does here', () => {
    expect(clientFrames.readLine('{"t":"pong","t":"cursor","s":1,"offset":2,"s":3}')).toEqual({ t: 'cursor', s: 3, offset: 2 })
  })
})

describe('data', () => {
  it('is bounded at 64 levels, mixed ones too', () => {
    const wrap = (inner: unknown): unknown => [{ inner }]
    const message = (data: unknown): unknown => ({ t: 'message', s: [0], m: ['a', '', 'tag', 1, 1, null, 1, data] })
    expect(relayFrames.read(message(nested(32, wrap)))).toBeDefined()
    expect(relayFrames.read(message([nested(32, wrap)]))).toBeUndefined()
  })

  it('is not rebuilt but handed on', () => {
    const data = { text: 'hi' }
    const read = clientFrames.read({ ...fullFrame('publish', clientFields.publish), data })
    expect(read?.t === 'publish' && read.data).toBe(data)
  })
})
