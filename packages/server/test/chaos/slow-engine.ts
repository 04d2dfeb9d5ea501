import type { Clock } from '@earshot/core'
import type { Engine, LogEntry, LogPage, Loss, LossRequest, PageRequest, PastRequest, Publication } from '../../src/index.ts'

/** A log that is far away: each answer is made at once or later, and takes its time. */
export class SlowEngine implements Engine {
  readonly #inner: Engine
  readonly #clock: Clock
  readonly #delay: () => number
  #isOver = false

  constructor(inner: Engine, clock: Clock, delay: () => number) {
    this.#inner = inner
    this.#clock = clock
    this.#delay = delay
  }

  /** The same log for the next relay: what this one had asked for comes to nothing. */
  next(): SlowEngine {
    this.#isOver = true
    return new SlowEngine(this.#inner, this.#clock, this.#delay)
  }

  get epoch(): string {
    return this.#inner.epoch
  }

  get head(): number {
    return this.#inner.head
  }

  connect(...told: Parameters<Engine['connect']>): void {
    this.#inner.connect(...told)
  }

  async append(publication: Publication): Promise<LogEntry> {
    await this.#wait()
    return this.#later(await this.#inner.append(publication))
  }

  pass(publication: Publication): void {
    this.#inner.pass(publication)
  }

  async page(request: PageRequest): Promise<LogPage> {
    return this.#later(await this.#inner.page(request))
  }

  async past(request: PastRequest): Promise<readonly LogEntry[]> {
    return this.#later(await this.#inner.past(request))
  }

  async lost(request: LossRequest): Promise<readonly Loss[]> {
    return this.#later(await this.#inner.lost(request))
  }

  close(): void {
    void this.#inner.close()
  }

  async #later<T>(answer: T): Promise<T> {
    await this.#wait()
    return answer
  }

  #wait(): Promise<void> {
    return new Promise(resolve => this.#clock.after(this.#delay(), () => this.#isOver || resolve()))
  }
}
