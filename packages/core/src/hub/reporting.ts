import { createNanoEvents, type Emitter } from 'nanoevents'
import type { Cancel } from '../base/clock.ts'
import { checkFunction, checkOption, EarshotError, isEarshotError } from '../base/errors.ts'
import { attempt } from '../base/listeners.ts'
import type { HubMessage } from '../delivery/message.ts'
import type { Subscription } from '../delivery/subscription.ts'
import type { Drop } from './drops.ts'
import type { Gap, HubStatus } from './transport.ts'

/** What a hub tells of itself. */
export interface HubEvents {
  status: (status: HubStatus) => void
  subscribed: (event: { pattern: string; count: number }) => void
  unsubscribed: (event: { pattern: string; count: number }) => void
  /** Messages were dropped: at most one report per topic per ten seconds. */
  drop: (drop: Drop) => void
  gap: (gap: Gap) => void
  error: (error: EarshotError) => void
}

const EVENTS = ['status', 'subscribed', 'unsubscribed', 'drop', 'gap', 'error']

declare const reportError: ((error: unknown) => void) | undefined

/** What a hub tells, and to whom: its events and its errors. */
export class Reporting {
  readonly #events: Emitter<HubEvents> = createNanoEvents<HubEvents>()
  readonly #onError: ((error: EarshotError) => void) | undefined

  constructor(onError: ((error: EarshotError) => void) | undefined) {
    this.#onError = onError
  }

  on<Name extends keyof HubEvents>(event: Name, listener: HubEvents[Name]): Cancel {
    checkOption(EVENTS.includes(event), 'event', event, 'no-choice', EVENTS)
    checkFunction('listener', listener)
    return this.#events.on(event, listener)
  }

  /** Calls the listeners of an event; one that throws affects nobody. */
  tell<Name extends keyof HubEvents>(event: Name, fact: Parameters<HubEvents[Name]>[0], report: (error: unknown) => void = this.report): void {
    for (const listener of [...(this.#events.events[event] ?? [])] as ((told: unknown) => void)[]) attempt(() => listener(fact), report)
  }

  /** Hands an error to whoever listens, else to the platform: never into nothing. Bound, since many keep it. */
  readonly report = (cause: unknown): void => {
    const error = isEarshotError(cause) ? cause : new EarshotError('listener-failed', 'callback', {}, cause)
    const onError = this.#onError ?? (this.#events.events.error?.length ? undefined : toPlatform)
    this.tell('error', error, toPlatform)
    if (onError) attempt(() => onError(error), toPlatform)
  }

  failed(cause: unknown, { topic }: HubMessage, subscription: Subscription): void {
    this.report(new EarshotError('listener-failed', 'listener', { topic, subscription }, cause))
  }
}

function toPlatform(error: unknown): void {
  if (typeof reportError === 'function') reportError(error)
  else console.error(error)
}
