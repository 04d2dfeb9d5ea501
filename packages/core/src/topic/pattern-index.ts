import { isWildcard } from './topic.ts'

/** Wildcard patterns that have the same length and wildcards in the same places. */
interface Shape {
  /** How many patterns have this shape. */
  count: number
  /** Levels, a final `**` included. */
  readonly length: number
  /** Which levels are `*`. */
  readonly stars: readonly number[]
  readonly open: boolean
}

/**
 * Finds what is kept under the patterns that match a topic.
 *
 * All patterns are in one flat `Map`. A look-up asks it for the topic itself and, for each *shape* in use (where its wildcards stand),
 * for the one pattern of that shape which could match: so the cost rises with the number of shapes, not of patterns.
 */
export class PatternIndex<Value> {
  readonly entries: Map<string, Value> = new Map()
  readonly #shapes = new Map<string, Shape>()

  get(pattern: string): Value | undefined {
    return this.entries.get(pattern)
  }

  set(pattern: string, value: Value): void {
    if (isWildcard(pattern) && !this.entries.has(pattern)) {
      const key = shapeKey(pattern)
      const shape = this.#shapes.get(key)
      if (shape) shape.count++
      else this.#shapes.set(key, createShape(pattern))
    }
    this.entries.set(pattern, value)
  }

  delete(pattern: string): void {
    if (!this.entries.delete(pattern) || !isWildcard(pattern)) return
    const key = shapeKey(pattern)
    const shape = this.#shapes.get(key) as Shape
    if (--shape.count === 0) this.#shapes.delete(key)
  }

  /** Calls `visit` with each value whose pattern matches `topic`: the exact one first, then by shape. */
  match(topic: string, visit: (value: Value) => void): void {
    const exact = this.entries.get(topic)
    if (exact !== undefined) visit(exact)
    // A broadcast has the empty topic, which no wildcard matches.
    if (this.#shapes.size === 0 || topic === '') return
    // Where levels end, the one before the first at -1.
    const ends = [-1]
    for (let end = topic.indexOf('/'); end >= 0; end = topic.indexOf('/', end + 1)) ends.push(end)
    const levels = ends.push(topic.length) - 1
    for (const { length, stars, open } of this.#shapes.values()) {
      if (open ? levels < length : levels !== length) continue
      let candidate = ''
      let copied = 0
      for (const star of stars) {
        candidate += topic.slice(copied, (ends[star] as number) + 1) + '*'
        copied = ends[star + 1] as number
      }
      candidate += open ? topic.slice(copied, (ends[length - 1] as number) + 1) + '**' : topic.slice(copied)
      if (topic[0] === '$' && candidate[0] === '*') continue
      const value = this.entries.get(candidate)
      if (value !== undefined) visit(value)
    }
  }
}

/** The pattern without its names: `rooms/*` and `users/*` have the same key. */
function shapeKey(pattern: string): string {
  return pattern.split('/').map(level => (level === '*' || level === '**' ? level : '')).join('/')
}

function createShape(pattern: string): Shape {
  const levels = pattern.split('/')
  const stars = levels.flatMap((level, index) => (level === '*' ? [index] : []))
  return { count: 1, length: levels.length, stars, open: levels.at(-1) === '**' }
}
