import { createHub, type Session } from '@earshot/core'
import { createTestNetwork, type RestartOptions, type TestDevice, type TestNetwork } from '@earshot/server/testing'
import { webSocket } from '@earshot/transport'
import { expect, test } from 'vitest'

interface Client {
  readonly session: Session
  readonly heard: unknown[]
  gaps: number
}

function client({ clock, random, url }: TestNetwork, { WebSocket }: TestDevice): Client {
  const hub = createHub({ transport: webSocket({ url, WebSocket, clock, random }), clock, random, onError: () => {} })
  const made: Client = { session: hub.openSession(), heard: [], gaps: 0 }
  hub.on('gap', () => made.gaps++)
  made.session.subscribe('t', message => made.heard.push(message.data))
  return made
}

test('adds the seed and what became of the network to what a run throws', async () => {
  const network = createTestNetwork({ seed: 7 })
  const device = network.device('phone')
  client(network, device)
  await network.advance(1000)
  const run = network.run(async () => {
    device.cut()
    await network.advance(250)
    network.relay.restart({ how: 'kill' })
    throw new Error('something is missing')
  })
  await expect(run).rejects.toThrow(['something is missing', 'seed 7', 'at 1000 ms phone: cut', 'at 1250 ms the relay ends: kill', 'at 1250 ms a relay begins with a new log'].join('\n'))
})

test('gives what a run gives', async () => {
  expect(await createTestNetwork().run(() => Promise.resolve(1))).toBe(1)
})

test('loses what is under way when a device is cut off: whole frames, never a part of one', async () => {
  const network = createTestNetwork({ latency: 100 })
  const [laptop, phone] = [network.device('laptop'), network.device('phone')]
  const [ada, bob] = [client(network, laptop), client(network, phone)]
  await network.advance(2000)
  const seen: unknown[] = []
  network.filter({ down: (frame, { name }) => (name === 'phone' && 'm' in frame && seen.push(frame.m), frame) })
  void ada.session.publish('t', 'x'.repeat(1000))
  // It has left the relay, and is half-way to the phone.
  await network.advance(150)
  phone.cut()
  await network.advance(99)
  expect([seen, bob.heard]).toEqual([[], []])
  await network.advance(20_000)
  expect(bob.heard).toEqual(['x'.repeat(1000)])
  expect(bob.gaps).toBe(0)
})

test.each<[RestartOptions, gaps: number]>([
  [{ how: 'close', log: 'kept' }, 0],
  [{ how: 'kill', log: 'kept' }, 0],
  [{ how: 'unplug', log: 'kept' }, 0],
  [{ how: 'kill', log: 'lost' }, 1],
])('restarts %o: clients are back, and told of what is lost', async (how, gaps) => {
  const network = createTestNetwork({ latency: 5 })
  const one = client(network, network.device())
  await network.advance(1000)
  void one.session.publish('t', 'before')
  await network.advance(100)
  network.relay.restart(how)
  await network.advance(150_000)
  void one.session.publish('t', 'after')
  await network.advance(100)
  expect(one.heard).toEqual(['before', 'after'])
  expect(one.gaps).toBe(gaps)
  expect(network.relay.readings.connections).toBe(1)
})
