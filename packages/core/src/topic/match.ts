/**
 * What the wildcards of a pattern stand for in a topic, left to right, or `null` when it does not match.
 * A final `**` gives one string, its levels joined by `/`.
 * @example capture('rooms/*', 'rooms/42') // ['42']
 */
export function capture(pattern: string, topic: string): string[] | null {
  // A first level that starts with $ is asked for by name, as in MQTT; a broadcast, whose topic is empty, has no level at all.
  if ((topic[0] === '$' || topic === '') && pattern[0] === '*') return null
  const levels = topic.split('/')
  const parts = pattern.split('/')
  const open = parts.at(-1) === '**'
  if (open ? levels.length < parts.length : levels.length !== parts.length) return null
  const captured: string[] = []
  for (const [index, part] of parts.entries()) {
    if (part === '**') captured.push(levels.slice(index).join('/'))
    else if (part === '*' && levels[index] !== '**') captured.push(levels[index] as string)
    else if (part !== levels[index]) return null
  }
  return captured
}

/** Tells whether some topic matches both patterns. */
export function overlaps(one: string, other: string): boolean {
  if ((one[0] === '$' && other[0] === '*') || (other[0] === '$' && one[0] === '*')) return false
  const a = one.split('/')
  const b = other.split('/')
  for (let i = 0; i < a.length || i < b.length; i++) {
    const [x, y] = [a[i], b[i]]
    if (x === undefined || y === undefined) return false
    if (x === '**' || y === '**') return true
    if (x !== y && x !== '*' && y !== '*') return false
  }
  return true
}

/** Tells whether every topic of `inner` matches `outer`. */
export function covers(outer: string, inner: string): boolean {
  return capture(outer, inner) !== null
}
