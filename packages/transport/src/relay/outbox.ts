import { EarshotError } from '@earshot/core'

/** What a kept publish waits for. */
export interface Accepted {
  readonly offset: number
}

interface Entry {
  readonly tag: string
  readonly clock: number
  /** The encoded frame. */
  readonly text: string
  /** Whether the relay may have got it. */
  sent: boolean
  resolve(accepted: Accepted): void
  reject(error: EarshotError): void
}

/** Bounds of what waits to be accepted. */
export interface OutboxLimits {
  readonly messages: number
  /** Characters of encoded frames. */
  readonly size: number
}

/** The kept publishes of one session that are not accepted yet, in order. */
export class Outbox {
  readonly #limits: OutboxLimits
  #entries: Entry[] = []
  #size = 0
  #highest = 0

  constructor(limits: OutboxLimits) {
    this.#limits = limits
  }

  /** Up to this clock every outcome is known. */
  get done(): number {
    const [first] = this.#entries
    return first ? Math.min(first.clock - 1, this.#highest) : this.#highest
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0
  }

  /** Takes a publish in; resolves when the relay has accepted it. Full: it rejects with `outbox-full`, and the rest is unharmed. */
  add(tag: string, clock: number, text: string, topic: string): Promise<Accepted> {
    const { messages, size } = this.#limits
    if (this.#entries.length >= messages || (this.#size + text.length > size && this.#entries.length > 0)) {
      return Promise.reject(new EarshotError('outbox-full', 'Too many publishes wait for the relay: await receipts, or raise outbox', { topic }))
    }
    this.#size += text.length
    return new Promise((resolve, reject) => this.#entries.push({ tag, clock, text, sent: false, resolve, reject }))
  }

  /** The frames to be sent now: those that were not, or – on a new connection – all. */
  send(again: boolean, send: (text: string) => void): void {
    for (const entry of this.#entries) {
      if (entry.sent && !again) continue
      entry.sent = true
      send(entry.text)
    }
  }

  /** The relay has accepted a publish, or refused it. */
  settle(tag: string, clock: number, outcome: Accepted | EarshotError): void {
    const at = this.#entries.findIndex(entry => entry.clock === clock && entry.tag === tag)
    const [entry] = at < 0 ? [] : this.#entries.splice(at, 1)
    this.#highest = Math.max(this.#highest, clock)
    if (!entry) return
    this.#size -= entry.text.length
    if (outcome instanceof EarshotError) entry.reject(outcome)
    else entry.resolve(outcome)
  }

  /** The relay has forgotten the session: what it may have accepted is unknown for ever. */
  forgotten(): void {
    for (const { tag, clock, sent } of [...this.#entries]) {
      if (sent) this.settle(tag, clock, new EarshotError('outcome-unknown', 'The relay has forgotten this session: it may have accepted the message or not'))
    }
  }

  /** Nothing will be sent any more. */
  end(error: EarshotError): void {
    this.forgotten()
    for (const { tag, clock } of [...this.#entries]) this.settle(tag, clock, error)
  }
}
