import { EarshotError, type ErrorCode } from '@earshot/core'
import { CLOSE, type HelloFrame, PACKED, RELAY_VERSION } from '@earshot/core/protocol'
import type { Connection } from './connection.ts'
import type { CoreOptions } from './core-options.ts'
import { within } from './deadline.ts'
import { checkIdentity, refusalOfToken } from './identity.ts'
import { DISCONNECTED, OVERLOAD_SPREAD } from './notices.ts'
import type { Packer } from './packer.ts'
import { Tally } from './tally.ts'
import { askAgain, limitLife } from './token-life.ts'

/** What looking at tokens needs of the relay. */
export interface AdmissionHost {
  readonly options: CoreOptions
  readonly packer: Packer
  /** What a connection came with. */
  readonly requestOf: (connection: Connection) => unknown
  /** Its user may do other things from now on. */
  readonly renewed: (connection: Connection) => void
  /** There are too many. */
  readonly turnAway: (connection: Connection, reason: string) => void
  readonly close: (connection: Connection, code: number, error: ErrorCode, reason: string, spread?: number) => void
}

/** Lets connections in by their tokens, and renews these. */
export class Admission {
  readonly #host: AdmissionHost
  /** How many open connections each user has. */
  readonly #users = new Tally()

  constructor(host: AdmissionHost) {
    this.#host = host
  }

  /** A connection is gone. */
  left({ isCounted, access }: Connection): void {
    if (isCounted) this.#users.count(access.user, -1)
  }

  hello(connection: Connection, { v, token, codecs }: HelloFrame): void {
    const { close } = this.#host
    if (connection.state !== 'hello') return close(connection, CLOSE.protocolViolation, 'protocol-violation', 'a second hello')
    if (v !== RELAY_VERSION) return close(connection, CLOSE.protocolVersion, 'protocol-version', `the relay speaks version ${RELAY_VERSION}, the client ${v}: load the page anew, or update the relay`)
    connection.state = 'checking'
    void this.#identify(connection, token, { isPacked: codecs?.includes(PACKED) ?? false })
  }

  /** One token after the other is looked up; of those that come meanwhile the newest. */
  async renew(connection: Connection, token: string): Promise<void> {
    connection.newerToken = token
    if (connection.renewing) return
    connection.renewing = true
    for (let next: string | undefined = token; next !== undefined && connection.state === 'open'; next = connection.newerToken) {
      connection.newerToken = undefined
      await this.#identify(connection, next)
    }
    connection.renewing = false
  }

  /** Looks a token up: the first makes the connection, later ones renew it. */
  async #identify(connection: Connection, token: string | undefined, first?: { readonly isPacked: boolean }): Promise<void> {
    const { options, requestOf, renewed, close } = this.#host
    const { limits, clock } = options
    try {
      const given = await within(options.identify(requestOf(connection), token), 'authenticate', limits.decision, clock)
      if (connection.state === 'closed') return
      const { userId, expires, data } = checkIdentity(given, clock.now())
      if (!first && userId !== connection.access.user) throw new EarshotError('unauthorized', 'the new token is of another user')
      if (first && userId !== null && connection.barred?.has(userId)) throw new EarshotError('forbidden', DISCONNECTED)
      connection.access.reset(userId, data)
      limitLife(connection, expires, clock, () => close(connection, CLOSE.unauthorized, 'unauthorized', 'the token is over'))
      if (first) this.#welcome(connection, userId, first.isPacked)
      else renewed(connection)
    } catch (error) {
      const { code, kind, reason, isFault } = refusalOfToken(error)
      if (isFault) options.failed(error)
      // The token that it has is still good.
      if (!first && code === CLOSE.overload) return askAgain(connection, clock)
      close(connection, code, kind, reason, code === CLOSE.overload ? OVERLOAD_SPREAD : 0)
    }
  }

  #welcome(connection: Connection, user: string | null, isPacked: boolean): void {
    const { options, packer, turnAway } = this.#host
    const { connectionsPerUser, ping, frame, waiting } = options.limits
    if (this.#users.of(user) >= connectionsPerUser) return turnAway(connection, `a user may have ${connectionsPerUser} connections: close some`)
    this.#users.count(user, 1)
    connection.isCounted = true
    connection.state = 'open'
    connection.say({ t: 'welcome', v: RELAY_VERSION, user, epoch: options.engine.epoch, ping, frame, window: Math.max(1, Math.floor(waiting / 4)), ...(isPacked && { codec: PACKED }) })
    if (isPacked) connection.speaks(packer)
  }
}
