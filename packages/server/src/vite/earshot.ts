import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Plugin } from 'vite'
import type { UpgradingServer } from '../node/acceptor.ts'
import { createRelay, type Relay, type RelayOptions } from '../node/relay.ts'

/** How the relay inside Vite is made: as any relay, and where it is. */
export interface EarshotPluginOptions extends RelayOptions {
  /** Where clients connect, and back ends below it. @default '/earshot' */
  path?: string
  /** What back ends present. @default none: they are refused */
  key?: string
}

/** The part of Vite's servers, for development and for preview, that the relay needs. */
interface HostingServer {
  readonly httpServer: (UpgradingServer & { once(event: 'close', listener: () => void): unknown }) | null
  readonly config: { readonly logger: { warn(text: string): void } }
  readonly middlewares: { use(handler: (request: IncomingMessage, response: ServerResponse, next: () => void) => void): unknown }
}

/** What the plugin offers to other plugins, as its `api`. */
export interface EarshotPluginApi {
  /** The relay of the server that runs; `undefined` before there is one. */
  readonly relay: Relay | undefined
}

/**
 * The relay inside Vite's own server, for `vite` and `vite preview`: on its port, below one path. Vite's own WebSocket and its other requests are left alone.
 * Where Vite has no server of its own – it is a middleware of another, or runs tests – there is no relay.
 * @example defineConfig({ plugins: [earshot()] })
 */
export function earshot(options: EarshotPluginOptions = {}): Plugin<EarshotPluginApi> {
  const { path = '/earshot', key, ...relayOptions } = options
  let relay: Relay | undefined
  const host = ({ httpServer, middlewares, config }: HostingServer): void => {
    if (!httpServer) {
      // Vitest shares the config, and needs no relay.
      if (!process.env['VITEST']) config.logger.warn('earshot: Vite has no server of its own here; call relay.attach(server) with the one that it is a middleware of')
      return
    }
    const own = (relay = createRelay(relayOptions))
    own.attach(httpServer, { path })
    middlewares.use(own.handler({ path, ...(key !== undefined && { key }) }))
    // Vite ends all sockets when it closes or restarts; whoever was connected comes back at once.
    httpServer.once('close', () => void own.close({ spread: 0 }))
  }
  return {
    name: 'earshot',
    apply: 'serve',
    configureServer: host,
    configurePreviewServer: host,
    api: {
      get relay() {
        return relay
      },
    },
  }
}
