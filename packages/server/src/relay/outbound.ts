/** Runs a task after what is going on now: everything said until then leaves in one piece. */
export type Defer = (task: () => void) => void

/** Somebody to whom lines are said: what was said in this turn waits with it. */
export interface Hearer {
  said: Batch | undefined
  /** Sends what was said. */
  send(text: string): void
}

/** What is said to somebody in one turn: lines after lines. Those who are told the same share it, so that it is joined once. */
export class Batch {
  readonly #before: Batch | undefined
  readonly #line: string
  /** The same with one line more: most are told the same next line, hence the one that was asked for last. */
  #next: Batch | undefined
  #others: Map<string, Batch> | undefined
  #text: string | undefined

  constructor(line: string, before?: Batch) {
    this.#line = line
    this.#before = before
  }

  with(line: string): Batch {
    const latest = this.#next
    if (latest && latest.#line === line) return latest
    this.#others ??= new Map()
    let next = this.#others.get(line)
    if (!next) this.#others.set(line, (next = new Batch(line, this)))
    return (this.#next = next)
  }

  get text(): string {
    if (this.#text !== undefined) return this.#text
    const lines = [this.#line]
    // The first of all is the beginning of the turn, and says nothing.
    for (let batch = this.#before; batch && batch.#before; batch = batch.#before) lines.push(batch.#line)
    return (this.#text = lines.reverse().join('\n'))
  }
}

/** Gathers what a relay says in one turn, for all its connections. */
export class Outbound {
  readonly #defer: Defer
  #hearers: Hearer[] = []
  #start = new Batch('')

  constructor(defer: Defer) {
    this.#defer = defer
  }

  /** Says one line at the end of this turn. */
  write(hearer: Hearer, line: string): void {
    if (hearer.said) {
      hearer.said = hearer.said.with(line)
      return
    }
    hearer.said = this.#start.with(line)
    if (this.#hearers.push(hearer) === 1) this.#defer(() => this.#flushAll())
  }

  /** Sends now what one was told. */
  flush(hearer: Hearer): void {
    const { said } = hearer
    hearer.said = undefined
    if (said) hearer.send(said.text)
  }

  #flushAll(): void {
    const hearers = this.#hearers
    this.#hearers = []
    this.#start = new Batch('')
    for (const hearer of hearers) this.flush(hearer)
  }
}
