type Task = () => void | Promise<void>

/** Runs tasks one after the other, at once while none of them has to wait. */
export class Lane {
  /** Of most nothing ever waits. */
  #waiting: [task: Task, size: number][] | undefined
  #held = 0
  #busy = false

  /** Tasks that wait. */
  get size(): number {
    return this.#waiting?.length ?? 0
  }

  /** What those that wait hold, by the sizes they were given. */
  get held(): number {
    return this.#held
  }

  run(task: Task, size = 0): void {
    if (!this.#busy) return this.#do(task)
    this.#waiting ??= []
    this.#waiting.push([task, size])
    this.#held += size
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = undefined
    this.#held = 0
  }

  /** Does a task, and what waits by then. */
  #do(first: Task): void {
    this.#busy = true
    for (let task: Task | undefined = first; task; task = this.#shift()) {
      const doing = task()
      if (!doing) continue
      void doing.finally(() => {
        const next = this.#shift()
        if (next) this.#do(next)
        else this.#busy = false
      })
      return
    }
    this.#busy = false
  }

  #shift(): Task | undefined {
    const [task, size] = this.#waiting?.shift() ?? [undefined, 0]
    this.#held -= size
    return task
  }
}
