import type { StorageLike } from '@earshot/core'
import { takenIn } from './taken.ts'

/** Sessions of unnamed id that a tab keeps over reloads, at most. */
const MAX_SLOTS = 64

/** What is written into a slot: whose session it is, and more. */
export interface Slotted {
  readonly userId: string | null
  /** The session is over but for what it had published. */
  readonly ending: boolean
}

/** Places in `sessionStorage`, one for each session of a tab, found again by the page that is loaded next. */
export class Slots {
  readonly #storage: StorageLike | null
  readonly #base: string
  /** By all hubs of this page. */
  readonly #taken: Set<string>

  constructor(storage: StorageLike | null, base: string) {
    this.#storage = storage
    this.#base = base
    this.#taken = takenIn(storage)
  }

  /** The place of a session: by its name, else where this tab kept one of the same user, else an empty one, else the first that is free. None if another hub of the page has it. */
  take(requestedId: string | undefined, userId: string | null): string | undefined {
    return this.#take(requestedId === undefined ? this.#find(userId) : `${this.#base}:session:${requestedId}`)
  }

  /** Takes a place that has no session any more, but still something to say for this user. */
  takeEnding(userId: string | null): string | undefined {
    return this.#take(this.#numbered().find(each => this.read(each, userId)?.['ending'] === true))
  }

  /** What is kept there, if it is of this user; its other fields are for the caller to check. */
  read(slot: string | undefined, userId: string | null): Record<string, unknown> | undefined {
    const saved = slot === undefined ? undefined : this.get(slot)
    if (typeof saved !== 'object' || saved === null) return undefined
    const fields = saved as Record<string, unknown>
    return (fields['userId'] ?? null) === userId ? fields : undefined
  }

  /** What is kept under a key, as it was written. */
  get(key: string): unknown {
    return guarded(() => JSON.parse(this.#storage?.getItem(key) ?? 'null') as unknown)
  }

  /**
   * Keeps something over a reload. Gives whether there was room for it; where there is no storage at all nothing is to be kept.
   * @param room characters that it takes at least, so that it may be replaced by something longer when the storage is full
   */
  set(key: string | undefined, value: unknown, room = 0): boolean {
    const write = (): true => {
      if (key !== undefined) this.#storage?.setItem(key, JSON.stringify(value).padEnd(room))
      return true
    }
    return guarded(write) ?? false
  }

  delete(key: string): void {
    guarded(() => this.#storage?.removeItem(key))
  }

  /** Empties a session's place. */
  free(slot: string | undefined): void {
    if (slot === undefined) return
    this.#taken.delete(slot)
    this.delete(slot)
  }

  #take(slot: string | undefined): string | undefined {
    if (slot === undefined || this.#taken.has(slot)) return undefined
    this.#taken.add(slot)
    return slot
  }

  #find(userId: string | null): string | undefined {
    const slots = this.#numbered()
    const isKept = (slot: string): boolean => (this.read(slot, userId)?.['ending'] ?? true) === false
    return slots.find(isKept) ?? slots.find(slot => this.get(slot) === null) ?? slots[0]
  }

  #numbered(): string[] {
    return Array.from({ length: MAX_SLOTS }, (_, number) => `${this.#base}:session:${number}`).filter(slot => !this.#taken.has(slot))
  }
}

function guarded<T>(access: () => T): T | undefined {
  try {
    return access()
  } catch {
    return undefined
  }
}
