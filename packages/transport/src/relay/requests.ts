import { EarshotError } from '@earshot/core'
import type { CountFrame, HistoryFrame, OccupancyFrame, PastFrame } from '@earshot/core/protocol'
import type { SessionFrame } from './wire.ts'

type Answer = PastFrame | CountFrame
type Asked = Omit<HistoryFrame, 's' | 'q'> | Omit<OccupancyFrame, 's' | 'q'>

interface Pending {
  readonly asked: Asked
  /** Index of the session that asks. */
  s: number
  resolve(answer: Answer): void
  reject(error: EarshotError): void
}

/** Questions that wait for an answer at once, at most. */
const MAX_PENDING = 1000

/** Questions to the relay. Those that a cut left open are asked again. */
export class Requests {
  readonly #pending = new Map<number, Pending>()
  #count = 0

  /** Asks for the session of index `s`, as soon as `say` is given; resolves with the answer. */
  ask(asked: Asked, say: ((frame: SessionFrame) => void) | undefined, s: number): Promise<Answer> {
    if (this.#pending.size >= MAX_PENDING) return Promise.reject(new EarshotError('not-connected', 'Too many questions wait for the relay: ask fewer while it is away'))
    const q = ++this.#count
    say?.({ ...asked, s, q })
    return new Promise((resolve, reject) => this.#pending.set(q, { asked, s, resolve, reject }))
  }

  /** Asks again what a session has asked and was not answered. */
  repeat(say: (frame: SessionFrame) => void, s: number): void {
    for (const [q, pending] of this.#pending) if (pending.s === s) say({ ...pending.asked, s, q })
  }

  /** Whether a session waits for an answer. */
  has(s: number): boolean {
    return [...this.#pending.values()].some(pending => pending.s === s)
  }

  /** A session ended: another one asks from now on. */
  move(from: number, to: number, say: ((frame: SessionFrame) => void) | undefined): void {
    for (const [q, pending] of this.#pending) {
      if (pending.s !== from) continue
      pending.s = to
      say?.({ ...pending.asked, s: to, q })
    }
  }

  answer(q: number, answer: Answer | EarshotError): void {
    const pending = this.#pending.get(q)
    this.#pending.delete(q)
    if (answer instanceof EarshotError) pending?.reject(answer)
    else pending?.resolve(answer)
  }

  /** Nothing will be answered any more. */
  end(error: EarshotError): void {
    for (const q of [...this.#pending.keys()]) this.answer(q, error)
  }
}
