import type { Clock } from '@earshot/core'
import type { Engine } from '../engine/engine.ts'
import type { Authorize } from './access.ts'
import type { Identity } from './identity.ts'
import type { Limits } from './limits.ts'
import type { Defer } from './outbound.ts'

/** What a relay's inner part needs of its surroundings. */
export interface CoreOptions {
  readonly engine: Engine
  readonly limits: Limits
  readonly clock: Clock
  readonly random: () => number
  /** Signs what clients keep of their sessions' ids. */
  readonly secret?: string | undefined
  readonly defer: Defer
  readonly authorize: Authorize | undefined
  /** Looks a token up; rejects with `unauthorized` or `forbidden`. */
  identify(request: unknown, token: string | undefined): Promise<Identity>
  /** Starts the timing of a publish; the result ends it. */
  readonly publishing?: () => (() => void) | undefined
  /** Something failed that no client is to blame for. */
  readonly failed: (error: unknown) => void
}
