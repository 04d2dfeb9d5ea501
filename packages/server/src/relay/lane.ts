/** Runs tasks one after the other, at once while none of them has to wait. */
export class Lane {
  readonly #waiting: (() => void | Promise<void>)[] = []
  #busy = false

  /** Tasks that wait. */
  get size(): number {
    return this.#waiting.length
  }

  run(task: () => void | Promise<void>): void {
    this.#waiting.push(task)
    if (!this.#busy) this.#next()
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.length = 0
  }

  #next(): void {
    this.#busy = true
    for (let task = this.#waiting.shift(); task; task = this.#waiting.shift()) {
      const doing = task()
      if (doing) {
        void doing.finally(() => this.#next())
        return
      }
    }
    this.#busy = false
  }
}
