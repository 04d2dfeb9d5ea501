import type { Cancel, Member } from '@earshot/core'
import { type ClientFrame, clientFrames, type FrameReader, type RelayFrame, relayFrames, writeJson } from '@earshot/core/protocol'
import { seededRandom, testClock, type TestClock } from '@earshot/core/testing'
import type { Engine } from '../engine/engine.ts'
import { memoryEngine, type MemoryEngineOptions } from '../engine/memory-engine.ts'
import { type Direction, Line, type LineWorld } from './line.ts'
import { RelayLife, type RelayReadings, type TestRelayOptions } from './relay-life.ts'
import { Device, type TestDevice, type TestWire } from './test-device.ts'
import type { TestSocket } from './test-socket.ts'

/** How a test network behaves. */
export interface TestNetworkOptions {
  /** How the relay is made. @default everybody may do everything */
  readonly relay?: TestRelayOptions
  /** Makes the log that a relay begins with. @default a memory engine by the network's clock */
  readonly engine?: () => Engine
  /** What the default engine keeps. */
  readonly history?: Omit<MemoryEngineOptions, 'now' | 'random'>
  /** Milliseconds that a frame takes one way; frames of one connection stay in order. @default 0 */
  readonly latency?: number | (() => number)
  /** Characters that a connection takes in before its sender has to keep them. @default 65,536 */
  readonly window?: number
  /** Another seed gives other random numbers, the same at each run. @default 1 */
  readonly seed?: number
  /** Numbers in [0, 1) for all that is random. @default a generator with `seed` */
  readonly random?: () => number
  /** @default a new one */
  readonly clock?: TestClock
}

/** How a relay ends. */
export interface StopOptions {
  /** `close`: it says good-bye, and closes with 1012; `kill`: its process ends; `unplug`: its machine does, and no client learns of it. @default 'close' */
  readonly how?: 'close' | 'kill' | 'unplug'
  /** Within how many milliseconds clients should be back after `close`. @default 5000 */
  readonly spread?: number
}

/** How a relay comes back. */
export interface RestartOptions extends StopOptions {
  /** `kept`: with the log it had, `lost`: with a new one. @default 'lost' */
  readonly log?: 'kept' | 'lost'
}

/** The relay of a test network. What it forgets when it restarts, a real one forgets. */
export interface TestRelay {
  readonly isUp: boolean
  /** The log of this life. */
  readonly engine: Engine
  /** What it counts in this life. */
  readonly readings: RelayReadings
  publish(topic: string, data: unknown, options?: { to?: readonly string[]; volatile?: boolean; retain?: boolean }): Promise<{ offset?: number }>
  broadcast(data: unknown, options?: { to?: readonly string[]; volatile?: boolean }): Promise<{ offset?: number }>
  presence(topic: string): readonly Member[]
  occupancy(topic: string): number
  disconnectUser(userId: string): number
  stop(options?: StopOptions): void
  /** Begins another life, with this log or a new one. */
  start(engine?: Engine): void
  restart(options?: RestartOptions): void
}

/** What becomes of frames on their way: itself or another passes, several do, or none. Those in MessagePack pass unseen. */
export interface FrameFilter {
  up?: (frame: ClientFrame, device: TestDevice) => ClientFrame | readonly ClientFrame[] | undefined
  down?: (frame: RelayFrame, device: TestDevice) => RelayFrame | readonly RelayFrame[] | undefined
}

/** A relay, and what lies between it and its clients: the real code of both ends over simulated sockets, by a clock that a test moves. */
export interface TestNetwork extends Pick<TestWire, 'hold' | 'release'> {
  readonly clock: TestClock
  readonly random: () => number
  readonly relay: TestRelay
  /** Where the relay is: any url leads to it. */
  readonly url: string
  /** Sockets of a device that needs no name. */
  readonly WebSocket: TestDevice['WebSocket']
  /** What has happened to the network, and when; with the seed it is all there is to know about a run. */
  readonly story: string
  /** One more device. */
  device(name?: string): TestDevice
  /** Nothing passes any more, for nobody, until `release`: what is sent meanwhile waits. */
  hold(direction?: Direction): void
  /** Looks at each frame when it arrives, and may change it: for what the relay of another version might do, or a broken one. */
  filter(filter: FrameFilter): Cancel
  /** Runs what is due now, without moving time. */
  settle(): Promise<void>
  /** Moves time on by `ms` milliseconds, and runs what becomes due. */
  advance(ms: number): Promise<void>
  /** Runs the body of a test; what it throws tells the seed and the story. */
  run<T>(body: () => Promise<T>): Promise<T>
}

/**
 * Makes a network with a relay, for tests.
 * @example
 * const network = createTestNetwork()
 * const { url, WebSocket, clock } = network
 * const hub = createHub({ transport: webSocket({ url, WebSocket, clock }), clock })
 */
export function createTestNetwork(options: TestNetworkOptions = {}): TestNetwork {
  return new Network(options)
}

