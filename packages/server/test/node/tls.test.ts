import { createServer } from 'node:https'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { createRelay } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { joinHub, listen } from '../support/running-relay.ts'
import { certificate, key } from '../support/self-signed.ts'

/** A client that trusts the certificate. */
class TrustingSocket extends WebSocket {
  constructor(url: string) {
    super(url, { ca: certificate })
  }
}

async function startSecureRelay(): Promise<string> {
  const relay = createRelay()
  const server = createServer({ key, cert: certificate }, relay.handler())
  relay.attach(server)
  onTestFinished(async () => {
    await relay.close()
    server.closeAllConnections()
    server.close()
  })
  return `localhost:${await listen(server)}`
}

it('joins clients over TLS', async () => {
  const host = await startSecureRelay()
  const [ada, bob] = [0, 1].map(() => joinHub(`wss://${host}/earshot`, { WebSocket: TrustingSocket }).hub.openSession())
  const stream = bob?.stream('rooms/*')
  await bob?.ready
  // More than one record of TLS holds.
  const text = 'ü'.repeat(50_000)
  expect(await ada?.publish('rooms/1', text)).toMatchObject({ offset: 1 })
  expect((await stream?.next())?.value).toMatchObject({ data: text, offset: 1 })
})

it('takes pages of its own host over TLS, and no others', async () => {
  const host = await startSecureRelay()
  const open = (origin: string): Promise<void> => new RawClient(`wss://${host}/earshot`, { ca: certificate, origin }).opened()
  await open(`https://${host}`)
  await expect(open('https://evil.example')).rejects.toThrow('HTTP 403')
})
