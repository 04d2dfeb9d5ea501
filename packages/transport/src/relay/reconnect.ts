import type { Cancel, PageEvent } from '@earshot/core'
import type { FullEnvironment } from '../page/environment.ts'
import { retryDelay } from './back-off.ts'

/** A connection that held for so long begins the count of attempts anew, in milliseconds. */
const STABLE = 5000

/** What the page's life asks of the connection. */
export interface ReconnectHost {
  /** Try now. */
  connect(): void
  /** The page is leaving or freezing: say goodbye as one who may be back at once, and let go of everything. */
  release(): void
}

/** Decides when to connect again: by back-off, and at once when the page has reason to hope. */
export class Reconnect {
  readonly #env: FullEnvironment
  readonly #host: ReconnectHost
  readonly #listeners: [PageEvent, () => void][]
  #attempt = 0
  #waiting: Cancel | undefined
  #stable: Cancel | undefined
  #isAway = false

  constructor(env: FullEnvironment, host: ReconnectHost) {
    this.#env = env
    this.#host = host
    const back = (): void => {
      if (!this.#isAway) return
      this.#isAway = false
      host.connect()
    }
    const leave = (): void => {
      this.#isAway = true
      this.stop()
      host.release()
    }
    this.#listeners = [
      ['online', () => this.now()],
      ['visibilitychange', () => env.page?.document.visibilityState === 'visible' && this.now()],
      ['pageshow', back],
      ['resume', back],
      ['pagehide', leave],
      ['freeze', leave],
    ]
    for (const [event, listener] of this.#listeners) env.page?.addEventListener(event, listener, true)
  }

  /** Attempts that failed since the last connection that held. */
  get attempt(): number {
    return this.#attempt
  }

  /** The connection works; it counts when it goes on doing so. */
  connected(): void {
    this.#stable = this.#env.clock.after(STABLE, () => {
      this.#attempt = 0
    })
  }

  /** Tries again after a while; gives when that is, in wall-clock milliseconds, or nothing while the page is away. */
  later(spread?: number): number | undefined {
    const { clock, random } = this.#env
    this.stop()
    if (this.#isAway) return undefined
    const wait = retryDelay({ attempt: this.#attempt++, spread, random })
    this.#waiting = clock.after(wait, () => {
      this.#waiting = undefined
      this.#host.connect()
    })
    return clock.now() + wait
  }

  /** Tries now if it is waiting at all. */
  now(): void {
    if (!this.#waiting) return
    this.stop()
    this.#host.connect()
  }

  stop(): void {
    this.#waiting?.()
    this.#waiting = undefined
    this.#stable?.()
    this.#stable = undefined
  }

  close(): void {
    this.stop()
    for (const [event, listener] of this.#listeners) this.#env.page?.removeEventListener(event, listener, true)
  }
}
