import type { StorageLike } from '@earshot/core'

const taken = new WeakMap<StorageLike, Set<string>>()

/** Places in a page's storage that its hubs have taken. The storage is all that two hubs of one page have in common: without this they would take one place, and each other's session. */
export function takenIn(storage: StorageLike | null): Set<string> {
  const known = storage ? taken.get(storage) : undefined
  const places = known ?? new Set<string>()
  if (storage) taken.set(storage, places)
  return places
}
