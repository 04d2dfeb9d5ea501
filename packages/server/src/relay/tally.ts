/** How many there are of each name; nobody in particular is not counted. */
export class Tally {
  readonly #counts = new Map<string, number>()

  /** Names of which there are any. */
  get size(): number {
    return this.#counts.size
  }

  of(name: string | null): number {
    return (name !== null && this.#counts.get(name)) || 0
  }

  count(name: string | null, more: 1 | -1): void {
    if (name === null) return
    const count = this.of(name) + more
    if (count > 0) this.#counts.set(name, count)
    else this.#counts.delete(name)
  }
}
