import { EarshotError, show } from '../base/errors.ts'

/** The longest topic or pattern, in UTF-8 bytes. */
export const MAX_TOPIC_BYTES = 512
/** The most levels a topic or pattern may have. */
export const MAX_TOPIC_LEVELS = 32

// eslint-disable-next-line no-control-regex -- control characters are what it finds
const UNSAFE = /[\u0000-\u001f\u007f]/
const WILDCARD = /(^|\/)\*\*?(\/|$)/

/**
 * Checks a topic: levels joined by `/`, none empty, none `*` or `**`, no control characters, at most 512 UTF-8 bytes and 32 levels.
 * @throws `invalid-topic` naming the topic and what is wrong with it
 */
export function checkTopic(topic: unknown): asserts topic is string {
  const fault = faultOf(topic) ?? (isWildcard(topic as string) ? 'must not hold a wildcard; subscribe takes patterns' : undefined)
  if (fault) throw new EarshotError('invalid-topic', `Topic ${show(topic)} ${fault}`, typeof topic === 'string' ? { topic } : { value: topic })
}

/**
 * Checks a pattern: a topic in which `*` may stand for one level and a final `**` for one or more.
 * @throws `invalid-pattern` naming the pattern and what is wrong with it
 */
export function checkPattern(pattern: unknown): asserts pattern is string {
  const fault = faultOf(pattern) ?? (/(^|\/)\*\*\//.test(pattern as string) ? 'has ** before its last level; use * there' : undefined)
  if (fault) throw new EarshotError('invalid-pattern', `Pattern ${show(pattern)} ${fault}`, typeof pattern === 'string' ? { pattern } : { value: pattern })
}

/** Tells whether a pattern has a wildcard, so that it may match more than one topic. */
export function isWildcard(pattern: string): boolean {
  return pattern.includes('*') && WILDCARD.test(pattern)
}

/**
 * Joins levels into a topic, for levels that come from users.
 * @throws `invalid-topic` when a level is no string or number, is empty, a wildcard, or holds a `/`
 * @example topic('rooms', roomId, 'chat') // 'rooms/42/chat'
 */
export function topic<const Levels extends readonly [string | number, ...(string | number)[]]>(...levels: Levels): JoinLevels<Levels> {
  for (const level of levels) {
    if (!['string', 'number'].includes(typeof level) || String(level).includes('/')) {
      throw new EarshotError('invalid-topic', `Level ${show(level)} must be a string without "/", or a number`)
    }
  }
  const joined = levels.join('/')
  checkTopic(joined)
  return joined as JoinLevels<Levels>
}

/** The type of `topic('rooms', id, 'chat')`: `rooms/${string}/chat`. */
export type JoinLevels<Levels extends readonly unknown[]> = Levels extends readonly [infer First extends string | number]
  ? `${First}`
  : Levels extends readonly [infer First extends string | number, ...infer Rest]
    ? `${First}/${JoinLevels<Rest>}`
    : string

function faultOf(topic: unknown): string | undefined {
  if (typeof topic !== 'string') return 'must be a string'
  // A string of n UTF-16 units has n to 3n UTF-8 bytes: most need no counting.
  if (topic.length > MAX_TOPIC_BYTES / 3 && new TextEncoder().encode(topic).length > MAX_TOPIC_BYTES) return `is longer than ${MAX_TOPIC_BYTES} UTF-8 bytes`
  if (UNSAFE.test(topic)) return 'must not hold control characters'
  if (/(^|\/)(\/|$)/.test(topic)) return 'must not have an empty level'
  // Few signs hold few levels: most need no counting.
  if (topic.length > 2 * MAX_TOPIC_LEVELS && topic.split('/').length > MAX_TOPIC_LEVELS) return `has more than ${MAX_TOPIC_LEVELS} levels`
  return undefined
}
