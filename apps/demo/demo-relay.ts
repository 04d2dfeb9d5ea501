import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRelay, type RelayOptions } from '@earshot/server'
import { earshot } from '@earshot/server/vite'
import type { Connect, Plugin, PreviewServer, ViteDevServer } from 'vite'

/** Where the page asks whether the relay can be restarted, and has it done. */
const PATH = '/demo/restart-relay'
/** Within so many milliseconds clients come back. */
const SPREAD = 1000

/** Everybody is who they say they are: this is a demo. */
const options: RelayOptions = { authenticate: (_request, token) => ({ userId: token ?? null }) }

/** A relay at /earshot inside Vite's server, and a way for visitors to restart it. */
export function demoRelay(): Plugin[] {
  const first = earshot(options)
  const host = ({ httpServer, middlewares }: Pick<ViteDevServer | PreviewServer, 'httpServer' | 'middlewares'>): void => {
    const relays = createRelays(httpServer, () => first.api?.relay)
    middlewares.use(PATH, restarter(httpServer ? relays.restart : undefined))
    middlewares.use(relays.handle)
  }
  // Before the first relay, which would answer for those that follow it.
  return [{ name: 'demo-relay', apply: 'serve', configureServer: host, configurePreviewServer: host }, first]
}

type Relay = ReturnType<typeof createRelay>

/** The relays that take the place of the first, each that of the one before. */
function createRelays(httpServer: ViteDevServer['httpServer'], first: () => Relay | undefined): { restart: () => Promise<void>; handle: Connect.NextHandleFunction } {
  let relay: Relay | undefined
  let handler: ReturnType<Relay['handler']> | undefined
  httpServer?.once('close', () => void relay?.close({ spread: 0 }))
  return {
    restart: async () => {
      await (relay ?? first())?.close({ spread: SPREAD })
      relay = createRelay(options)
      handler = relay.handler()
      if (httpServer) relay.attach(httpServer)
    },
    handle: (request, response, next) => (handler ? handler(request, response, next) : next()),
  }
}

/** Answers the page: GET says whether a restart is possible, POST does it. The next relay has an empty log. */
function restarter(restart: (() => Promise<void>) | undefined): (request: IncomingMessage, response: ServerResponse) => void {
  let restarting: Promise<void> | undefined
  return ({ method }, response) => {
    const answer = (status: number): void => void response.writeHead(status, { 'cache-control': 'no-store' }).end()
    if (method === 'GET') return answer(restart ? 204 : 404)
    if (method !== 'POST') return answer(405)
    const ended = (status: number) => (): void => {
      restarting = undefined
      answer(status)
    }
    void (restarting ??= restart?.())?.then(ended(204), ended(500))
  }
}
