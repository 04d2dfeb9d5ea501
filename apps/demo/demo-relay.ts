import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRelay, type RelayOptions } from '@earshot/server'
import { earshot } from '@earshot/server/vite'
import type { Plugin, PreviewServer, ViteDevServer } from 'vite'

/** Where the page asks whether the relay can be restarted, and has it done. */
const PATH = '/demo/restart-relay'
/** Within so many milliseconds clients come back. */
const SPREAD = 1000

/** Everybody is who they say they are: this is a demo. */
const options: RelayOptions = { authenticate: (_request, token) => ({ userId: token ?? null }) }

/** A relay at /earshot inside Vite's server, and a way for visitors to restart it. */
export function demoRelay(): Plugin[] {
  const first = earshot(options)
  const host = (server: Pick<ViteDevServer | PreviewServer, 'httpServer' | 'middlewares'>): void => {
    server.middlewares.use(PATH, restarter(server, () => first.api?.relay))
  }
  return [first, { name: 'demo-relay', apply: 'serve', configureServer: host, configurePreviewServer: host }]
}

type Relay = ReturnType<typeof createRelay>

/** Answers the page: GET says that a restart is possible, POST does it. The next relay has an empty log. */
function restarter({ httpServer }: Pick<ViteDevServer, 'httpServer'>, first: () => Relay | undefined): (request: IncomingMessage, response: ServerResponse) => void {
  let next: Relay | undefined
  let restarting: Promise<void> | undefined
  const restart = async (): Promise<void> => {
    await (next ?? first())?.close({ spread: SPREAD })
    next = createRelay(options)
    if (httpServer) next.attach(httpServer)
    restarting = undefined
  }
  httpServer?.once('close', () => void next?.close({ spread: 0 }))
  return ({ method }, response) => {
    const answer = (status: number): void => void response.writeHead(status, { 'cache-control': 'no-store' }).end()
    if (method === 'GET') return answer(httpServer ? 204 : 404)
    if (method !== 'POST') return answer(405)
    void (restarting ??= restart()).then(() => answer(204), () => answer(500))
  }
}
