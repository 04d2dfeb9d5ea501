/** A map that mostly has one entry, or none: then it holds no table, which would weigh more than what is in it. */
export class SmallMap<Key, Value extends object> {
  #key: Key | undefined
  #value: Value | undefined
  /** All entries, as soon as there have been two. */
  #table: Map<Key, Value> | undefined

  get size(): number {
    return this.#table?.size ?? (this.#value ? 1 : 0)
  }

  get(key: Key): Value | undefined {
    if (this.#table) return this.#table.get(key)
    return key === this.#key ? this.#value : undefined
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined
  }

  set(key: Key, value: Value): void {
    if (!this.#table && this.#value && key !== this.#key) {
      this.#table = new Map(this.entries())
      this.#key = this.#value = undefined
    }
    if (this.#table) this.#table.set(key, value)
    else [this.#key, this.#value] = [key, value]
  }

  /** Whether there was one. */
  delete(key: Key): boolean {
    if (this.#table) return this.#table.delete(key)
    if (!this.has(key)) return false
    this.#key = this.#value = undefined
    return true
  }

  /** Pairs in the order of a `Map`. What is set and deleted meanwhile may be among them or not. */
  entries(): Iterable<[Key, Value]> {
    return this.#table ?? (this.#value ? [[this.#key as Key, this.#value]] : [])
  }

  keys(): Iterable<Key> {
    return this.#table?.keys() ?? (this.#value ? [this.#key as Key] : [])
  }

  values(): Iterable<Value> {
    return this.#table?.values() ?? (this.#value ? [this.#value] : [])
  }
}
