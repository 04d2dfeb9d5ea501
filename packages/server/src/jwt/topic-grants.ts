import { checkPattern, covers, isEarshotError } from '@earshot/core'
import type { Action, Decision } from '../relay/access.ts'
import { meet } from './meet.ts'

const ACTIONS: readonly Action[] = ['publish', 'subscribe', 'presence', 'history']

/** What a token's claim lets its user do. */
export class TopicGrants {
  readonly #patterns: ReadonlyMap<Action, readonly string[]>

  private constructor(patterns: ReadonlyMap<Action, readonly string[]>) {
    this.#patterns = patterns
  }

  /** Reads a claim: patterns for everything, or patterns by action. `undefined` when it is neither. */
  static read(claim: unknown): TopicGrants | undefined {
    if (isPatterns(claim)) return new TopicGrants(new Map(ACTIONS.map(action => [action, claim])))
    if (typeof claim !== 'object' || claim === null || Array.isArray(claim)) return undefined
    const patterns = new Map<Action, readonly string[]>()
    for (const [name, list] of Object.entries(claim)) {
      const action = ACTIONS.find(each => each === name)
      if (!action || !isPatterns(list)) return undefined
      patterns.set(action, list)
    }
    return new TopicGrants(patterns)
  }

  /** Whether a topic may be used; of a pattern that goes further than the grants, the part that they cover. */
  decide(action: Action, topic: string): Decision {
    const patterns = this.#patterns.get(action) ?? []
    if (patterns.some(pattern => pattern === topic || (pattern !== '' && covers(pattern, topic)))) return true
    return patterns.flatMap(pattern => (pattern === '' ? [] : (meet(pattern, topic) ?? [])))
  }
}

function isPatterns(list: unknown): list is readonly string[] {
  return Array.isArray(list) && list.every(isPattern)
}

/** A pattern, or `''` for broadcasts. */
function isPattern(value: unknown): boolean {
  if (typeof value !== 'string') return false
  try {
    if (value !== '') checkPattern(value)
    return true
  } catch (error) {
    if (!isEarshotError(error)) throw error
    return false
  }
}
