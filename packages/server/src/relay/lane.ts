type Task = () => void | Promise<void>

/** Runs tasks one after the other, at once while none of them has to wait. */
export class Lane {
  readonly #waiting: [task: Task, size: number][] = []
  #held = 0
  #busy = false

  /** Tasks that wait. */
  get size(): number {
    return this.#waiting.length
  }

  /** What those that wait hold, by the sizes they were given. */
  get held(): number {
    return this.#held
  }

  run(task: Task, size = 0): void {
    this.#waiting.push([task, size])
    this.#held += size
    if (!this.#busy) this.#next()
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.length = this.#held = 0
  }

  #next(): void {
    this.#busy = true
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const [task, size] = next
      this.#held -= size
      const doing = task()
      if (doing) {
        void doing.finally(() => this.#next())
        return
      }
    }
    this.#busy = false
  }
}
