import { createHub } from '@earshot/core'
import { testClock } from '@earshot/core/testing'
import { expect, it, onTestFinished, vi } from 'vitest'
import { webSocket, type WebSocketLike } from '../../src/index.ts'
import { messagePack, preloadMessagePack } from '../../src/msgpack/index.ts'

const attempts = vi.hoisted(() => ({ count: 0, fails: true }))

vi.mock('@msgpack/msgpack', async original => {
  attempts.count++
  if (attempts.fails) throw new Error('There is no such file')
  return original()
})

/** A socket that opens when it is told to, and keeps what was said. */
function sockets(): { WebSocket: new (url: string) => WebSocketLike; open: () => void; said: unknown[] } {
  const said: unknown[] = []
  const openers: (() => void)[] = []
  class FakeSocket implements WebSocketLike {
    readonly bufferedAmount = 0
    readonly readyState = 1
    addEventListener(type: string, listener: unknown): void {
      if (type === 'open') openers.push(listener as () => void)
    }
    send(data: unknown): void {
      said.push(data)
    }
    close(): void {}
  }
  return { WebSocket: FakeSocket, open: () => openers.at(-1)?.(), said }
}

it('nothing is loaded before a connection is made, and without it JSON is spoken', async () => {
  const { WebSocket, open, said } = sockets()
  const clock = testClock()
  const transport = webSocket({ url: 'wss://relay.test/earshot', WebSocket, clock, codec: messagePack })
  expect(attempts.count).toBe(0)
  const hub = createHub({ transport, clock })
  onTestFinished(() => hub.close())
  hub.openSession().subscribe('rooms/1', () => {})
  open()
  await vi.waitFor(() => expect(said).toEqual(['{"t":"hello","v":1}']))
  expect(attempts.count).toBe(1)
  await expect(preloadMessagePack()).rejects.toThrow()
})
