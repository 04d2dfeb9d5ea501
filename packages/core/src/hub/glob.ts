import { EarshotError } from '../base/errors.ts'

/**
 * Gives a test for names: `*` any signs, `?` one sign, `[..]` one of a set or range (`[!..]` none of it); all else is literal.
 * Case counts, and the whole name must match.
 * @throws `invalid-pattern` for an unclosed or empty set
 */
export function glob(pattern: string): (name: string) => boolean {
  if (!/[*?[\]]/.test(pattern)) return name => name === pattern
  const source = pattern.replace(/\[(!?)([^\]]*)\]?|[\\^$.*+?()|{}\]]/g, (sign, not: string | undefined, set: string | undefined) => {
    if (sign === '*') return '[^]*'
    if (sign === '?') return '[^]'
    if (set === undefined) return `\\${sign}`
    // Nothing good: the parenthesis makes it no expression.
    if (!set || !sign.endsWith(']')) return '('
    return `[${not ? '^' : ''}${set.replace(/[\\^[]/g, '\\$&')}]`
  })
  try {
    const expression = new RegExp(`^${source}$`, 'u')
    return name => expression.test(name)
  } catch (error) {
    throw new EarshotError('invalid-pattern', 'no-glob', { pattern }, error)
  }
}
