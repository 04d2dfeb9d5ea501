/** Runs a task after what is going on now: everything said until then leaves in one piece. */
export type Defer = (task: () => void) => void

/** What is said to somebody in one turn: lines after lines. Those who are told the same share it, so that it is joined once. */
class Batch {
  readonly #before: Batch | undefined
  readonly #line: string
  #next: Map<string, Batch> | undefined
  #text: string | undefined

  constructor(line: string, before?: Batch) {
    this.#line = line
    this.#before = before
  }

  /** The same with one line more. */
  with(line: string): Batch {
    this.#next ??= new Map()
    let next = this.#next.get(line)
    if (!next) this.#next.set(line, (next = new Batch(line, this)))
    return next
  }

  get text(): string {
    if (this.#text !== undefined) return this.#text
    const lines = [this.#line]
    for (let batch = this.#before; batch; batch = batch.#before) lines.push(batch.#line)
    return (this.#text = lines.reverse().join('\n'))
  }
}

/** Gathers what a relay says in one turn, for all its connections. */
export class Outbound {
  readonly #defer: Defer
  /** What each was told in this turn, after the first line. */
  #said = new Map<(text: string) => void, Batch>()
  #first = new Map<string, Batch>()

  constructor(defer: Defer) {
    this.#defer = defer
  }

  /** Says one line through `send` at the end of this turn. */
  write(send: (text: string) => void, line: string): void {
    if (this.#said.size === 0) this.#defer(() => this.#flushAll())
    const said = this.#said.get(send)
    this.#said.set(send, said ? said.with(line) : this.#begin(line))
  }

  /** Sends now what one was told. */
  flush(send: (text: string) => void): void {
    const said = this.#said.get(send)
    if (!said) return
    this.#said.delete(send)
    send(said.text)
  }

  #begin(line: string): Batch {
    let batch = this.#first.get(line)
    if (!batch) this.#first.set(line, (batch = new Batch(line)))
    return batch
  }

  #flushAll(): void {
    const said = this.#said
    this.#said = new Map()
    this.#first = new Map()
    for (const [send, batch] of said) send(batch.text)
  }
}
