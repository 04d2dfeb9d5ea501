import { type BroadcastChannelLike, EarshotError } from '@earshot/core'
import { ResendRing } from './resend-ring.ts'
import { type EncodedItem, type Frame, type Item, MAX_ITEMS, MESH_VERSION } from './wire.ts'

/** What a tab says: what is said in one turn goes in one post, numbered, and kept for a while to be said again. */
export class Outgoing {
  readonly #limits: { readonly resendMessages: number; readonly resendSize: number; readonly outbox: number }
  readonly #report: (error: EarshotError) => void
  #ring: ResendRing
  #channel: BroadcastChannelLike | undefined
  #node = ''
  #batch: EncodedItem[] = []
  /** Number of the next item that is posted. */
  #next = 1
  #flushing = false
  /** The tab has said who it is: before, everything waits. */
  #greeted = false
  /** How many sessions make sure of their ids: what is said meanwhile waits. */
  #gates = 0
  readonly #addressed: (() => void)[] = []

  constructor(limits: { readonly resendMessages: number; readonly resendSize: number; readonly outbox: number }, report: (error: EarshotError) => void) {
    this.#limits = limits
    this.#report = report
    this.#ring = new ResendRing(limits.resendMessages, limits.resendSize)
  }

  get isOpen(): boolean {
    return this.#greeted && this.#gates === 0
  }

  get isFull(): boolean {
    return !this.isOpen && this.#batch.length >= this.#limits.outbox
  }

  get greeted(): boolean {
    return this.#greeted
  }

  /** A new life, that begins with a greeting: numbers begin anew. What waited is said after it. */
  start(channel: BroadcastChannelLike, node: string, hello: Item): void {
    this.#channel = channel
    this.#node = node
    this.#next = 1
    this.#ring = new ResendRing(this.#limits.resendMessages, this.#limits.resendSize)
    this.#post([hello])
    this.#greeted = true
    if (this.isOpen) this.flush()
  }

  /** Ends this life with a last word. What still waits is kept for the next one. */
  stop(bye: Item): void {
    if (!this.#greeted) return
    if (this.isOpen) this.flush()
    this.#post([bye])
    this.#greeted = false
    this.#channel?.close()
    this.#channel = undefined
  }

  /** Says with everything else of this turn. */
  say(item: EncodedItem): void {
    this.#batch.push(item)
    if (!this.isOpen || this.#flushing) {
      if (this.isOpen && this.#batch.length >= MAX_ITEMS) this.flush()
      return
    }
    this.#flushing = true
    queueMicrotask(() => {
      this.#flushing = false
      if (this.isOpen) this.flush()
    })
  }

  /** Posts what waits. */
  flush(): void {
    while (this.#batch.length > 0) this.#post(this.#batch.splice(0, MAX_ITEMS))
  }

  /** What is said from now on waits until `open`; as often as it was shut. */
  shut(): void {
    this.#gates++
  }

  /** Lets out what waits, after `first`. */
  open(first: EncodedItem): void {
    this.#gates--
    this.#batch.unshift(first)
    if (!this.isOpen) return
    this.flush()
    for (const address of this.#addressed.splice(0)) address()
  }

  /** Says to one sibling, after what waits: so `item` is made when that is posted. */
  address(node: string, item: () => Item): void {
    if (!this.#greeted) return
    if (!this.isOpen) {
      if (this.#addressed.length < MAX_ITEMS) this.#addressed.push(() => this.address(node, item))
      return
    }
    this.flush()
    this.#send({ v: MESH_VERSION, f: this.#node, n: 0, to: node, m: [item()] })
  }

  /** The number of the next item. */
  get position(): number {
    return this.#next
  }

  resend(from: number, to: number): EncodedItem[] | number {
    return this.#ring.get(from, to)
  }

  #post(items: EncodedItem[]): void {
    const frame: Frame = { v: MESH_VERSION, f: this.#node, n: this.#next, m: items }
    this.#next += items.length
    for (const item of items) this.#ring.push(item)
    if (this.#send(frame) || items.length === 1) return
    // One of them cannot be cloned: the others go one by one, so that nothing else is lost.
    for (const [index, item] of items.entries()) this.#send({ ...frame, n: frame.n + index, m: [item] })
  }

  #send(frame: Frame): boolean {
    try {
      this.#channel?.postMessage(frame)
      return true
    } catch (cause) {
      // Encoding has cloned every payload once: this is a platform that refuses what it accepted.
      if (frame.m.length === 1) this.#report(new EarshotError('not-serializable', 'not-posted', {}, cause))
      return false
    }
  }
}
