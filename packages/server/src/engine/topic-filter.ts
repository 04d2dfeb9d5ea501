import { isWildcard, PatternIndex } from '@earshot/core'

/** Tells whether a topic is on one of some patterns; each topic is looked up once, so many entries of few topics cost little. */
export class TopicFilter {
  readonly #index = new PatternIndex<true>()
  readonly #known = new Map<string, boolean>()
  readonly #ways: number
  /** Looks that it has cost so far, beside one for each question. */
  looks = 0

  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) this.#index.set(pattern, true)
    this.#ways = waysOf(patterns)
  }

  has(topic: string): boolean {
    let isOn = this.#known.get(topic)
    if (isOn !== undefined) return isOn
    isOn = false
    this.#index.match(topic, () => {
      isOn = true
    })
    this.#known.set(topic, isOn)
    this.looks += this.#ways
    return isOn
  }
}

/** In how many ways wildcards stand in patterns, names aside: so many look-ups find those that a topic is on. */
export function waysOf(patterns: readonly string[]): number {
  return new Set(patterns.filter(isWildcard).map(pattern => pattern.replace(/[^*/]+/g, ''))).size
}
