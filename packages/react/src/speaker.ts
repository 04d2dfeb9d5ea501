import { lease, type Retain } from './lease.ts'
import type { SessionSource } from './session-source.ts'
import { storesOf } from './session-stores.ts'
import { shallowEqual } from './shallow-equal.ts'

/** A component that enters: what it says of its session. */
export class Speaker {
  data: unknown
  /** Enters, and leaves 300 ms after the component was unmounted. */
  readonly retain: Retain
  readonly #source: SessionSource
  readonly #topic: string

  constructor(source: SessionSource, topic: string) {
    this.#source = source
    this.#topic = topic
    this.retain = lease(source.hub.clock, () => storesOf(source.session).presences.open(topic).speak(this))
  }

  say(data: unknown): void {
    if (shallowEqual(this.data, data)) return
    this.data = data
    storesOf(this.#source.session).presences.get(this.#topic)?.repeat()
  }
}
