import type { Defer } from '../relay/outbound.ts'

/** Work that is done in parts: between them others may have their turn. */
export type Work<T> = Generator<undefined, T, undefined>

/** What is looked at until others have their turn, whoever has asked. */
const PORTION = 5000

/** Lets no work keep everybody else from theirs: what is long is done in parts, the parts of all that is asked for one after the other. */
export class Turns {
  #defer: Defer
  #left = PORTION
  #waiting: (() => boolean)[] = []

  constructor(defer: Defer) {
    this.#defer = defer
  }

  /** Runs tasks when others have had their turn; also what waits by now, since whoever ran them before may be gone. */
  use(defer: Defer): void {
    this.#defer = defer
    if (this.#waiting.length > 0) this.#defer(() => this.#go())
  }

  /** Something was looked at. */
  spend(looks: number): void {
    this.#left -= looks
  }

  /** Does work at once as long as something is left of this turn, and the rest later. */
  run<T>(work: Work<T>): T | Promise<T> {
    while (this.#left > 0) {
      const { done, value } = work.next()
      if (done) return value
    }
    return this.#wait(() => work.next())
  }

  /** Does what is short in its turn, in one part. */
  once<T>(task: () => T): T | Promise<T> {
    return this.#left > 0 ? task() : this.#wait(() => ({ done: true, value: task() }))
  }

  /** As `run`, but the first part is done in any case: so what is short needs no turn, and is counted nevertheless. */
  begin<T>(work: Work<T>): T | Promise<T> {
    const { done, value } = work.next()
    return done ? value : this.run(work)
  }

  #wait<T>(part: () => IteratorResult<undefined, T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const go = (): boolean => {
        try {
          const { done, value } = part()
          if (done) resolve(value)
          return done === true
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
          return true
        }
      }
      if (this.#waiting.push(go) === 1) this.#defer(() => this.#go())
    })
  }

  #go(): void {
    this.#left = PORTION
    while (this.#left > 0) {
      const go = this.#waiting.shift()
      if (!go) return
      // A part counts even if nothing was looked at.
      this.#left--
      if (!go()) this.#waiting.push(go)
    }
    if (this.#waiting.length > 0) this.#defer(() => this.#go())
  }
}
