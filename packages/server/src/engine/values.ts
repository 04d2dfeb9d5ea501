import type { LogEntry } from './engine.ts'

/** What is kept of values. */
export interface ValueBounds {
  readonly retained: number
  readonly retainedSize: number
  /** Part of both that one publisher may use up. */
  readonly share: number
}

/** An entry of the log, with what it counts. */
interface Sized extends LogEntry {
  readonly size: number
}

interface Value {
  readonly entry: Sized
  readonly publisher: string | undefined
}

/** What one publisher, or everybody, has among the values. */
interface Part {
  size: number
  /** The oldest first. */
  readonly topics: Set<string>
}

/** The last value of each topic that has one. Of too many the oldest go: those of whoever has more than a share, then those of all. */
export class Values {
  readonly #bounds: ValueBounds
  readonly #values = new Map<string, Value>()
  readonly #all: Part = { size: 0, topics: new Set() }
  readonly #parts = new Map<string, Part>()

  constructor(bounds: ValueBounds) {
    this.#bounds = bounds
  }

  get(topic: string): LogEntry | undefined {
    return this.#values.get(topic)?.entry
  }

  set(entry: Sized, publisher: string | undefined): void {
    const { retained, retainedSize, share } = this.#bounds
    this.#forget(entry.topic)
    this.#values.set(entry.topic, { entry, publisher })
    count(this.#all, entry)
    if (publisher !== undefined) {
      const part = this.#parts.get(publisher) ?? { size: 0, topics: new Set() }
      this.#parts.set(publisher, part)
      count(part, entry)
      this.#keep(part, Math.max(retained * share, 1), retainedSize * share)
    }
    this.#keep(this.#all, retained, retainedSize)
  }

  #keep(part: Part, most: number, size: number): void {
    for (const topic of part.topics) {
      if (part.topics.size <= most && part.size <= size) return
      this.#forget(topic)
    }
  }

  #forget(topic: string): void {
    const value = this.#values.get(topic)
    if (!value) return
    this.#values.delete(topic)
    const { entry, publisher } = value
    discount(this.#all, entry)
    const part = publisher === undefined ? undefined : this.#parts.get(publisher)
    if (part && discount(part, entry)) this.#parts.delete(publisher ?? '')
  }
}

function count(part: Part, { topic, size }: Sized): void {
  part.size += size
  part.topics.add(topic)
}

/** Whether nothing is left. */
function discount(part: Part, { topic, size }: Sized): boolean {
  part.size -= size
  part.topics.delete(topic)
  return part.topics.size === 0
}
