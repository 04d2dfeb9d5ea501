import type { Cancel, Clock } from '../base/clock.ts'
import type { BroadcastChannelLike } from '../base/environment.ts'
import { domException } from './dom-exception.ts'
import type { Engine } from './engine.ts'
import type { FakeAgent } from './fake-agent.ts'

/** A message put on a channel. Its data is a copy that listeners must not change. */
export interface TestPost {
  /** The tab that posted it, by id. */
  readonly from: string
  /** The channel's name. */
  readonly name: string
  readonly data: unknown
}

/** A message on its way to one channel object. */
export interface TestDelivery extends TestPost {
  /** The tab that is to hear it, by id. */
  readonly to: string
}

/** What becomes of a delivery; `messageerror` arrives as data that cannot be read. */
export type DeliveryVerdict = 'deliver' | 'drop' | 'messageerror'

interface Port extends BroadcastChannelLike {
  readonly agent: FakeAgent
  readonly isOpen: boolean
}

/** What is under way from one tab to another, in order. */
interface Lane {
  readonly deliveries: { readonly port: Port; readonly post: TestPost }[]
  due: number
  postponed: number
}

/** How a browser's channels behave. */
export interface FakeChannelsOptions {
  readonly clock: Clock
  readonly engine: Engine
  readonly latency: () => number
  /** Says, for each delivery at its time, whether something else goes first. */
  readonly isPostponed: () => boolean
}

const MAX_POSTPONED = 8

/** All channels of one browser. */
export class FakeChannels {
  posts = 0
  readonly #options: FakeChannelsOptions
  readonly #ports = new Map<string, Set<Port>>()
  readonly #lanes = new Map<string, Lane>()
  readonly #listeners = new Set<(post: TestPost) => void>()
  readonly #interceptors = new Set<(delivery: TestDelivery) => DeliveryVerdict>()

  constructor(options: FakeChannelsOptions) {
    this.#options = options
  }

  onPost(listener: (post: TestPost) => void): Cancel {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  intercept(decide: (delivery: TestDelivery) => DeliveryVerdict): Cancel {
    this.#interceptors.add(decide)
    return () => void this.#interceptors.delete(decide)
  }

  open(name: string, port: Port): void {
    const ports = this.#ports.get(name)
    if (ports === undefined) this.#ports.set(name, new Set([port]))
    else ports.add(port)
  }

  close(name: string, port: Port): void {
    const ports = this.#ports.get(name)
    if (ports?.delete(port) && ports.size === 0) this.#ports.delete(name)
  }

  closeAll(agent: FakeAgent): void {
    for (const ports of this.#ports.values()) {
      for (const port of ports) if (port.agent === agent) port.close()
    }
  }

  count(agent?: FakeAgent): number {
    let count = 0
    for (const ports of this.#ports.values()) {
      for (const port of ports) if (agent === undefined || port.agent === agent) count += 1
    }
    return count
  }

  /** How many milliseconds from now the last message under way to this page arrives. */
  inFlight(agent: FakeAgent): number {
    let last = 0
    for (const [key, lane] of this.#lanes) {
      if (key.endsWith(`>${agent.id}`)) last = Math.max(last, lane.due - this.#options.clock.now())
    }
    return last
  }

  post(name: string, from: Port, message: unknown): void {
    const post: TestPost = { from: from.agent.id, name, data: copy(message) }
    this.posts += 1
    for (const listener of this.#listeners) listener(post)
    for (const port of this.#ports.get(name) ?? []) {
      if (port !== from) this.#send(`${post.from}>${port.agent.id}`, port, post)
    }
  }

  #send(key: string, port: Port, post: TestPost): void {
    const { clock, latency } = this.#options
    const lane = this.#lanes.get(key) ?? { deliveries: [], due: 0, postponed: 0 }
    this.#lanes.set(key, lane)
    lane.deliveries.push({ port, post })
    lane.due = Math.max(lane.due, clock.now() + latency())
    clock.after(lane.due - clock.now(), () => this.#arrive(key, lane))
  }

  #arrive(key: string, lane: Lane): void {
    if (lane.postponed < MAX_POSTPONED && this.#options.isPostponed()) {
      lane.postponed += 1
      this.#options.clock.after(0, () => this.#arrive(key, lane))
      return
    }
    lane.postponed = 0
    const delivery = lane.deliveries.shift()
    if (lane.deliveries.length === 0) this.#lanes.delete(key)
    if (delivery !== undefined) this.#deliver(delivery.port, delivery.post)
  }

  #deliver(port: Port, post: TestPost): void {
    const { agent } = port
    if (!port.isOpen || agent.isEnding) return
    const verdict = this.#verdict({ ...post, to: agent.id })
    if (verdict === 'drop') return
    if (agent.state === 'cached' || agent.state === 'entering') {
      if (this.#options.engine === 'chromium') agent.evict()
      return
    }
    agent.tell('message', () => {
      if (!port.isOpen) return
      if (verdict === 'deliver') port.onmessage?.({ data: copy(post.data) })
      else port.onmessageerror?.({ data: null })
    })
  }

  #verdict(delivery: TestDelivery): DeliveryVerdict {
    for (const decide of this.#interceptors) {
      const verdict = decide(delivery)
      if (verdict !== 'deliver') return verdict
    }
    return 'deliver'
  }
}

/** The `BroadcastChannel` of one page. */
export function fakeBroadcastChannel(agent: FakeAgent, channels: FakeChannels): new (name: string) => BroadcastChannelLike {
  return class FakeBroadcastChannel implements Port {
    readonly name: string
    readonly agent: FakeAgent = agent
    isOpen = true
    onmessage: BroadcastChannelLike['onmessage'] = null
    onmessageerror: BroadcastChannelLike['onmessageerror'] = null

    constructor(name: string) {
      this.name = String(name)
      if (agent.canAct) channels.open(this.name, this)
    }

    postMessage(message: unknown): void {
      if (!agent.canAct) return
      if (!this.isOpen) throw domException('InvalidStateError', `Failed to execute 'postMessage' on 'BroadcastChannel': Channel is closed`)
      channels.post(this.name, this, message)
    }

    close(): void {
      this.isOpen = false
      channels.close(this.name, this)
    }
  }
}

function copy(value: unknown): unknown {
  return typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol' ? structuredClone(value) : value
}
