import { createServer, type Server } from 'node:http'
import { memoryEngine } from '../engine/memory-engine.ts'
import type { Logger } from '../node/log.ts'
import { createRelay, type Relay, type RelayOptions } from '../node/relay.ts'
import { type Settings, SettingsError } from './settings.ts'

/** A relay that listens. */
export interface RunningServer {
  /** The port that it listens at; the system's choice when 0 was asked for. */
  readonly port: number
  /** Tells all clients to come back, and stops listening. */
  stop(): Promise<void>
}

/**
 * Starts a relay as it is asked for. When that cannot be done the process is expected to end: nothing is taken back.
 * @throws SettingsError, `invalid-options`
 */
export async function startServer(settings: Settings, logger: Logger): Promise<RunningServer> {
  const { path, key, host, port, origins, history, connections, secret } = settings
  const relay = createRelay({ engine: memoryEngine(history), origins, limits: { connections }, logger, ...(secret !== undefined && { secret }), ...(await authOf(settings)) })
  const server = createServer(relay.handler({ path, probes: '/', ...(key !== undefined && { key }) }))
  relay.attach(server, { path })
  await listen(server, host, port)
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : port, stop: () => stop(relay, server) }
}

/** Only who checks tokens loads what checks them. */
async function authOf({ jwt }: Settings): Promise<Pick<RelayOptions, 'authenticate' | 'authorize'>> {
  if (!jwt) return {}
  const { jwtAuth } = await import('../jwt/jwt-auth.ts')
  const { secret, jwksUrl, issuer, audience, userClaim, topicsClaim } = jwt
  return jwtAuth({
    userClaim,
    ...(secret !== undefined && { secret }),
    ...(jwksUrl !== undefined && { jwksUrl }),
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
    ...(topicsClaim !== undefined && { topicsClaim }),
  })
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(new SettingsError(whyNot(error, host, port))))
    server.listen(port, host, resolve)
  })
}

function whyNot(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is taken: stop who listens there, or choose another with --port`
    case 'EACCES':
      return `port ${port} needs rights that this process does not have: choose one above 1023 with --port`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is no address of this machine: choose another with --host`
    default:
      return `cannot listen on ${host}:${port}: ${error.message}`
  }
}

/** While clients are told, probes still see that the relay is not ready. */
async function stop(relay: Relay, server: Server): Promise<void> {
  await relay.close()
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}
