import type { Cancel, Clock } from '@earshot/core'

/** What travels: the call that opens a connection or its answer, text or bytes, or the end of the connection. */
export type Parcel = { readonly kind: 'open' } | { readonly kind: 'unit'; readonly unit: string | Uint8Array } | { readonly kind: 'close'; readonly code: number }

/** One direction of a connection: what is sent arrives in order, each after its latency, and not while it is held. */
export class Flow {
  readonly #clock: Clock
  readonly #latency: () => number
  readonly #arrive: (parcel: Parcel) => void
  #parcels: { readonly parcel: Parcel; readonly at: number }[] = []
  #last = 0
  #arriving: Cancel | undefined
  #held = false
  /** Characters under way, or bytes. */
  size = 0

  constructor(clock: Clock, latency: () => number, arrive: (parcel: Parcel) => void) {
    this.#clock = clock
    this.#latency = latency
    this.#arrive = arrive
  }

  put(parcel: Parcel): void {
    this.#last = Math.max(this.#last, this.#clock.now() + this.#latency())
    this.#parcels.push({ parcel, at: this.#last })
    this.size += sizeOf(parcel)
    this.#next()
  }

  /** Nothing arrives until it is released; what is sent meanwhile waits. */
  hold(isHeld: boolean): void {
    this.#held = isHeld
    if (!isHeld) return this.#next()
    this.#arriving?.()
    this.#arriving = undefined
  }

  /** What is under way is lost. */
  lose(): void {
    this.#parcels = []
    this.size = 0
  }

  #next(): void {
    const [first] = this.#parcels
    if (!first || this.#held || this.#arriving) return
    this.#arriving = this.#clock.after(Math.max(0, first.at - this.#clock.now()), () => {
      this.#arriving = undefined
      const arrived = this.#parcels.shift()
      this.#next()
      if (!arrived) return
      this.size -= sizeOf(arrived.parcel)
      this.#arrive(arrived.parcel)
    })
  }
}

function sizeOf(parcel: Parcel): number {
  return parcel.kind === 'unit' ? parcel.unit.length : 0
}
