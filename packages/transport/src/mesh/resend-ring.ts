import type { EncodedItem } from './wire.ts'

/** What a tab posted last, for siblings that missed some of it: bounded by count and size. */
export class ResendRing {
  readonly #maxItems: number
  readonly #maxSize: number
  #items: EncodedItem[] = []
  /** Where the kept ones begin in `#items`, and the number of the first of them. */
  #start = 0
  #first = 1
  #size = 0

  constructor(maxItems: number, maxSize: number) {
    this.#maxItems = maxItems
    this.#maxSize = maxSize
  }

  push(item: EncodedItem): void {
    this.#items.push(item)
    this.#size += sizeOf(item)
    while (this.#items.length - this.#start > this.#maxItems || this.#size > this.#maxSize) {
      this.#size -= sizeOf(this.#items[this.#start++] as EncodedItem)
      this.#first++
    }
    if (this.#start > this.#maxItems) {
      this.#items = this.#items.slice(this.#start)
      this.#start = 0
    }
  }

  /** The items with these numbers; when some are not kept any more, the number of the first that is. */
  get(from: number, to: number): EncodedItem[] | number {
    const begin = from - this.#first + this.#start
    const end = to - this.#first + this.#start + 1
    return from < this.#first ? this.#first : this.#items.slice(begin, end)
  }
}

/** What travels as a clone has no length to look at: it counts as one kilobyte. */
function sizeOf(item: EncodedItem): number {
  return typeof item === 'string' ? item.length : 1024
}
