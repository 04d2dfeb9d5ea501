import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { textFrame } from '../../src/node/text-frame.ts'

const server = createServer()
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
let stream: Duplex
let client: WebSocket

beforeAll(async () => {
  server.on('upgrade', (request, socket, head) => {
    stream = socket
    sockets.handleUpgrade(request, socket, head, accepted => accepted.on('error', () => {}))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await new Promise(resolve => client.once('open', resolve))
})

afterAll(() => {
  client.terminate()
  server.close()
})

/** What a client reads. */
function read(...texts: string[]): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const messages: unknown[] = []
    client.once('error', reject)
    client.on('message', (data: Buffer, isBinary: boolean) => {
      messages.push(isBinary ? data : String(data))
      if (messages.length < texts.length) return
      client.removeAllListeners()
      resolve(messages)
    })
    for (const text of texts) stream.write(textFrame(text))
  })
}

describe('the frame of a text', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 300_000])('is read as it was, with %i bytes, and so is the next', async length => {
    const texts = ['x'.repeat(length), 'next']
    expect(await read(...texts)).toEqual(texts)
  })

  it('counts bytes, not characters', async () => {
    const texts = ['ü'.repeat(63), '日本'.repeat(11_000), '😀', 'a\nb']
    expect(await read(...texts)).toEqual(texts)
  })
})
