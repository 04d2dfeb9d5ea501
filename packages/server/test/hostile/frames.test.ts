import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { attacked } from '../support/attacked.ts'
import { attachFrame, type Peer, publishFrame } from '../support/peer.ts'
import type { RawSocket } from '../support/raw-socket.ts'

const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
/** The most levels that data may have. */
const deepest: unknown = JSON.parse(deep(64))
const json = (value: unknown): string => JSON.stringify(value)

describe('a text that makes no sense ends its connection, with a reason', () => {
  it.each<[what: string, text: string]>([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['an empty line', '\n'],
    ['an empty line after a frame', '{"t":"pong"}\n'],
    ['half a frame', '{"t":"cursor","s":0,"off'],
    ['a frame cut in the middle of an escape', '{"t":"subscribe","s":0,"pattern":"\\u00'],
    ['two frames on a line', '{"t":"pong"}{"t":"pong"}'],
    ['a frame over several lines', JSON.stringify({ t: 'cursor', s: 0, offset: 1 }, null, 2)],
    ['a byte order mark', '\ufeff{"t":"pong"}'],
    ['a number', '5'],
    ['null', 'null'],
    ['an array', '[{"t":"pong"}]'],
    ['an unknown kind', '{"t":"shutdown"}'],
    ['a kind of the relay', '{"t":"ping"}'],
    ['no kind', '{}'],
    ['a kind called __proto__', '{"t":"__proto__"}'],
    ['a kind called constructor', '{"t":"constructor"}'],
    ['a kind in the prototype', '{"__proto__":{"t":"pong"}}'],
    ['fields in the prototype', '{"t":"cursor","__proto__":{"s":0,"offset":1}}'],
    ['a missing field', '{"t":"cursor","s":0}'],
    ['a negative index', '{"t":"cursor","s":-1,"offset":1}'],
    ['a fraction', '{"t":"cursor","s":0.5,"offset":1}'],
    ['a number as text', '{"t":"cursor","s":"0","offset":1}'],
    ['an unsafe integer', '{"t":"cursor","s":0,"offset":9007199254740993}'],
    ['infinity', '{"t":"cursor","s":0,"offset":1e999}'],
    ['null for a text', '{"t":"subscribe","s":0,"pattern":null}'],
    ['a list for a text', '{"t":"subscribe","s":0,"pattern":["a"]}'],
    ['a text that is too long', json({ t: 'subscribe', s: 0, pattern: 'x'.repeat(4097) })],
    ['a publish without data', json({ ...publishFrame(0, 1, 'a', 1), data: undefined })],
    ['too large an audience', json(publishFrame(0, 1, 'a', 1, { to: Array<string>(1001).fill('a') }))],
    ['a hundred thousand levels', deep(100_000)],
    ['a hundred thousand levels in a field', `{"t":"attach","subs":${deep(100_000)}}`],
  ])('%s', async (_, text) => {
    const { welcomed, talk } = await attacked()
    const peer = await welcomed()
    peer.send(text)
    await talk()
    expect(await peer.closed).toMatchObject({ code: 4400, reason: 'a frame makes no sense', bye: { code: 'protocol-violation', spread: 0 } })
  })

  it('also behind a frame that does', async () => {
    const { welcomed, talk } = await attacked()
    const peer = await welcomed()
    await peer.attach(0)
    peer.send(`${json({ t: 'subscribe', s: 0, pattern: 'a' })}\n{"t":"presence"`)
    expect((await peer.closed).code).toBe(4400)
    await talk()
  })
})

describe('a text that makes no sense but for whose it is', () => {
  it.each<[what: string, text: string]>([
    ['no JSON', '{"t":"publish","s":0,"topic":'],
    ['two frames on a line', '{"t":"cursor","s":0,"offset":0}{"t":"pong"}'],
    ['a missing field', '{"t":"cursor","s":0}'],
    ['a text that is too long', json({ t: 'subscribe', s: 0, pattern: 'x'.repeat(4097) })],
    ['too large an audience', json({ ...publishFrame(0, 1, 'a', 1), to: Array<string>(1001).fill('a') }).replace('{', '{"t":"publish","s":0,')],
    ['too many subscriptions', json(attachFrame(0, { subs: Array.from({ length: 10_001 }, () => ['a', null] as const) }))],
    ['too many documents', json(attachFrame(0, { tags: Array<string>(8).fill('a') }))],
  ])('ends that session: %s', async (_, text) => {
    const { welcomed, talk } = await attacked()
    const peer = await welcomed()
    for (const s of [0, 1]) await peer.attach(s)
    peer.send(text)
    expect(await peer.next('detached')).toEqual({ t: 'detached', s: 0, code: 'protocol-violation', reason: 'a frame makes no sense' })
    // What it had under way as well.
    peer.send(text)
    await talk()
    await peer.settled(1)
    expect(peer.socket.readyState).toBe(peer.socket.OPEN)
  })

  it('ends the connection when nobody was ever attached there', async () => {
    const { welcomed } = await attacked()
    const peer = await welcomed()
    await peer.attach(0)
    peer.send('{"t":"publish","s":1,"topic":')
    expect(await peer.closed).toMatchObject({ code: 4400, reason: 'a frame makes no sense' })
  })

  it('ends the connection before the welcome', async () => {
    const { peer } = await attacked()
    const early = await peer().opened()
    early.send('{"t":"attach","s":0,"session":7}')
    expect((await early.closed).code).toBe(4400)
  })

  it('is endured as often as what makes sense', async () => {
    const { welcomed } = await attacked({ limits: { frames: { perSecond: 1, burst: 20 } } })
    const peer = await welcomed()
    await peer.attach(0)
    peer.send(Array.from({ length: 250 }, () => '{"t":"cursor","s":0}').join('\n'))
    expect((await peer.closed).code).toBe(4429)
    const other = await welcomed()
    other.send(Array.from({ length: 30 }, () => '{"t":"attach","s":0,"session":7}').join('\n'))
    expect((await other.closed).code).toBe(4429)
  })
})

