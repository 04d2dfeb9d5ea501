import { EarshotError } from '@earshot/core'
import type { KeptSession, StoredPublish } from './kept-session.ts'
import { tooLarge } from './sizes.ts'

/** What a kept publish waits for. */
export interface Accepted {
  readonly offset: number
}

interface Entry extends StoredPublish {
  /** Under which number it is kept over a reload. */
  readonly n: number
  readonly topic: string
  /** Whether the relay may have got it. */
  sent: boolean
  /** Whether another page may have found it in the storage. */
  left?: boolean
  resolve(accepted: Accepted): void
  reject(error: EarshotError): void
}

/** Bounds of what waits to be accepted. */
export interface OutboxLimits {
  readonly messages: number
  /** Characters of encoded frames. */
  readonly size: number
}

/** The kept publishes of one session that are not accepted yet, in order; those that a former page left come first. */
export class Outbox {
  readonly #limits: OutboxLimits
  readonly #kept: KeptSession
  readonly #tag: string
  readonly #s: number
  readonly #failed: (error: EarshotError) => void
  #entries: Entry[] = []
  #size = 0
  #highest = 0
  /** So many, from the first on, are under way on this connection. */
  #underWay = 0

  /** @param failed hears what became of publishes whose page is gone, and their receipts with it */
  constructor(limits: OutboxLimits, kept: KeptSession, tag: string, s: number, failed: (error: EarshotError) => void) {
    this.#limits = limits
    this.#kept = kept
    this.#tag = tag
    this.#s = s
    this.#failed = failed
    this.adopt()
  }

  /** Takes in what other pages of this tab have left. */
  adopt(): void {
    const known = new Set(this.#entries.map(({ n }) => n))
    for (const stored of this.#kept.stored) {
      const text = stored.text && readdress(stored.text, this.#s)
      if (text === undefined || known.has(stored.n)) continue
      // A browser that crashed may bring back an older state of the storage: what is in it may have been sent.
      this.#entries.push({ ...stored, topic: '', sent: true, text, resolve: () => {}, reject: this.#failed })
      this.#size += text.length
    }
  }

  /** Up to this clock every outcome of this document's publishes is known. */
  get done(): number {
    const first = this.#entries.find(({ tag }) => tag === this.#tag)
    return first ? Math.min(first.clock - 1, this.#highest) : this.#highest
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0
  }

  /** Documents of former pages that still have something here. */
  get tags(): string[] {
    return [...new Set(this.#entries.map(({ tag }) => tag))].filter(tag => tag && tag !== this.#tag).slice(-7)
  }

  /** Takes a publish in; resolves when the relay has accepted it. Full: it rejects with `outbox-full`, and the rest is unharmed. */
  add(clock: number, text: string, topic: string): Promise<Accepted> {
    const { messages, size } = this.#limits
    if (this.#entries.length >= messages || (this.#size + text.length > size && this.#entries.length > 0)) {
      return Promise.reject(new EarshotError('outbox-full', 'Too many publishes wait for the relay: await receipts, or raise outbox', { topic }))
    }
    this.#size += text.length
    const stored = { tag: this.#tag, clock, text }
    const n = this.#kept.put(stored)
    return new Promise((resolve, reject) => this.#entries.push({ ...stored, n, topic, sent: false, resolve, reject }))
  }

  /** Another connection: everything is to be sent again. */
  reconnected(): void {
    this.#underWay = 0
    this.#doubt(({ text }) => !text)
  }

  /** Sends what was not sent on this connection, in order, as long as no more than `window` are under way. */
  send(limits: { readonly window: number; readonly frameLimit: number }, send: (text: string) => void): void {
    while (this.#underWay < Math.min(limits.window, this.#entries.length)) {
      const entry = this.#entries[this.#underWay++] as Entry
      entry.sent = true
      // How much the relay takes may not have been known when it was said.
      const error = tooLarge('message', entry.text.length, limits, entry.topic)
      if (error) this.settle(entry.tag, entry.clock, error)
      else send(entry.text)
    }
  }

  /** The relay has accepted a publish, or refused it. */
  settle(tag: string, clock: number, outcome: Accepted | EarshotError): void {
    if (tag === this.#tag) this.#highest = Math.max(this.#highest, clock)
    const at = this.#entries.findIndex(entry => entry.clock === clock && entry.tag === tag)
    const [entry] = at < 0 ? [] : this.#entries.splice(at, 1)
    if (!entry) return
    if (at < this.#underWay) this.#underWay--
    this.#size -= entry.text.length
    this.#kept.delete(entry.n)
    if (outcome instanceof EarshotError) entry.reject(outcome)
    else entry.resolve(outcome)
  }

  /** The page leaves, and may be back. */
  leave(): void {
    for (const entry of this.#entries) entry.left = true
  }

  /** It is back, and somebody else may have sent what it had: all of that, or what is not stored any more. */
  doubtLeft(isStored: (n: number) => boolean = () => false): void {
    this.#doubt(({ left, n }) => left === true && !isStored(n))
  }

  /** The relay has forgotten the session: what it may have accepted is unknown for ever. */
  forgotten(): void {
    this.#doubt(({ sent }) => sent)
  }

  /** Nothing will be sent any more. */
  end(error: EarshotError): void {
    this.forgotten()
    for (const { tag, clock } of [...this.#entries]) this.settle(tag, clock, error)
  }

  #doubt(isLost: (entry: Entry) => boolean): void {
    for (const { tag, clock } of this.#entries.filter(isLost)) {
      this.settle(tag, clock, new EarshotError('outcome-unknown', 'The relay has forgotten this session, or sessionStorage was full: it may have accepted the message or not'))
    }
  }

  /** Another tab has the id that this one had: what a former page left is that tab's to send. */
  disown(): void {
    for (const entry of this.#entries) if (entry.tag !== this.#tag) this.#size -= entry.text.length
    this.#entries = this.#entries.filter(({ tag }) => tag === this.#tag)
  }
}

/** A stored frame under the index that its session has now; `undefined` when somebody else wrote it. */
function readdress(text: string, s: number): string | undefined {
  try {
    const frame: unknown = JSON.parse(text)
    return typeof frame === 'object' && frame !== null ? JSON.stringify({ ...frame, s, done: undefined }) : undefined
  } catch {
    return undefined
  }
}
