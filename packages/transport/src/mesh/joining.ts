import type { Clock, LocksLike } from '@earshot/core'
import { promptly } from '../page/promptly.ts'

/** The tabs that hold a lock now and will welcome a newcomer; nothing where that cannot be known. */
export async function expectedTabs(locks: LocksLike | null, prefix: string): Promise<string[] | undefined> {
  if (!locks) return undefined
  try {
    const { held = [] } = await locks.query()
    return held.flatMap(({ name }) => (name?.startsWith(prefix) ? name.slice(prefix.length) : []))
  } catch {
    return undefined // third-party frames of Firefox may request locks but not list them
  }
}

/** Those who wait for something to be true of the siblings. */
export class Waiting {
  readonly #clock: Clock
  readonly #looks = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when `done`, or after `limit` milliseconds. */
  until(done: () => boolean, limit: number): Promise<void> {
    return new Promise(resolve => {
      const end = (): void => {
        cancel()
        this.#looks.delete(look)
        resolve()
      }
      const look = (): void => {
        if (done()) end()
      }
      const cancel = promptly(this.#clock, limit, end)
      this.#looks.add(look)
      look()
    })
  }

  /** Something changed: everybody looks again. */
  changed(): void {
    for (const look of [...this.#looks]) look()
  }
}
