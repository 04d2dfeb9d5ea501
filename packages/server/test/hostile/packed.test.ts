import { encode } from '@msgpack/msgpack'
import { describe, expect, it } from 'vitest'
import { type Attacked, attacked } from '../support/attacked.ts'
import { attachFrame, type Peer, publishFrame } from '../support/peer.ts'

/** A client that was welcomed and may say MessagePack. */
async function packed({ peer }: Attacked): Promise<{ peer: Peer; say: (...bytes: Uint8Array[]) => void }> {
  const made = peer()
  expect((await made.greet(undefined, ['brotli', 'msgpack'])).codec).toBe('msgpack')
  return { peer: made, say: (...bytes) => made.socket.send(Buffer.concat(bytes), { binary: true }) }
}

const of = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)
const nested = (levels: number): unknown => Array.from({ length: levels }).reduce(inner => [inner], 1)

describe('MessagePack that makes no sense ends its connection, with a reason', () => {
  it.each<[what: string, bytes: Uint8Array]>([
    ['nothing', of()],
    ['JSON', Buffer.from('{"t":"pong"}')],
    ['a number', of(5)],
    ['a list', encode([{ t: 'pong' }])],
    ['an unknown kind', encode({ t: 'shutdown' })],
    ['a kind called __proto__', encode({ t: '__proto__' })],
    ['a key called __proto__', Buffer.from(encode({ t: 'pong', anything: 1 })).fill(Buffer.from('\xa9__proto__', 'latin1'), 8, 18)],
    ['bytes for a text', encode({ t: 'subscribe', s: 0, pattern: of(97) })],
    ['a text that is too long', encode({ t: 'subscribe', s: 0, pattern: 'x'.repeat(4097) })],
    ['NaN for a count', encode({ t: 'cursor', s: 0, offset: Number.NaN })],
    ['a list of four billion', of(0xdd, 255, 255, 255, 255)],
    ['lists of a hundred thousand in one another', Buffer.concat(Array.from({ length: 90 }, () => of(0xdd, 0, 1, 0x86, 0xa0)))],
    ['a hundred thousand levels', Buffer.alloc(100_000, 0x91)],
    ['an extension', of(0xd4, 1, 1)],
    ['a number for a key', of(0x81, 1, 1)],
    ['half a frame', encode({ t: 'cursor', s: 0, offset: 1 }).subarray(0, -1)],
    ['nonsense behind a frame', Buffer.concat([encode({ t: 'pong' }), of(0xc1)])],
  ])('%s', async (_, bytes) => {
    const scene = await attacked()
    const { peer, say } = await packed(scene)
    say(bytes)
    await scene.talk()
    expect(await peer.closed).toMatchObject({ code: 4400, bye: { code: 'protocol-violation', spread: 0 } })
    expect(scene.failures).toEqual([])
  })

  it('and what has more characters in JSON than a frame may have', async () => {
    const scene = await attacked()
    const { peer, say } = await packed(scene)
    // 50,000 bytes that would be 300,000 characters.
    say(encode(publishFrame(0, 1, 'a', Array<boolean>(50_000).fill(false))))
    expect(await peer.closed).toMatchObject({ code: 4413, bye: { code: 'payload-too-large' } })
  })

  it.each<[what: string, codecs: string[] | undefined]>([
    ['was not offered', undefined],
    ['is not among what was offered', ['brotli']],
  ])('and MessagePack that %s', async (_, codecs) => {
    const { peer } = await attacked()
    const made = peer()
    expect(await made.greet(undefined, codecs)).not.toHaveProperty('codec')
    made.socket.send(encode({ t: 'pong' }), { binary: true })
    expect((await made.closed).code).toBe(1003)
  })

  it('and MessagePack before the welcome', async () => {
    const { peer } = await attacked()
    const made = await peer().opened()
    made.socket.send(encode({ t: 'hello', v: 1, codecs: ['msgpack'] }), { binary: true })
    expect((await made.closed).code).toBe(1003)
  })
})

describe('data that is none is refused by name, and the connection goes on', () => {
  it.each<[what: string, data: unknown]>([
    ['65 levels', nested(65)],
    ['NaN', Number.NaN],
    ['infinity, inside', { a: [Number.POSITIVE_INFINITY] }],
  ])('%s', async (_, data) => {
    const scene = await attacked()
    const { peer, say } = await packed(scene)
    say(encode(attachFrame(0, { session: 'packed' })))
    await peer.next('attached')
    say(encode(publishFrame(0, 1, 'a', data)), encode({ t: 'presence', s: 0, topic: 'a', here: true, data, since: 0, clock: 1 }))
    say(encode(publishFrame(0, 2, 'a', nested(64))))
    expect(await peer.next('ack')).toMatchObject({ clock: 2 })
    expect(peer.of('refused').map(({ what, code }) => [what, code])).toEqual([['publish', 'invalid-data'], ['presence', 'invalid-data']])
    await scene.talk()
  })
})