describe('data that JSON does not give back is refused by name, and the connection goes on', () => {
  it.each<[what: string, data: string]>([
    ['65 levels of arrays', deep(65)],
    ['65 levels of objects', '{"a":'.repeat(65) + '1' + '}'.repeat(65)],
    ['a hundred thousand levels', deep(100_000)],
    ['a key called __proto__', '{"__proto__":{"admin":true}}'],
    ['a key called __proto__, deep inside', '[{"a":[{"__proto__":1}]}]'],
    ['infinity', '1e999'],
    ['minus infinity, inside', '{"a":[-1e999]}'],
  ])('%s', async (_, data) => {
    const { relay, welcomed } = await attacked()
    const [hostile, good] = [await welcomed(), await welcomed()]
    for (const peer of [hostile, good]) {
      await peer.attach(0)
      await peer.subscribe(0, 'a')
    }
    const withData = (frame: object): string => json({ ...frame, data: 0 }).replace('"data":0', `"data":${data}`)
    hostile.send(withData(publishFrame(0, 1, 'a', 0)))
    hostile.send(withData(publishFrame(0, 2, 'a', 0, { volatile: true })))
    hostile.send(withData({ t: 'presence', s: 0, topic: 'a', here: true, since: 0, clock: 1 }))
    hostile.say(publishFrame(0, 2, 'a', deepest))
    expect((await good.next('message')).m[7]).toEqual(deepest)
    expect(hostile.of('refused').map(({ what, code }) => [what, code])).toEqual([['publish', 'invalid-data'], ['presence', 'invalid-data']])
    expect([good.data.length, relay.presence('a')]).toEqual([1, []])
  })
})

it('a message that is to be volatile and the value is heard by nobody', async () => {
  const { relay, welcomed } = await attacked()
  const peer = await welcomed()
  await peer.attach(0)
  await peer.subscribe(0, 'a')
  peer.say(publishFrame(0, 1, 'a', 'both', { volatile: true, retain: true }), publishFrame(0, 2, 'a', 'one', { retain: true }))
  await peer.next('ack')
  expect([peer.data, peer.of('refused'), relay.stats.refused, relay.stats.published]).toEqual([['one'], [], 1, 1])
})

