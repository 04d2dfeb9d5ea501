import { createServer, type Server } from 'node:http'
import { createHub, type Hub, type HubStatus } from '@earshot/core'
import { webSocket, type WebSocketOptions } from '@earshot/transport'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { createRelay, type HandlerOptions, type Relay, type RelayOptions } from '../../src/index.ts'

/** A relay behind a server of its own, on a port that the system chose. */
export interface RunningRelay {
  readonly relay: Relay
  readonly server: Server
  readonly port: number
  /** Where clients connect. */
  readonly url: string
  /** Where its HTTP side is. */
  readonly http: string
}

/** Starts a relay for one test. */
export async function startRelay(options: RelayOptions = {}, handling: HandlerOptions = {}): Promise<RunningRelay> {
  const relay = createRelay(options)
  const server = createServer(relay.handler(handling))
  relay.attach(server)
  onTestFinished(async () => {
    await relay.close()
    server.closeAllConnections()
    server.close()
  })
  const port = await listen(server)
  return { relay, server, port, url: `ws://127.0.0.1:${port}/earshot`, http: `http://127.0.0.1:${port}` }
}

/** Listens at a port that the system chooses; resolves with it. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('the server listens nowhere')
  return address.port
}

/** A hub joined to a relay, for one test; `failures` is what it told `error`. */
export function joinHub(url: string, options: Partial<WebSocketOptions> = {}): { hub: Hub; failures: unknown[] } {
  const failures: unknown[] = []
  const hub = createHub({ transport: webSocket({ url, WebSocket, ...options }), onError: error => failures.push(error) })
  onTestFinished(async () => hub.close())
  return { hub, failures }
}

/** Resolves with the first status from now on that fits, the one of this moment included. */
export function statusOf(hub: Hub, fits: (status: HubStatus) => boolean): Promise<HubStatus> {
  if (fits(hub.status)) return Promise.resolve(hub.status)
  return new Promise(resolve => {
    const off = hub.on('status', status => {
      if (!fits(status)) return
      off()
      resolve(status)
    })
  })
}
