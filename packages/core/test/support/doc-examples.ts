import { readFileSync } from 'node:fs'

/** A block of code in a document. */
export interface Example {
  /** Document and line, as a file name: `docs-guide-120`. */
  readonly name: string
  readonly language: 'ts' | 'tsx'
  readonly code: string
}

const FENCE = /^```(\w*) ?(\w*)$/

/**
 * The code of a document. A block marked `continued` goes on where the one before it ended: both are one example.
 * @throws Error for a block that goes on without one before it, and for a fence that is never closed
 */
export function readExamples(root: string, path: string): Example[] {
  const examples: Example[] = []
  const lines = readFileSync(`${root}/${path}`, 'utf8').split('\n')
  for (let at = 0; at < lines.length; at++) {
    const [, language = '', mark] = FENCE.exec(lines[at] as string) ?? []
    if (!(lines[at] as string).startsWith('```')) continue
    const end = lines.indexOf('```', at + 1)
    if (end < 0) throw new Error(`${path}:${at + 1} begins a block that never ends`)
    if (language === 'ts' || language === 'tsx') {
      const code = `${lines.slice(at + 1, end).join('\n')}\n`
      const before = examples.at(-1)
      if (mark === 'continued' && before?.language !== language) throw new Error(`${path}:${at + 1} goes on, but nothing is before it`)
      if (mark === 'continued' && before) examples[examples.length - 1] = { ...before, code: before.code + code }
      else examples.push({ name: `${path.replace(/\.md$/, '').replaceAll('/', '-')}-${at + 1}`, language, code })
    }
    at = end
  }
  return examples
}

/** Whether the example says what comes of it, so that it can be run. */
export function saysResults({ code }: Example): boolean {
  return /\/\/(=>| logs )/.test(code)
}

/**
 * The example as code that tells `tell(line, actual, expected)` what each line that ends in `//=> value` gives: the value of its expression, of the
 * constant it declares, or what it logs.
 */
export function instrument({ code }: Example, tell: string): string {
  return code.split('\n').map((line, index) => instrumentLine(line, `${tell}(${index}, `)).join('\n')
}

/** How many lines of the example say what comes of them. */
export function countResults({ code }: Example): number {
  return code.split('//=>').length - 1
}

/** What the example's comments say that it logs, in order; of `// logs one, two` the first. */
export function loggedBy({ code }: Example): string[] {
  return [...code.matchAll(/\/\/ logs (.*?)(?:, |$)/gm)].map(([, text = '']) => text)
}

function instrumentLine(line: string, call: string): string {
  const [before = '', expected] = line.split('//=>')
  if (expected === undefined) return line
  const code = before.trim()
  const declared = /^const (\w+)\b/.exec(code)?.[1]
  if (declared !== undefined) return `${code}; ${call}[${declared}], [${expected}]);`
  const [, condition = '', logged] = /^(.*)console\.log\((.*)\)$/.exec(code) ?? []
  return `${condition}${call}[${logged ?? code}], [${expected}]);`
}
