import { SmallMap } from './small-map.ts'

interface Place<Item> {
  readonly item: Item
  before: Place<Item> | undefined
  after: Place<Item> | undefined
}

/** Things in the order in which they came. A `Map` has that, too, but takes ever longer to find its first entry while those before it are deleted. */
export class Queue<Item> {
  readonly #places = new SmallMap<Item, Place<Item>>()
  #first: Place<Item> | undefined
  #last: Place<Item> | undefined

  get size(): number {
    return this.#places.size
  }

  get first(): Item | undefined {
    return this.#first?.item
  }

  /** Puts what is not in it at the end. */
  add(item: Item): this {
    const place: Place<Item> = { item, before: this.#last, after: undefined }
    if (this.#last) this.#last.after = place
    else this.#first = place
    this.#last = place
    this.#places.set(item, place)
    return this
  }

  delete(item: Item): void {
    const place = this.#places.get(item)
    if (!place) return
    this.#places.delete(item)
    if (place.before) place.before.after = place.after
    else this.#first = place.after
    if (place.after) place.after.before = place.before
    else this.#last = place.before
  }
}
