/** The pattern of the topics that match both patterns; `undefined` when there are none. */
export function meet(one: string, other: string): string | undefined {
  // A first level that starts with $ is asked for by name.
  if ((one[0] === '$' && other[0] === '*') || (other[0] === '$' && one[0] === '*')) return undefined
  const a = one.split('/')
  const b = other.split('/')
  const met: string[] = []
  for (let i = 0; i < a.length || i < b.length; i++) {
    const [x, y] = [a[i], b[i]]
    if (x === undefined || y === undefined) return undefined
    if (x === '**') return [...met, ...b.slice(i)].join('/')
    if (y === '**') return [...met, ...a.slice(i)].join('/')
    if (x !== y && x !== '*' && y !== '*') return undefined
    met.push(x === '*' ? y : x)
  }
  return met.join('/')
}
