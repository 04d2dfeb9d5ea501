import type { StorageLike } from '../base/environment.ts'
import type { FakeAgent } from './fake-agent.ts'

/** One page's view of its tab's session storage; what a dead page writes is lost. */
export function fakeStorage(entries: Map<string, string>, agent: FakeAgent): StorageLike {
  return {
    getItem: key => entries.get(key) ?? null,
    setItem(key, value) {
      if (agent.canAct) entries.set(key, String(value))
    },
    removeItem(key) {
      if (agent.canAct) entries.delete(key)
    },
  }
}
