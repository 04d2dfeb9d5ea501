/** A message as the checker knows it: its publisher's name for itself, and its number there. */
export type Said = readonly [from: string, n: number, ...rest: unknown[]]

/** What there is to check. */
export interface Account {
  /** What somebody heard who was never cut off. */
  readonly reference: readonly Said[]
  /** What tabs heard, by name, from some moment until the end. */
  readonly heard: ReadonlyMap<string, readonly Said[]>
  /** How much was published by those who have lived until the end. */
  readonly published: ReadonlyMap<string, number>
}

/** Says what was lost, doubled or heard out of order: nothing, if all is well. */
export function faults({ reference, heard, published }: Account): string[] {
  const next = new Map<string, number>()
  const found: string[] = []
  for (const [from, n] of reference) {
    const expected = next.get(from) ?? 0
    if (n !== expected) found.push(`of ${from} number ${n} came where ${expected} was expected`)
    next.set(from, n + 1)
  }
  for (const [name, count] of published) if ((next.get(name) ?? 0) !== count) found.push(`of ${name} ${next.get(name) ?? 0} came of ${count}`)
  const keys = reference.map(keyOf)
  for (const [name, said] of heard) {
    const own = said.map(keyOf)
    if (own.length === 0) found.push(`${name} heard nothing`)
    // From the first on that it heard, it has to have heard all.
    const wanted = own[0] === undefined ? [] : keys.slice(keys.indexOf(own[0]))
    const at = wanted.findIndex((key, index) => key !== own[index])
    if (at >= 0) found.push(`${name} heard ${own[at] ?? 'nothing'} where ${wanted[at]} was expected`)
    else if (own.length > wanted.length) found.push(`${name} heard ${own.length} instead of ${wanted.length}`)
  }
  return found
}

function keyOf([from, n]: Said): string {
  return `${from} ${n}`
}
