import fc from 'fast-check'

/** Matching as the words say it, level by level and with no thought of speed. */
export function matchesNaively(pattern: readonly string[], topic: readonly string[], first = true): boolean {
  const [wanted, ...patternRest] = pattern
  const [level, ...topicRest] = topic
  if (wanted === undefined || level === undefined) return wanted === level
  if (first && level.startsWith('$') && (wanted === '*' || wanted === '**')) return false
  if (wanted === '**') return true
  return (wanted === '*' || wanted === level) && matchesNaively(patternRest, topicRest, false)
}

const LEVELS = ['a', 'b', '$a', 'a*', '**b']

/** Few level names, so that matches are frequent; some look like wildcards and are none. */
const level = fc.constantFrom(...LEVELS)
export const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map(levels => levels.join('/'))
export const patterns = fc
  .tuple(fc.array(fc.oneof({ weight: 3, arbitrary: level }, { weight: 2, arbitrary: fc.constant('*') }), { maxLength: 3 }), fc.boolean())
  .filter(([levels, open]) => levels.length > 0 || open)
  .map(([levels, open]) => [...levels, ...(open ? ['**'] : [])].join('/'))

/** Every topic of up to `depth` levels over these names: enough to tell any two of the patterns above apart. */
export function allTopics(depth: number): string[] {
  const names = [...LEVELS, 'z']
  let topics = names.map(name => [name])
  const all = [...topics]
  for (let length = 2; length <= depth; length++) {
    topics = topics.flatMap(levels => names.map(name => [...levels, name]))
    all.push(...topics)
  }
  return all.map(levels => levels.join('/'))
}
