import type { Engine } from '../engine/engine.ts'
import type { Attachment } from './attachment.ts'
import { catchUp, type CatchUpCounts } from './catch-up.ts'
import type { FanOut } from './fan-out.ts'
import type { Limits } from './limits.ts'
import type { Presences } from './presences.ts'

/** What a relay counts; readings rise until it ends. */
export interface RelayCounts extends CatchUpCounts {
  published: number
  refused: number
}

/** What handling frames needs of the relay. */
export interface Desk {
  readonly engine: Engine
  readonly limits: Limits
  readonly fanOut: FanOut
  readonly presences: Presences
  readonly counts: RelayCounts
  now(): number
  /** Starts the timing of a publish, if somebody wants to know; the result ends it. */
  readonly publishing: (() => (() => void) | undefined) | undefined
  /** Something failed that no client is to blame for. */
  failed(error: unknown): void
}

/** Goes on with catching up, if there is something to catch up with. */
export function resume(desk: Desk, attachment: Attachment): void {
  catchUp(attachment, desk.engine, desk.limits, desk.counts).catch((error: unknown) => desk.failed(error))
}
