import type { Cancel } from './clock.ts'
import { checkFunction } from './errors.ts'

/** Runs a user's callback: when it throws, only `report` hears of it. */
export function attempt(callback: () => unknown, report: (error: unknown) => void): void {
  try {
    callback()
  } catch (error) {
    report(error)
  }
}

/** Who wants to hear of something. One that throws affects nobody. */
export class Listeners<Fact> {
  readonly #listeners = new Set<(fact: Fact) => void>()
  readonly #report: (error: unknown) => void

  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  /** The same function twice is two listeners, each with an end of its own. @throws `invalid-options` */
  add(listener: (fact: Fact) => void): Cancel {
    checkFunction('listener', listener)
    const own = (fact: Fact): void => listener(fact)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  /** Those that end meanwhile do not hear it any more, those that come do not yet. */
  tell(fact: Fact): void {
    for (const listener of [...this.#listeners]) if (this.#listeners.has(listener)) attempt(() => listener(fact), this.#report)
  }

  clear(): void {
    this.#listeners.clear()
  }
}