class Network implements TestNetwork {
  readonly clock: TestClock
  readonly random: () => number
  readonly url = 'ws://relay.test/earshot'
  readonly relay: TestRelay
  readonly WebSocket: TestDevice['WebSocket']
  readonly #seed: number
  readonly #options: TestNetworkOptions
  readonly #devices: Device[] = []
  readonly #deviceOf = new WeakMap<Line, Device>()
  readonly #urlOf = new WeakMap<Line, string>()
  readonly #filters = new Set<FrameFilter>()
  readonly #story: string[] = []
  readonly #world: LineWorld
  #life: RelayLife
  #isUp = true

  constructor(options: TestNetworkOptions) {
    const { seed = 1, random = seededRandom(seed), clock = testClock(), latency = 0, window = 65_536 } = options
    this.#options = options
    this.#seed = seed
    this.clock = clock
    this.random = random
    this.#world = {
      clock,
      window,
      latency: typeof latency === 'number' ? () => latency : latency,
      accept: (line, socket) => (this.#isUp ? this.#life.accept(line, socket, this.#urlOf.get(line) ?? this.url) : undefined),
      pass: (unit, direction, line) => (typeof unit === 'string' ? this.#pass(unit, direction, line) : unit),
    }
    this.#life = this.#begin()
    this.relay = this.#relay()
    this.WebSocket = this.device('anyone').WebSocket
  }

  get story(): string {
    return [`seed ${this.#seed}`, ...this.#story].join('\n')
  }

  device(name = `device ${this.#devices.length}`): TestDevice {
    const connect = (device: Device, socket: TestSocket): Line => {
      const line = new Line(this.#world, socket)
      this.#deviceOf.set(line, device)
      this.#urlOf.set(line, socket.url)
      return line
    }
    const device = new Device(name, { connect, note: what => this.#note(what) })
    this.#devices.push(device)
    return device
  }

  hold(direction?: Direction): void {
    for (const device of this.#devices) device.hold(direction)
  }

  release(direction?: Direction): void {
    for (const device of this.#devices) device.release(direction)
  }

  filter(filter: FrameFilter): Cancel {
    this.#filters.add(filter)
    return () => this.#filters.delete(filter)
  }

  settle(): Promise<void> {
    return this.clock.runDue()
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms)
  }

  async run<T>(body: () => Promise<T>): Promise<T> {
    try {
      return await body()
    } catch (error) {
      if (error instanceof Error) error.message += `\n${this.story}`
      throw error
    }
  }

  #begin(engine?: Engine): RelayLife {
    const { relay = {}, history } = this.#options
    const make = this.#options.engine ?? (() => memoryEngine({ ...history, now: () => this.clock.now(), random: this.random }))
    return new RelayLife(engine ?? make(), relay, this.clock, this.random)
  }

  #relay(): TestRelay {
    const isUp = (): boolean => this.#isUp
    const life = (): RelayLife => this.#life
    const stop = ({ how = 'close', spread = 5000 }: StopOptions = {}): void => {
      if (!this.#isUp) return
      this.#note(`the relay ends: ${how}`)
      this.#isUp = false
      if (how === 'close') this.#life.close(spread)
      else this.#life.kill(how === 'kill')
    }
    const start = (engine?: Engine): void => {
      if (this.#isUp) return
      this.#note(`a relay begins with ${engine ? 'the log it was given' : 'a new log'}`)
      this.#life = this.#begin(engine)
      this.#isUp = true
    }
    return {
      get isUp() {
        return isUp()
      },
      get engine() {
        return life().engine
      },
      get readings() {
        return life().readings
      },
      publish: (topic, data, options = {}) => life().publish(topic, data, options),
      broadcast: (data, options = {}) => life().publish('', data, options),
      presence: topic => life().members(topic),
      occupancy: topic => life().occupancy(topic),
      disconnectUser: userId => life().disconnectUser(userId),
      stop,
      start,
      restart({ log = 'lost', ...how } = {}) {
        const { engine } = life()
        stop(how)
        start(log === 'kept' ? engine : undefined)
      },
    }
  }

  #pass(text: string, direction: Direction, line: Line): string | undefined {
    if (this.#filters.size === 0) return text
    const device = this.#deviceOf.get(line) as Device
    const lines = text.split('\n').flatMap(each => (direction === 'up' ? this.#passUp(each, device) : this.#passDown(each, device)))
    return lines.length > 0 ? lines.join('\n') : undefined
  }

  #passUp(line: string, device: TestDevice): string[] {
    return passed(line, clientFrames, frame => [...this.#filters].reduce<ClientFrame[]>((frames, { up }) => frames.flatMap(each => (up ? (up(each, device) ?? []) : each)), [frame]))
  }

  #passDown(line: string, device: TestDevice): string[] {
    return passed(line, relayFrames, frame => [...this.#filters].reduce<RelayFrame[]>((frames, { down }) => frames.flatMap(each => (down ? (down(each, device) ?? []) : each)), [frame]))
  }

  #note(what: string): void {
    this.#story.push(`at ${this.clock.now()} ms ${what}`)
  }
}

/** What becomes of a line; one that is no frame passes as it is. */
function passed<Frame extends { readonly t: string }>(line: string, reader: FrameReader<Frame>, change: (frame: Frame) => Frame[]): string[] {
  const frame = reader.readLine(line)
  return frame ? change(frame).map(each => writeJson(each)) : [line]
}
