import { EarshotError } from './errors.ts'

/** What users hold and close: it ends once, by itself or with its owner. */
export abstract class Handle<Reason = unknown> {
  closed = false
  readonly #name: string
  readonly #owner: Set<Handle>

  constructor(name: string, owner: Set<Handle>) {
    this.#name = name
    this.#owner = owner.add(this as Handle)
  }

  /** @throws `session-closed` */
  check(): void {
    if (this.closed) throw new EarshotError('session-closed', 'closed', { name: this.#name })
  }

  close(reason?: Reason): void {
    if (this.closed) return
    this.closed = true
    this.#owner.delete(this as Handle)
    this.end(reason)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Ends what the handle started; called once. */
  protected abstract end(reason: Reason | undefined): void
}
