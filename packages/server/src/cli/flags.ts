/** One thing that can be set, by a flag or by a variable of the environment. */
export interface Flag {
  /** What it stands for in `--help`; left out for what is just there or not. */
  readonly value?: string
  readonly fallback?: string
  readonly help: string
}

export type FlagName =
  | 'port'
  | 'host'
  | 'path'
  | 'key'
  | 'secret'
  | 'origins'
  | `jwt-${'secret' | 'jwks' | 'issuer' | 'audience' | 'user-claim' | 'topics-claim'}`
  | `history-${'messages' | 'topics' | 'size' | 'age'}`
  | 'connections'
  | 'log-level'
  | 'help'
  | 'version'

/** All that can be set, in the order of `--help`. */
export const FLAGS: Readonly<Record<FlagName, Flag>> = {
  port: { value: 'number', fallback: '8080', help: 'where to listen; 0 lets the system choose' },
  host: { value: 'address', fallback: '127.0.0.1', help: 'which address to listen at; 0.0.0.0 is all of them' },
  path: { value: 'path', fallback: '/earshot', help: 'where clients connect; back ends find publish, history … below it' },
  key: { value: 'key', help: 'what back ends present; without one they are refused. Rather as a variable: others see flags' },
  secret: { value: 'secret', help: 'signs what clients keep of their session ids: keep it over restarts. Rather as a variable, too' },
  origins: { value: 'list', fallback: 'same', help: 'which pages may connect: same, * or https://a.example,https://b.example' },
  'jwt-secret': { value: 'secret', help: 'clients must present a JWT signed with it (HS256, HS384, HS512)' },
  'jwt-jwks': { value: 'url', help: 'or one signed by a key that is found there' },
  'jwt-issuer': { value: 'name', help: 'what the claim iss must be' },
  'jwt-audience': { value: 'name', help: 'what the claim aud must be or hold' },
  'jwt-user-claim': { value: 'name', fallback: 'sub', help: 'the claim that says whose the token is' },
  'jwt-topics-claim': { value: 'name', help: 'the claim that says what the user may do; without it: everything' },
  'history-messages': { value: 'number', fallback: '1000', help: 'messages kept of a topic' },
  'history-topics': { value: 'number', fallback: '100000', help: 'topics remembered' },
  'history-size': { value: 'number', fallback: '64000000', help: 'characters kept in all' },
  'history-age': { value: 'seconds', fallback: '3600', help: 'how long messages are kept' },
  connections: { value: 'number', fallback: '20000', help: 'connections at most; more are asked to come back later' },
  'log-level': { value: 'level', fallback: 'info', help: 'debug, info, warn, error or silent' },
  help: { help: 'prints this' },
  version: { help: 'prints the version' },
}

/** The variable of the environment that sets a flag. */
export function variableOf(name: FlagName): string {
  return `EARSHOT_${name.replaceAll('-', '_').toUpperCase()}`
}

/** What `--help` prints. */
export function helpText(): string {
  const rows = Object.entries(FLAGS).map(([name, { value, fallback, help }]) => {
    const flag = `--${name}${value ? ` <${value}>` : ''}`
    return `  ${flag.padEnd(28)}${help}${fallback ? ` (${fallback})` : ''}`
  })
  return `earshot-server [flags]

A relay for Earshot: joins browsers, keeps the log. Clients connect to ws://<host>:<port><path>;
GET /healthz, /readyz and /metrics are for probes and Prometheus.

${rows.join('\n')}

Each flag but help and version can be a variable instead: --history-age is EARSHOT_HISTORY_AGE.
A flag goes before a variable. SIGTERM and SIGINT stop it: clients are told to come back in a moment.
`
}
