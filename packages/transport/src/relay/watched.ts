import type { TransportLink } from '@earshot/core'
import type { WireMember } from '@earshot/core/protocol'
import type { SessionFrame } from './wire.ts'

interface Watch {
  /** Members that the relay told of: what it said of each, and the clock that the hub was given. */
  readonly known: Map<string, { readonly told: string; readonly clock: number }>
  /** The first roster is here. */
  readonly ready: Promise<void>
  arrived(): void
}

/** Topics whose members this tab watches. */
export class Watched {
  readonly #link: TransportLink
  /** Ids of this tab's own sessions: the hub knows their entries best. */
  readonly #isOwn: (id: string) => boolean
  readonly #topics = new Map<string, Watch>()
  /** The last clock that the hub was given. */
  #clock = 0

  constructor(link: TransportLink, isOwn: (id: string) => boolean) {
    this.#link = link
    this.#isOwn = isOwn
  }

  /** Resolves when the members that are there are known. */
  add(topic: string): Promise<void> {
    let arrived = (): void => {}
    const ready = new Promise<void>(resolve => {
      arrived = resolve
    })
    this.#topics.set(topic, { known: new Map(), ready, arrived })
    return ready
  }

  /** Nobody looks any more. What becomes of the members is not told from now on: the hub must not take them for still there later. */
  delete(topic: string): void {
    const watch = this.#topics.get(topic)
    if (!watch) return
    this.#topics.delete(topic)
    for (const [id, { clock }] of watch.known) this.#link.gone(topic, id, clock)
    watch.arrived()
  }

  /** What a new connection has to be told. */
  frames(s: number): SessionFrame[] {
    return [...this.#topics.keys()].map(topic => ({ t: 'watch', s, topic, on: true }))
  }

  /** All members there are. A young relay may not know all of them yet: those that it does not name stay until it is older. */
  roster(topic: string, members: readonly WireMember[], young: boolean): void {
    const watch = this.#topics.get(topic)
    if (!watch) return
    const named = new Set(members.map(([id]) => id))
    for (const id of [...watch.known.keys()]) if (!young && !named.has(id)) this.gone(topic, id)
    for (const member of members) this.member(topic, member)
    watch.arrived()
  }

  member(topic: string, [id, userId, data, since, clock]: WireMember): void {
    const watch = this.#topics.get(topic)
    if (!watch || this.#isOwn(id)) return
    const told = JSON.stringify([userId, data, since])
    if (watch.known.get(id)?.told === told) return
    // What is told later is newer, whatever the clocks of the relay's lives say: the one that comes back may be behind the one that was.
    this.#clock = Math.max(clock, this.#clock + 1)
    watch.known.set(id, { told, clock: this.#clock })
    this.#link.member(topic, { id, userId: userId ?? undefined, data, since, clock: this.#clock })
  }

  gone(topic: string, id: string): void {
    const known = this.#topics.get(topic)?.known
    const clock = known?.get(id)?.clock
    if (clock === undefined) return
    known?.delete(id)
    this.#link.gone(topic, id, clock)
  }

  /** Nobody has to wait any more. */
  arrive(): void {
    for (const watch of this.#topics.values()) watch.arrived()
  }

  /** Nothing will arrive any more. */
  close(): void {
    this.arrive()
    this.#topics.clear()
  }
}
