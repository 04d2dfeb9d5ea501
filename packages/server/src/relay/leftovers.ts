import type { Bucket } from './rate.ts'

/** What sessions that have left a connection had not spent. Those that are new there go on with it, so that nobody gets more by calling himself another one. */
export class Leftovers {
  #buckets: Bucket[] = []

  /** @param most that are kept; a full one is as good as a new one */
  put(bucket: Bucket, most: number, now: number): void {
    this.#buckets = this.#buckets.filter(each => !each.isFull(now))
    if (!bucket.isFull(now) && this.#buckets.length < most) this.#buckets.push(bucket.copy(now))
  }

  /** The emptiest. */
  take(now: number): Bucket | undefined {
    let emptiest: Bucket | undefined
    for (const bucket of this.#buckets) if (!emptiest || bucket.left(now) < emptiest.left(now)) emptiest = bucket
    this.#buckets = this.#buckets.filter(bucket => bucket !== emptiest)
    return emptiest
  }
}
