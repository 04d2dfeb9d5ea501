import type { Clock } from '@earshot/core'
import type { Engine } from '../engine/engine.ts'
import type { Authorize } from './access.ts'
import type { Identity } from './identity.ts'
import { type Limits, limitsOf } from './limits.ts'
import type { Defer } from './outbound.ts'
import { RelayCore } from './relay-core.ts'

/** What a relay is made of, whatever carries its frames; `Request` is what a connection comes with. */
export interface Makings<Request> {
  readonly engine: Engine
  readonly clock: Clock
  readonly random: () => number
  /** Signs what clients keep of their sessions' ids. @default nothing is signed */
  readonly secret?: string | undefined
  readonly limits?: Partial<Limits> | undefined
  /** @default everybody is nobody in particular */
  readonly authenticate?: ((request: Request, token: string | undefined) => Identity | Promise<Identity>) | undefined
  /** Starts the timing of a publish, if somebody wants to know; the result ends it. */
  readonly publishing?: (() => (() => void) | undefined) | undefined
  readonly authorize?: Authorize | undefined
  readonly onError: (error: unknown) => void
  readonly defer: Defer
}

/** Makes the inner part of a relay: behind sockets, and behind those of a test. */
export function coreOf<Request>({ limits, authenticate, publishing, authorize, onError, ...rest }: Makings<Request>): RelayCore {
  return new RelayCore({
    ...rest,
    limits: limitsOf(limits),
    authorize,
    // Whoever opens a connection hands in what it came with: it comes back as it was.
    identify: async (request, token) => (authenticate ? authenticate(request as Request, token) : { userId: null }),
    ...(publishing && { publishing }),
    failed: onError,
  })
}
