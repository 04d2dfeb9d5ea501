import type { StorageLike } from '@earshot/core'

/** Sessions of unnamed id that a tab keeps over reloads, at most. */
const MAX_SLOTS = 64

/** Places in `sessionStorage`, one for each session of a tab, found again by the page that is loaded next. */
export class Slots {
  readonly #storage: StorageLike | null
  readonly #base: string
  readonly #taken = new Set<string>()

  constructor(storage: StorageLike | null, base: string) {
    this.#storage = storage
    this.#base = base
  }

  /** The place of a session: by its name, else where this tab kept one of the same user, else an empty one, else the first that is free. */
  take(requestedId: string | undefined, userId: string | null): string | undefined {
    const slot = requestedId === undefined ? this.#find(userId) : `${this.#base}:session:${requestedId}`
    if (slot !== undefined) this.#taken.add(slot)
    return slot
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

  /** Storage that is full or denied only means that this is not kept over a reload. */
  set(key: string | undefined, value: unknown): void {
    if (key !== undefined) guarded(() => this.#storage?.setItem(key, JSON.stringify(value)))
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

  #find(userId: string | null): string | undefined {
    const slots = Array.from({ length: MAX_SLOTS }, (_, number) => `${this.#base}:session:${number}`).filter(slot => !this.#taken.has(slot))
    return slots.find(slot => this.read(slot, userId)) ?? slots.find(slot => this.get(slot) === null) ?? slots[0]
  }
}

function guarded<T>(access: () => T): T | undefined {
  try {
    return access()
  } catch {
    return undefined
  }
}
