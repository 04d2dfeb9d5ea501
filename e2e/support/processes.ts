import { readdirSync, readFileSync } from 'node:fs'

/** The processes that one has started, and those that they have, whose command lines contain a word. */
export function descendants(pid: number, word: string): Set<number> {
  const parents = new Map(readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(name => [Number(name), parentOf(name)] as const))
  const isOurs = (each: number): boolean => {
    const parent = parents.get(each)
    return parent !== undefined && (parent === pid || isOurs(parent))
  }
  return new Set([...parents.keys()].filter(each => isOurs(each) && read(`/proc/${each}/cmdline`).includes(word)))
}

function parentOf(name: string): number | undefined {
  // The name of the program is in parentheses, and may contain anything.
  const parent = /\) \S (\d+) [^)]*$/.exec(read(`/proc/${name}/stat`))?.[1]
  return parent === undefined ? undefined : Number(parent)
}

/** Nothing, if the process has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
