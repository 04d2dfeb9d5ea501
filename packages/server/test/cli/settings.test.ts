import { describe, expect, it } from 'vitest'
import { FLAGS, type FlagName, helpText, variableOf } from '../../src/cli/flags.ts'
import { readSettings, SettingsError } from '../../src/cli/settings.ts'

const names = Object.keys(FLAGS) as FlagName[]

it('holds what is there without any flag', () => {
  expect(readSettings([], {})).toEqual({
    port: 8080,
    host: '127.0.0.1',
    path: '/earshot',
    key: undefined,
    origins: 'same',
    jwt: undefined,
    history: { messages: 1000, topics: 100_000, size: 64_000_000, age: 3_600_000 },
    connections: 20_000,
    secret: undefined,
    logLevel: 'info',
  })
})

it('takes flags, before variables of the environment', () => {
  const env = { EARSHOT_PORT: '1', EARSHOT_HOST: '::1', EARSHOT_HISTORY_AGE: '60', EARSHOT_KEY: '' }
  expect(readSettings(['--port', '2', '--history-messages=5'], env)).toMatchObject({ port: 2, host: '::1', key: undefined, history: { messages: 5, age: 60_000 } })
})

it.each([
  ['same', 'same'],
  ['*', '*'],
  ['https://a.example, https://b.example', ['https://a.example', 'https://b.example']],
])('reads origins: %s', (text, origins) => {
  expect(readSettings(['--origins', text], {})).toMatchObject({ origins })
})

it('reads how tokens are checked', () => {
  const env = { EARSHOT_JWT_SECRET: 's', EARSHOT_JWT_AUDIENCE: 'app' }
  expect(readSettings(['--jwt-topics-claim', 'topics'], env)).toMatchObject({
    jwt: { secret: 's', jwksUrl: undefined, issuer: undefined, audience: 'app', userClaim: 'sub', topicsClaim: 'topics' },
  })
})

it('asks for help or the version, whatever else is given', () => {
  expect(readSettings(['--port', 'x', '--help'], {})).toBe('help')
  expect(readSettings(['--version'], { EARSHOT_PORT: 'x' })).toBe('version')
})

describe('what is refused, and how it is named', () => {
  it.each<[string[], Record<string, string>, string]>([
    [['--prot', '1'], {}, '--prot'],
    [['-p', '1'], {}, '-p'],
    [['serve'], {}, 'serve'],
    [['--port'], {}, '--port'],
    [['--help=1'], {}, '--help'],
    [['--port', '80a'], {}, '--port is "80a": it must be a whole number from 0 to 65535'],
    [['--port', '65536'], {}, '--port is "65536"'],
    [['--port', '-1'], {}, '--port'],
    [['--port='], {}, '--port is ""'],
    [[], { EARSHOT_PORT: '1e3' }, 'EARSHOT_PORT is "1e3"'],
    [['--history-age', '1.5'], {}, '--history-age is "1.5": it must be a whole number'],
    [['--log-level', 'loud'], {}, '--log-level is "loud": it must be one of debug, info, warn, error, silent'],
    [['--jwt-secret', 'a', '--jwt-jwks', 'b'], {}, '--jwt-secret and --jwt-jwks'],
    [['--jwt-issuer', 'a'], {}, '--jwt-secret or --jwt-jwks'],
  ])('%j %j: %s', (args, env, text) => {
    expect(() => readSettings(args, env)).toThrow(expect.objectContaining({ message: expect.stringContaining(text) }))
    expect(() => readSettings(args, env)).toThrow(SettingsError)
  })
})

it('has a line of help for each flag, none too long for a terminal of its kind', () => {
  const lines = helpText().split('\n')
  expect(names.filter(name => !lines.some(line => line.startsWith(`  --${name}`)))).toEqual([])
  expect(lines.filter(line => line.length > 140)).toEqual([])
})

it('has a variable for each flag', () => {
  expect(names.slice(0, 3).concat('jwt-user-claim').map(variableOf)).toEqual(['EARSHOT_PORT', 'EARSHOT_HOST', 'EARSHOT_PATH', 'EARSHOT_JWT_USER_CLAIM'])
})
