import { type Environment, systemClock, systemRandom } from '@earshot/core'

/** Every part of the surroundings, found or known to be missing. */
export type FullEnvironment = { [Part in keyof Environment]-?: Exclude<Environment[Part], undefined> }

/** Takes what the options name, else what the platform has. Nothing is touched before the call. */
export function environment(options: Environment): FullEnvironment {
  const { clock = systemClock, random = systemRandom } = options
  // Node has a BroadcastChannel too, but no tabs: on a server there is nobody to talk to.
  const browser = typeof document !== 'undefined' || 'WorkerGlobalScope' in globalThis
  return {
    clock,
    random,
    BroadcastChannel: part(options.BroadcastChannel, () => (browser ? platformChannel() : null)),
    locks: part(options.locks, () => (browser ? (navigator.locks as LockManager | undefined) : null)),
    sessionStorage: part(options.sessionStorage, () => (browser ? globalThis.sessionStorage : null)),
    page: part(options.page, () => (typeof document === 'undefined' ? null : window)),
  }
}

/** A denied part throws when it is looked at (sessionStorage in sandboxed frames): it counts as missing. */
function part<T>(given: T | null | undefined, platform: () => T | null | undefined): T | null {
  if (given !== undefined) return given
  try {
    return platform() ?? null
  } catch {
    return null
  }
}

/** The platform's handlers ask for a whole MessageEvent: ours read only `data`, which the compiler cannot know to be enough. */
function platformChannel(): Environment['BroadcastChannel'] {
  return globalThis.BroadcastChannel as unknown as Environment['BroadcastChannel']
}
