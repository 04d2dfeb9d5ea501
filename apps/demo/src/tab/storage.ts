import type { StorageLike } from '@earshot/core'

/** What a tab keeps over reloads. Frames of one page share their sessionStorage: each pane has keys of its own. */
export function paneStorage(pane: string): StorageLike {
  const prefix = pane === '' ? '' : `${pane}:`
  return {
    getItem: key => guarded(() => sessionStorage.getItem(prefix + key)),
    setItem: (key, value) => void guarded(() => sessionStorage.setItem(prefix + key, value)),
    removeItem: key => void guarded(() => sessionStorage.removeItem(prefix + key)),
  }
}

/** Storage may be denied or full: then nothing is kept, and the demo works all the same. */
export function guarded<T>(access: () => T): T | null {
  try {
    return access()
  } catch {
    return null
  }
}
