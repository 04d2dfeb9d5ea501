import { type Environment, EarshotError, type Transport } from '@earshot/core'
import { RELAY_VERSION } from '@earshot/core/protocol'
import { environment, type FullEnvironment } from '../page/environment.ts'
import { Leadership, unsupported } from '../page/leadership.ts'
import { RelayLink } from '../relay/relay-link.ts'
import { TokenSource } from '../relay/token.ts'
import { readWebSocketOptions, type WebSocketOptions } from '../relay/web-socket.ts'
import type { OpenWire, WireHost } from '../relay/wire.ts'
import { SHARED_VERSION } from './posts.ts'
import { SharedClient } from './shared-client.ts'
import { SharedLink } from './shared-link.ts'

/** How the tabs of a browser reach a relay together. */
export interface SharedWebSocketOptions extends WebSocketOptions, Pick<Environment, 'BroadcastChannel'> {
  /** Whom the token proves, `null` for nobody in particular: tabs of different users never share a socket, and the relay refuses a session of anybody else on it. */
  user: string | null
}

/**
 * Joins browsers through a relay, over one socket for all tabs of a browser: one of them has it, and any other takes over when that one is closed, hidden or crashes.
 * Where there are no Web Locks each tab has a socket of its own, as with `webSocket`.
 * @throws `invalid-options`, `unsupported` where there is no WebSocket
 * @example createHub({ transport: sharedWebSocket({ url: '/earshot', user: 'ada', token }) })
 */
export function sharedWebSocket(options: SharedWebSocketOptions): Transport {
  return sharedSocketOf(SHARED_VERSION, options)
}

/** The same, in the name of a version of what tabs say to one another. */
export function sharedSocketOf(version: number, options: SharedWebSocketOptions): Transport {
  const { user } = options
  const { url, token, limits, pipe } = readWebSocketOptions(options)
  if (user !== null && (typeof user !== 'string' || user === '')) {
    throw new EarshotError('invalid-options', `user is ${String(user)}: it must be whom the token proves, or null for nobody in particular`, { name: 'user', value: user })
  }
  return {
    connect: link => {
      const env = environment({ clock: link.clock, random: link.random, ...options })
      // Whole, not hashed: two users whose names have the same hash would share a socket.
      const own = `earshot:${JSON.stringify([RELAY_VERSION, url, link.namespace, user])}`
      // Tabs of another version are strangers; but what a tab keeps of its sessions is its own when it is reloaded as one of them.
      const base = `${own}:${version}`
      const socket = (each: FullEnvironment, host: WireHost): RelayLink => new RelayLink(each, pipe, new TokenSource(token, env.clock), host)
      let shared: SharedLink | undefined
      let missing = missingPart(env)
      const leadership = new Leadership(env, base, error => link.report(error), tasks => {
        // One of them is to have the socket.
        if (!missing && tasks > 1) link.report(unsupported('onLeader'))
        missing = 'Web Locks are denied here: each tab has a socket of its own'
        shared?.alone()
      })
      /** The one socket. Nobody's sessions could be attached to one that is somebody else's. */
      const lead = (host: WireHost): RelayLink => {
        const own: RelayLink = socket({ ...env, page: null }, {
          ...host,
          welcomed(welcome) {
            if (welcome.user === user) return host.welcomed(welcome)
            own.end(new EarshotError('unauthorized', `The token proves ${quoted(welcome.user)}, and user is ${quoted(user)}: give the transport whom the token proves, and close the hub of who has signed out`))
          },
        })
        return own
      }
      const open: OpenWire = host => {
        // What the page goes through is the tab's to answer, whether it has the socket or not.
        if (missing === undefined) return (shared = new SharedLink(env, { base, user, leadership, open: lead }, host))
        return socket(env, {
          ...host,
          welcomed(welcome) {
            leadership.contend()
            host.welcomed(welcome)
          },
          leaving() {
            host.leaving()
            leadership.leave()
          },
        })
      }
      return new SharedClient(leadership, () => shared, link, env, own, open, limits, () => missing ?? true)
    },
  }
}

function quoted(user: string | null): string {
  return user === null ? 'nobody in particular' : `"${user}"`
}

/** What tabs lack to share a socket, if anything. */
function missingPart({ locks, BroadcastChannel }: FullEnvironment): string | undefined {
  if (!locks) return 'there are no Web Locks: each tab has a socket of its own; serve the page over https or from localhost'
  return BroadcastChannel ? undefined : 'there is no BroadcastChannel: each tab has a socket of its own'
}
