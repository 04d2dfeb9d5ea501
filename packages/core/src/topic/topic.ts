import type { ErrorReasons } from '../base/error-codes.ts'
import { EarshotError } from '../base/errors.ts'
import { MAX_TOPIC_BYTES, MAX_TOPIC_LEVELS } from '../base/limits.ts'

// eslint-disable-next-line no-control-regex -- control characters are what it finds
const UNSAFE = /[\u0000-\u001f\u007f]/
const WILDCARD = /(^|\/)\*\*?(\/|$)/

/**
 * Checks a topic: levels joined by `/`, none empty, none `*` or `**`, no control characters, at most 512 UTF-8 bytes and 32 levels.
 * @throws `invalid-topic` naming the topic and what is wrong with it
 */
export function checkTopic(topic: unknown): asserts topic is string {
  const fault = faultOf(topic) ?? (isWildcard(topic as string) ? 'wildcard' : undefined)
  if (fault) throw new EarshotError('invalid-topic', fault, typeof topic === 'string' ? { topic } : { value: topic })
}

/**
 * Checks a pattern: a topic in which `*` may stand for one level and a final `**` for one or more.
 * @throws `invalid-pattern` naming the pattern and what is wrong with it
 */
export function checkPattern(pattern: unknown): asserts pattern is string {
  const fault = faultOf(pattern) ?? (/(^|\/)\*\*\//.test(pattern as string) ? 'early-wildcard' : undefined)
  if (fault) throw new EarshotError('invalid-pattern', fault, typeof pattern === 'string' ? { pattern } : { value: pattern })
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
      throw new EarshotError('invalid-topic', 'no-level', { value: level })
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

/** What is wrong with both a topic and a pattern. */
function faultOf(topic: unknown): (ErrorReasons['invalid-topic'] & ErrorReasons['invalid-pattern']) | undefined {
  if (typeof topic !== 'string') return 'no-string'
  // A string of n UTF-16 units has n to 3n UTF-8 bytes: most need no counting.
  if (topic.length > MAX_TOPIC_BYTES / 3 && new TextEncoder().encode(topic).length > MAX_TOPIC_BYTES) return 'too-long'
  if (UNSAFE.test(topic)) return 'control-character'
  if (/(^|\/)(\/|$)/.test(topic)) return 'empty-level'
  // Few signs hold few levels: most need no counting.
  if (topic.length > 2 * MAX_TOPIC_LEVELS && topic.split('/').length > MAX_TOPIC_LEVELS) return 'too-many-levels'
  return undefined
}
