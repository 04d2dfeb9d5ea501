import { createHub, type Hub } from '@earshot/core'
import { createTestBrowser, type TestTab } from '@earshot/core/testing'
import { createTestNetwork, type TestNetwork } from '@earshot/server/testing'
import { type Codec, webSocket } from '@earshot/transport'
import { messagePack, preloadMessagePack } from '@earshot/transport/msgpack'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Packer } from '../../src/relay/packer.ts'

// What is loaded while the clock stands still would come too late.
beforeAll(() => preloadMessagePack())

function join({ url, WebSocket, clock, random }: TestNetwork, codec?: Codec, tab?: TestTab): { hub: Hub; failures: unknown[] } {
  const failures: unknown[] = []
  const hub = createHub({ transport: webSocket({ url, WebSocket, clock, random, ...tab?.env, ...(codec && { codec }) }), clock, random, onError: error => failures.push(error) })
  onTestFinished(async () => hub.close())
  return { hub, failures }
}

describe('a client that offers MessagePack', () => {
  it('speaks JSON with a relay that does not know it', async () => {
    const network = createTestNetwork()
    let heardByRelay = 0
    network.filter({
      up: frame => {
        heardByRelay++
        if (frame.t !== 'hello') return frame
        const { codecs, ...rest } = frame
        expect(codecs).toEqual(['msgpack'])
        return rest
      },
    })
    const { hub, failures } = join(network, messagePack)
    const session = hub.openSession()
    const heard: unknown[] = []
    session.subscribe('rooms/1', message => heard.push(message.data))
    await network.settle()
    void session.publish('rooms/1', Uint8Array.of(1, 2))
    await network.settle()
    expect(heard).toEqual([Uint8Array.of(1, 2)])
    // The filter sees text alone: hello, attach, subscribe and publish.
    expect(heardByRelay).toBeGreaterThan(2)
    expect(failures).toEqual([])
  })

  it('offers it again on each connection, and goes back to it', async () => {
    const network = createTestNetwork()
    const offers: unknown[] = []
    let isOld = true
    network.filter({
      up: frame => {
        if (frame.t !== 'hello') return frame
        offers.push(frame.codecs)
        const { codecs: _, ...rest } = frame
        return isOld ? rest : frame
      },
    })
    const session = join(network, messagePack).hub.openSession()
    session.subscribe('rooms/1', () => {})
    await network.settle()
    isOld = false
    network.relay.restart({ how: 'kill' })
    await network.advance(2000)
    void session.publish('rooms/1', Uint8Array.of(3))
    await network.settle()
    expect(offers).toEqual([['msgpack'], ['msgpack']])
    expect(network.relay.engine.head).toBe(1)
  })

  it('has an outbox that outlives a reload, bytes included, in the other codec too', async () => {
    const network = createTestNetwork()
    const browser = createTestBrowser({ clock: network.clock })
    const tab = browser.openTab()
    const listener = join(network).hub.openSession()
    const heard: unknown[] = []
    listener.subscribe('rooms/1', message => heard.push(message.data))
    const session = join(network, messagePack, tab).hub.openSession()
    session.subscribe('rooms/2', () => {})
    await network.settle()
    const { id } = session
    network.hold('up')
    void session.publish('rooms/1', { bytes: Uint8Array.of(1, 2, 255), text: '\u0001' })
    await network.settle()
    const reloaded = tab.reload()
    const second = join(network, undefined, reloaded).hub.openSession()
    second.subscribe('rooms/2', () => {})
    network.release('up')
    await network.advance(3000)
    expect(second.id).toBe(id)
    expect(heard).toEqual([{ bytes: Uint8Array.of(1, 2, 255), text: '\u0001' }])
  })
})

describe('what several are told in MessagePack', () => {
  it('is encoded once', () => {
    const packer = new Packer()
    const packed = packer.pack('{"t":"ping"}')
    expect(packer.pack('{"t":"ping"}')).toBe(packed)
    expect(packer.pack('{"t":"renew"}')).not.toEqual(packed)
  })
})
