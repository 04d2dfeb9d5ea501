import { EarshotError, type Environment, type Transport } from '@earshot/core'
import { environment } from '../page/environment.ts'
import { Mesh } from './mesh.ts'

/** How the tabs of a browser are joined. */
export interface BroadcastChannelOptions extends Environment {
  /** Tabs of one origin with the same name (and hub namespace) hear one another. @default 'default' */
  name?: string
  /** What each tab keeps for `replay`, `history` and late joiners. */
  history?: {
    /** Messages a topic. @default 100 */
    messages?: number
    /** Topics; the one unused for longest goes first. @default 1000 */
    topics?: number
  }
  /** What each tab keeps to send again to a sibling that missed it. */
  resend?: {
    /** @default 1024 */
    messages?: number
    /** In characters of JSON. @default 1,000,000 */
    size?: number
  }
  /** Publishes that wait while the tab joins, at most; more are refused with `outbox-full`. @default 10,000 */
  outbox?: number
}

/**
 * Joins the tabs of one browser, with no server: publishes, presence, shared state, leadership.
 * Where there is no BroadcastChannel the hub works within its page, and its status says why.
 * @throws `invalid-options`
 * @example createHub({ transport: broadcastChannel({ name: 'my-app' }) })
 */
export function broadcastChannel(options: BroadcastChannelOptions = {}): Transport {
  const { name = 'default', history = {}, resend = {}, outbox = 10_000 } = options
  if (typeof name !== 'string' || name === '' || name.length > 200) throw new EarshotError('invalid-options', 'no-channel-name', { name: 'name', value: name })
  const limits = {
    messages: count('history.messages', history.messages ?? 100),
    topics: count('history.topics', history.topics ?? 1000),
    resendMessages: count('resend.messages', resend.messages ?? 1024),
    resendSize: count('resend.size', resend.size ?? 1_000_000),
    outbox: count('outbox', outbox),
  }
  return { connect: link => new Mesh(link, name, limits, environment({ clock: link.clock, random: link.random, ...options })) }
}

function count(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 0) throw new EarshotError('invalid-options', 'no-count', { name, value, limit: 0 })
  return value
}
