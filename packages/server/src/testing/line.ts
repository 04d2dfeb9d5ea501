import type { Clock } from '@earshot/core'
import type { Socket } from '../relay/connection.ts'
import { Flow, type Parcel } from './flow.ts'
import type { SocketWire, TestSocket } from './test-socket.ts'

/** Which way frames travel: `up` to the relay, `down` from it. */
export type Direction = 'up' | 'down'

/** How a connection is cut. */
export interface CutOptions {
  /** Who does not learn of it: to that end it looks open, and what it sends goes nowhere. @default nobody */
  readonly unaware?: 'client' | 'relay' | 'both'
}

/** A relay's end of a connection. */
export interface RelayEnd {
  take(unit: string | Uint8Array): void
  /** What waited to be sent is on its way. */
  drained(): void
  closed(): void
}

/** What a connection needs of its network. */
export interface LineWorld {
  readonly clock: Clock
  /** Characters that a connection takes in before its sender has to keep them. */
  readonly window: number
  latency(): number
  /** The relay takes the connection; there may be none. */
  accept(line: Line, socket: Socket): RelayEnd | undefined
  /** What becomes of frames on their way; nothing may be left. */
  pass(unit: string | Uint8Array, direction: Direction, line: Line): string | Uint8Array | undefined
}

/** One connection: a client's socket, a relay's end, and what lies between. */
export class Line implements SocketWire {
  readonly #world: LineWorld
  readonly #socket: TestSocket
  readonly #up: Flow
  readonly #down: Flow
  #end: RelayEnd | undefined
  #isCut = false

  constructor(world: LineWorld, socket: TestSocket) {
    const { clock } = world
    this.#world = world
    this.#socket = socket
    this.#up = new Flow(clock, () => world.latency(), parcel => this.#atRelay(parcel))
    this.#down = new Flow(clock, () => world.latency(), parcel => this.#atClient(parcel))
    this.#up.put({ kind: 'open' })
  }

  /** Whether an end still counts on it. */
  get isUsed(): boolean {
    return this.#end !== undefined || this.#socket.readyState < 3
  }

  get underWay(): number {
    return this.#up.size
  }

  /** Characters on their way to the client. */
  get waiting(): number {
    return this.#down.size
  }

  send(unit: string | Uint8Array): void {
    this.#up.put({ kind: 'unit', unit })
  }

  close(): void {
    this.#up.put({ kind: 'close', code: 1005 })
  }

  hold(direction: Direction, isHeld: boolean): void {
    if (!this.#isCut) (direction === 'up' ? this.#up : this.#down).hold(isHeld)
  }

  /** What is under way is lost, and nothing passes any more. */
  cut({ unaware }: CutOptions = {}): void {
    if (this.#isCut) return
    this.#isCut = true
    for (const flow of [this.#up, this.#down]) {
      flow.lose()
      flow.hold(true)
    }
    const { clock } = this.#world
    if (unaware !== 'client' && unaware !== 'both') clock.after(this.#world.latency(), () => this.#socket.ended(1006))
    if (unaware !== 'relay' && unaware !== 'both') clock.after(this.#world.latency(), () => this.#closed())
  }

  /** The page is gone: what it sent still arrives. */
  abandon(): void {
    this.#socket.forget()
    this.#up.put({ kind: 'close', code: 1006 })
  }

  /** The relay's process is gone; its machine says so, if it is still there. */
  orphan(isTold: boolean): void {
    this.#end = undefined
    if (isTold) this.#down.put({ kind: 'close', code: 1006 })
    else this.cut({ unaware: 'client' })
  }

  #atRelay(parcel: Parcel): void {
    if (parcel.kind === 'open') {
      this.#end = this.#world.accept(this, this.#relaySocket())
      this.#down.put(this.#end ? parcel : { kind: 'close', code: 1006 })
    } else if (parcel.kind === 'close') {
      this.#closed()
      this.#down.put(parcel)
    } else {
      const unit = this.#world.pass(parcel.unit, 'up', this)
      if (unit !== undefined) this.#end?.take(unit)
    }
  }

  #atClient(parcel: Parcel): void {
    if (parcel.kind === 'open') return this.#socket.opened()
    if (parcel.kind === 'close') return this.#socket.ended(parcel.code)
    if (this.#down.size + parcel.unit.length > this.#world.window) this.#end?.drained()
    const unit = this.#world.pass(parcel.unit, 'down', this)
    if (unit !== undefined) this.#socket.received(unit)
  }

  #closed(): void {
    const end = this.#end
    this.#end = undefined
    end?.closed()
  }

  #relaySocket(): Socket {
    const close = (code: number): void => {
      const end = this.#end
      if (!end) return
      this.#end = undefined
      this.#down.put({ kind: 'close', code })
      clock.after(0, () => end.closed())
    }
    const down = this.#down
    const { window, clock } = this.#world
    return {
      send: unit => {
        if (!this.#end) return
        down.put({ kind: 'unit', unit })
        // What fits is sent at once, and the sender is told so soon after.
        if (down.size <= window) clock.after(0, () => this.#end?.drained())
      },
      close,
      terminate: () => close(1006),
      get buffered() {
        return Math.max(0, down.size - window)
      },
    }
  }
}
