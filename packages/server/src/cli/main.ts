import { readFileSync } from 'node:fs'
import { isEarshotError } from '@earshot/core'
import { type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino'
import { helpText } from './flags.ts'
import { startServer } from './server.ts'
import { readSettings, type Settings, SettingsError } from './settings.ts'

try {
  const settings = readSettings(process.argv.slice(2), process.env)
  if (settings === 'help') process.stdout.write(helpText())
  else if (settings === 'version') process.stdout.write(`${version()}\n`)
  else await run(settings)
} catch (error) {
  if (!(error instanceof SettingsError) && !isEarshotError(error, 'invalid-options')) throw error
  process.stderr.write(`earshot-server: ${error.message}\n`)
  process.exit(1)
}

async function run(settings: Settings): Promise<void> {
  const logger = createLogger(settings.logLevel)
  const { host, path, jwt, key } = settings
  const server = await startServer(settings, logger)
  logger.info({ url: `ws://${host.includes(':') ? `[${host}]` : host}:${server.port}${path}`, port: server.port, jwt: jwt !== undefined, api: key !== undefined }, 'listening')
  if (!jwt && !isLoopback(host)) logger.warn({ host }, 'whoever reaches this address may read and publish everything: check tokens with --jwt-secret or --jwt-jwks')
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // The second signal ends the process at once, as it would without us.
    process.once(signal, () => void server.stop().then(() => logger.info({ signal }, 'stopped')))
  }
}

function createLogger(level: string): PinoLogger {
  return pino({ level, base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime, formatters: { level: label => ({ level: label }) } })
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

function version(): string {
  const { version: text } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return text
}
