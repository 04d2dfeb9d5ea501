import { parseArgs } from 'node:util'
import type { Origins } from '../node/origins.ts'
import { FLAGS, type FlagName, variableOf } from './flags.ts'

/** What the process is to do. */
export interface Settings {
  readonly port: number
  readonly host: string
  readonly path: string
  readonly key: string | undefined
  readonly secret: string | undefined
  readonly origins: Origins
  readonly jwt: JwtSettings | undefined
  readonly history: { readonly messages: number; readonly topics: number; readonly size: number; readonly age: number }
  readonly connections: number
  readonly logLevel: string
}

/** How tokens are checked. */
interface JwtSettings {
  readonly secret: string | undefined
  readonly jwksUrl: string | undefined
  readonly issuer: string | undefined
  readonly audience: string | undefined
  readonly userClaim: string
  readonly topicsClaim: string | undefined
}

/** A mistake in flags or variables, in words for whoever made it. */
export class SettingsError extends Error {}

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent']

/**
 * What flags and variables ask for.
 * @throws SettingsError
 */
export function readSettings(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Settings | 'help' | 'version' {
  const flags = parse(args)
  if (flags.has('help')) return 'help'
  if (flags.has('version')) return 'version'
  const given = new Given(flags, env)
  return {
    port: given.count('port', 65_535),
    host: given.text('host') ?? '',
    path: given.text('path') ?? '',
    key: given.text('key'),
    secret: given.text('secret'),
    origins: originsOf(given.text('origins') ?? 'same'),
    jwt: jwtOf(given),
    history: {
      messages: given.count('history-messages'),
      topics: given.count('history-topics'),
      size: given.count('history-size'),
      age: given.count('history-age') * 1000,
    },
    connections: given.count('connections', 2 ** 31 - 1, 1),
    logLevel: given.choice('log-level', LEVELS),
  }
}

/** Flags and variables, with what holds when there is neither. */
class Given {
  readonly #flags: ReadonlyMap<string, string | boolean>
  readonly #env: Readonly<Record<string, string | undefined>>

  constructor(flags: ReadonlyMap<string, string | boolean>, env: Readonly<Record<string, string | undefined>>) {
    this.#flags = flags
    this.#env = env
  }

  /** A variable that is empty is none. */
  text(name: FlagName): string | undefined {
    const flag = this.#flags.get(name)
    if (typeof flag === 'string') return flag
    return this.#env[variableOf(name)] || FLAGS[name].fallback
  }

  count(name: FlagName, most: number = Number.MAX_SAFE_INTEGER, least = 0): number {
    const text = this.text(name) ?? ''
    const count = Number(text)
    if (!/^\d+$/.test(text) || count > most || count < least) throw this.wrong(name, `a whole number${most < Number.MAX_SAFE_INTEGER ? ` from ${least} to ${most}` : ''}`)
    return count
  }

  choice(name: FlagName, choices: readonly string[]): string {
    const text = this.text(name) ?? ''
    if (!choices.includes(text)) throw this.wrong(name, `one of ${choices.join(', ')}`)
    return text
  }

  /** Names the flag or the variable, whichever was given. */
  wrong(name: FlagName, allowed: string): SettingsError {
    const source = this.#flags.has(name) ? `--${name}` : variableOf(name)
    return new SettingsError(`${source} is ${JSON.stringify(this.text(name))}: it must be ${allowed}`)
  }
}

function parse(args: readonly string[]): ReadonlyMap<string, string | boolean> {
  const options = Object.fromEntries(Object.entries(FLAGS).map(([name, flag]) => [name, { type: flag.value ? 'string' : 'boolean' } as const]))
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false })
    return new Map(Object.entries(values).filter((entry): entry is [string, string | boolean] => entry[1] !== undefined))
  } catch (error) {
    // Node adds advice on positional arguments, which there are none of; its first sentence says what is wrong.
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/)
    throw new SettingsError(`${sentence}; --help shows all flags`)
  }
}

function originsOf(text: string): Origins {
  if (text === 'same' || text === '*') return text
  return text.split(',').map(origin => origin.trim())
}

function jwtOf(given: Given): JwtSettings | undefined {
  const secret = given.text('jwt-secret')
  const jwksUrl = given.text('jwt-jwks')
  const rest = {
    issuer: given.text('jwt-issuer'),
    audience: given.text('jwt-audience'),
    topicsClaim: given.text('jwt-topics-claim'),
  }
  if (secret !== undefined && jwksUrl !== undefined) throw new SettingsError('--jwt-secret and --jwt-jwks exclude each other')
  if (secret === undefined && jwksUrl === undefined) {
    if (Object.values(rest).some(value => value !== undefined)) throw new SettingsError('tokens are checked only with --jwt-secret or --jwt-jwks: without one, leave the other --jwt flags out')
    return undefined
  }
  return { secret, jwksUrl, ...rest, userClaim: given.text('jwt-user-claim') ?? 'sub' }
}
