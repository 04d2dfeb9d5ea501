import type { CutOptions, Direction, Line } from './line.ts'
import { TestSocket } from './test-socket.ts'

/** What a test does to one connection, or to all those of a device. */
export interface TestWire {
  /** What is under way is lost, and the connection is over; by default both ends learn of it. */
  cut(options?: CutOptions): void
  /** Nothing arrives in that direction – by default in both – until it is released; what is sent meanwhile waits. A client that is held `down` reads slowly. */
  hold(direction?: Direction): void
  release(direction?: Direction): void
}

/** One socket of a device, as long as an end counts on it. */
export interface TestConnection extends TestWire {
  /** Characters on their way to the client. */
  readonly waiting: number
}

/** A machine on the network: a browser tab, mostly. */
export interface TestDevice extends TestWire {
  readonly name: string
  /** What `webSocket({ WebSocket })` takes: its sockets are of this device. */
  readonly WebSocket: new (url: string) => TestSocket
  /** Its sockets that are not over, oldest first. What is done to one of them does not touch the others, nor those to come. */
  readonly connections: readonly TestConnection[]
  /** The page or its process is gone: what it sent still arrives, nothing of it hears or says anything more. */
  end(): void
}

/** What a device needs of its network. */
export interface DeviceWorld {
  connect(device: Device, socket: TestSocket): Line
  /** Writes down what a test did. */
  note(what: string): void
}

/** The one class of devices; tests see `TestDevice`. */
export class Device implements TestDevice {
  readonly name: string
  readonly WebSocket: new (url: string) => TestSocket
  readonly #world: DeviceWorld
  readonly #held: Record<Direction, boolean> = { up: false, down: false }
  #lines: Line[] = []
  #hasEnded = false

  constructor(name: string, world: DeviceWorld) {
    this.name = name
    this.#world = world
    const connect = (socket: TestSocket): Line => this.#connect(socket)
    this.WebSocket = class extends TestSocket {
      constructor(url: string) {
        super(url, connect)
      }
    }
  }

  get lines(): readonly Line[] {
    return (this.#lines = this.#lines.filter(line => line.isUsed))
  }

  get connections(): readonly TestConnection[] {
    const note = (what: string): void => this.#world.note(`${this.name}: one connection ${what}`)
    return this.lines.map(line => ({
      get waiting() {
        return line.waiting
      },
      cut: options => {
        note(`cut${unawareOf(options)}`)
        line.cut(options)
      },
      hold: direction => {
        note(`held ${direction ?? ''}`)
        for (const each of directionsOf(direction)) line.hold(each, true)
      },
      release: direction => {
        note(`released ${direction ?? ''}`)
        for (const each of directionsOf(direction)) line.hold(each, false)
      },
    }))
  }

  cut(options?: CutOptions): void {
    this.#world.note(`${this.name}: cut${unawareOf(options)}`)
    for (const line of this.lines) line.cut(options)
  }

  hold(direction?: Direction): void {
    this.#world.note(`${this.name}: held ${direction ?? ''}`)
    this.#hold(direction, true)
  }

  release(direction?: Direction): void {
    this.#world.note(`${this.name}: released ${direction ?? ''}`)
    this.#hold(direction, false)
  }

  end(): void {
    this.#world.note(`${this.name}: ended`)
    this.#hasEnded = true
    for (const line of this.lines) line.abandon()
  }

  #hold(direction: Direction | undefined, isHeld: boolean): void {
    for (const each of directionsOf(direction)) {
      this.#held[each] = isHeld
      for (const line of this.lines) line.hold(each, isHeld)
    }
  }

  #connect(socket: TestSocket): Line {
    const line = this.#world.connect(this, socket)
    if (this.#hasEnded) line.abandon()
    this.#lines.push(line)
    for (const each of directionsOf(undefined)) if (this.#held[each]) line.hold(each, true)
    return line
  }
}

function directionsOf(direction: Direction | undefined): readonly Direction[] {
  return direction ? [direction] : ['up', 'down']
}

function unawareOf({ unaware }: CutOptions = {}): string {
  return unaware ? `, unknown to ${unaware}` : ''
}
