/** How many there are of each name; nobody in particular is not counted. */
export class Tally {
  #counts: Map<string, number> | undefined

  /** Names of which there are any. */
  get size(): number {
    return this.#counts?.size ?? 0
  }

  of(name: string | null): number {
    return (name !== null && this.#counts?.get(name)) || 0
  }

  count(name: string | null, more: 1 | -1): void {
    if (name === null) return
    const count = this.of(name) + more
    if (count <= 0) this.#counts?.delete(name)
    else (this.#counts ??= new Map()).set(name, count)
  }
}