describe('bytes that are no text of ours end their connection', () => {
  it.each<[what: string, code: number, send: (peer: Peer) => void]>([
    ['binary', 1003, peer => peer.socket.send(Buffer.from('{"t":"pong"}'), { binary: true })],
    ['nothing, in binary', 1003, peer => peer.socket.send(Buffer.alloc(0), { binary: true })],
    ['invalid UTF-8', 1007, peer => peer.send(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))],
    ['half a sign', 1007, peer => peer.send(Buffer.from([0xe2, 0x82]))],
    ['a surrogate in UTF-8', 1007, peer => peer.send(Buffer.from([0xed, 0xa0, 0x80]))],
    ['more characters than a frame may have', 4413, peer => peer.send(`"${'x'.repeat(262_143)}"`)],
    ['more bytes than these characters have', 1009, peer => peer.send('x'.repeat(262_144 * 3 + 1))],
    ['a hundred megabytes', 1009, peer => peer.send(Buffer.alloc(100_000_000, 'x'))],
    ['many parts of a message without end', 1009, peer => {
      for (let part = 0; part < 100; part++) peer.socket.send('x'.repeat(10_000), { fin: false })
    }],
  ])('%s', async (_, code, send) => {
    const { welcomed, talk, failures } = await attacked()
    const peer = await welcomed()
    send(peer)
    await talk()
    expect((await peer.closed).code).toBe(code)
    expect(failures).toEqual([])
  })

  it.each<[what: string, send: (raw: RawSocket) => void, code: number | undefined]>([
    ['a compressed frame', raw => raw.frame({ reserved: 4, payload: deflateRawSync('{"t":"pong"}') }), 1002],
    ['a compressed bomb', raw => raw.frame({ reserved: 4, payload: deflateRawSync(Buffer.alloc(50_000_000)) }), 1002],
    ['reserved bits', raw => raw.frame({ reserved: 3 }), 1002],
    ['an unknown opcode', raw => raw.frame({ opcode: 3 }), 1002],
    ['a frame without a mask', raw => raw.frame({ masked: false, payload: Buffer.from('{"t":"pong"}') }), 1002],
    ['a part of no message', raw => raw.frame({ opcode: 0 }), 1002],
    ['a ping in parts', raw => raw.frame({ opcode: 9, fin: false }), 1002],
    ['a long ping', raw => raw.frame({ opcode: 9, payload: Buffer.alloc(126) }), 1002],
    ['a length beyond all numbers', raw => raw.frame({ length: 2n ** 63n - 1n }), 1009],
    ['a length beyond the limit, and then nothing', raw => raw.frame({ length: 4_000_000_000n }), 1009],
    ['a close with half a code', raw => raw.frame({ opcode: 8, payload: Buffer.alloc(1) }), 1002],
    ['a close with a code that nobody may send', raw => raw.frame({ opcode: 8, payload: Buffer.from([3, 237]) }), 1002],
    ['no frame at all', raw => raw.write('GET / HTTP/1.1\r\n\r\n'), 1002],
  ])('%s', async (_, send, code) => {
    const { raw, talk, failures } = await attacked()
    const socket = raw()
    expect(await socket.upgrade()).toMatch(/^HTTP\/1.1 101 /)
    send(socket)
    await talk()
    expect(await socket.closeCode()).toBe(code)
    expect(failures).toEqual([])
  })

  it('and nobody is offered compression', async () => {
    const { raw, welcomed } = await attacked()
    expect((await raw().upgrade('/earshot', { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' })).toLowerCase()).not.toContain('deflate')
    expect((await welcomed()).socket.extensions).toBe('')
  })
})

describe('a request that is no client’s', () => {
  it.each<[what: string, status: number, target: string, headers: Record<string, string>]>([
    ['another path', 404, '/', {}],
    ['a path that is no url', 404, '//', {}],
    ['a path with an open bracket', 404, 'http://[', {}],
    ['a path beside it', 404, '/earshot/', {}],
    ['a path above it', 404, '/earshot/../earshot', {}],
    ['a page of another host', 403, '/earshot', { Origin: 'https://evil.example' }],
    ['a page of another port', 403, '/earshot', { Origin: 'http://relay:8080' }],
    ['a page of a host that begins alike', 403, '/earshot', { Origin: 'http://relay.evil.example' }],
    ['a page without an origin', 403, '/earshot', { Origin: 'null' }],
    ['an origin that is no url', 403, '/earshot', { Origin: 'relay' }],
    ['a file', 403, '/earshot', { Origin: 'file://' }],
    ['another version of the WebSocket protocol', 400, '/earshot', { 'Sec-WebSocket-Version': '7' }],
    ['no key', 400, '/earshot', { 'Sec-WebSocket-Key': '' }],
    ['another protocol', 400, '/earshot', { Upgrade: 'h2c' }],
  ])('is refused: %s', async (_, status, target, headers) => {
    const { raw, talk, failures } = await attacked()
    const socket = raw()
    expect(await socket.upgrade(target, headers)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    await socket.closed
    await talk()
    expect(failures).toEqual([])
  })

  it.each([
    ['a page of this host', {}, { Origin: 'http://relay' }],
    ['a script', {}, {}],
    ['a page on the list', { origins: ['https://app.example'] }, { Origin: 'https://app.example' }],
    ['any page, if all may', { origins: '*' as const }, { Origin: 'https://evil.example' }],
  ])('is not one of these: %s', async (_, options, headers) => {
    const { raw } = await attacked(options)
    expect(await raw().upgrade('/earshot', headers as Record<string, string>)).toMatch(/^HTTP\/1.1 101 /)
  })

  it.each(['/', '/earshot'])('may hang up at once: %s', async target => {
    const { port, raw, talk, failures } = await attacked()
    expect(port).toBeGreaterThan(0)
    for (let index = 0; index < 20; index++) {
      const socket = raw()
      void socket.upgrade(target, { Origin: 'https://evil.example' }).catch(() => {})
      if (index % 2) await talk()
      socket.reset()
      await socket.closed
    }
    await talk()
    expect(failures).toEqual([])
  })
})
