/** Something to do at a time. */
export interface Task {
  /** When, in milliseconds. */
  readonly due: number
  readonly order: number
  readonly run: () => void
  cancelled: boolean
}

/** Tasks by time; those of one time in the order in which they were added. A binary heap. */
export class TaskQueue {
  readonly #heap: Task[] = []
  #added = 0

  add(due: number, run: () => void): Task {
    const task: Task = { due, order: this.#added++, run, cancelled: false }
    this.#heap.push(task)
    this.#rise(this.#heap.length - 1)
    return task
  }

  /** Takes out the first task that is due at `time`, if there is one. */
  take(time: number): Task | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || (!first.cancelled && first.due > time)) return undefined
      const last = this.#heap.pop() as Task
      if (last !== first) {
        this.#heap[0] = last
        this.#sink()
      }
      if (!first.cancelled) return first
    }
  }

  #rise(start: number): void {
    const heap = this.#heap
    const task = heap[start] as Task
    let index = start
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent] as Task
      if (!isBefore(task, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = task
  }

  #sink(): void {
    const heap = this.#heap
    const task = heap[0] as Task
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Task, heap[child] as Task)) child += 1
      if (!isBefore(heap[child] as Task, task)) break
      heap[index] = heap[child] as Task
      index = child
    }
    heap[index] = task
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order)
}
