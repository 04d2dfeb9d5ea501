import { createServer } from 'node:http'
import { createHub } from '@earshot/core'
import { webSocket } from '@earshot/transport'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createRelay } from '../src/index.ts'

test('two hubs talk through a real relay', async () => {
  const errors: unknown[] = []
  const relay = createRelay({ onError: error => errors.push(error) })
  const server = createServer()
  relay.attach(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const url = `ws://127.0.0.1:${port}/earshot`
  const a = createHub({ transport: webSocket({ url, WebSocket }), onError: e => errors.push(e) })
  const b = createHub({ transport: webSocket({ url, WebSocket }), onError: e => errors.push(e) })
  const ada = a.openSession()
  const bob = b.openSession()
  const heard: unknown[] = []
  const own: unknown[] = []
  const sub = bob.subscribe('rooms/*', m => heard.push([m.data, m.offset, m.from === ada.id]))
  ada.subscribe('rooms/1', m => own.push(m.data))
  await sub.ready
  await ada.ready
  const receipts = [1, 2, 3].map(n => ada.publish('rooms/1', n))
  expect(receipts[0]?.listeners).toBe(0)
  expect((await Promise.all(receipts)).map(r => r.offset)).toEqual([1, 2, 3])
  await expect.poll(() => heard).toEqual([[1, 1, true], [2, 2, true], [3, 3, true]])
  await expect.poll(() => own).toEqual([1, 2, 3])
  const pa = ada.presence('rooms/1')
  pa.enter({ n: 'ada' })
  const pb = bob.presence('rooms/1')
  await pb.ready
  await expect.poll(() => pb.members.map(m => m.data)).toEqual([{ n: 'ada' }])
  expect(await b.occupancy('rooms/1')).toBe(2)
  expect((await bob.history('rooms/1', { limit: 2 })).map(m => m.data)).toEqual([2, 3])
  await a.close()
  await expect.poll(() => pb.members).toEqual([])
  await b.close()
  await relay.close()
  server.close()
  expect(errors).toEqual([])
})
