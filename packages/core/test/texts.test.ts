import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { beforeAll, describe, expect, it } from 'vitest'
import { EarshotError, type ErrorCode, type ErrorDetails } from '@earshot/core'
import { textOf as shortTextOf } from '../src/base/short-texts.ts'
import { textOf, texts } from '../src/base/texts.ts'

const root = join(import.meta.dirname, '../../..')
const all = Object.entries(texts).flatMap(([code, known]) => Object.keys(known).map(reason => [code as ErrorCode, reason] as const))
const hostile: [string, ErrorDetails, unknown][] = [
  ['nothing', {}, undefined],
  ['an object that is no string', { value: Object.create(null) }, Object.create(null)],
  ['a symbol', { value: Symbol('x') }, Symbol('x')],
  ['long names', { topic: 'x'.repeat(10_000), name: 'y' }, new Error('why')],
]

describe('the texts of errors', () => {
  it('are those of the reasons that the sources give', () => {
    const used = new Set(sources().flatMap(code => [...code.matchAll(/'([a-z-]+)'/g)].map(([, word]) => word)))
    expect(all.length).toBeGreaterThan(40)
    expect(all.filter(([, reason]) => !used.has(reason))).toEqual([])
  })

  it.each(hostile)('never fail on details that are %s', (_name, details, cause) => {
    for (const [code, reason] of all) {
      expect(textOf(code, reason, details, cause)).toMatch(/^.{16}/)
      expect(shortTextOf(code, reason, details, cause)).toMatch(new RegExp(`^${code}: ${reason}.{0,100} – see docs/errors.md#${code}$`))
    }
  })

  it('are what is given, for errors that others make', () => {
    const error = new EarshotError('not-connected', 'the satellite is away')
    expect(error).toMatchObject({ message: 'the satellite is away', reason: 'the satellite is away', code: 'not-connected' })
    expect(textOf('timeout', 'constructor', {}, undefined)).toBe('constructor')
  })
})

describe('the texts in a bundle', () => {
  const sentence = 'Topic "rooms/*" must not hold a wildcard; subscribe takes patterns'
  const short = 'invalid-topic: wildcard "rooms/*" – see docs/errors.md#invalid-topic'

  beforeAll(() => promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'packages/core'], { cwd: root }), 60_000)

  it.each([
    { of: 'the package', conditions: [], text: short },
    { of: 'the package for production', conditions: ['production'], text: short },
    { of: 'the package for development', conditions: ['development'], text: sentence },
    { of: 'the package for Node', conditions: ['node', 'production'], text: sentence },
    { of: 'the sources', conditions: ['@earshot/source'], text: sentence },
    { of: 'the sources for production', conditions: ['@earshot/source', 'production'], text: short },
  ])('of $of: $text', { timeout: 30_000 }, async ({ conditions, text }) => {
    const code = await bundle(conditions)
    const { refused }: { refused: EarshotError } = await import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)
    expect(refused).toMatchObject({ message: text, code: 'invalid-topic', reason: 'wildcard', details: { topic: 'rooms/*' } })
    expect(code.includes('subscribe takes patterns')).toBe(text === sentence)
  })

  it('are sentences wherever Node reads the package itself', { timeout: 30_000 }, async () => {
    const program = "import { checkTopic } from '@earshot/core'; try { checkTopic('rooms/*') } catch (error) { console.log(error.message) }"
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: join(root, 'packages/transport') })
    expect(stdout.trim()).toBe(sentence)
  })
})

async function bundle(conditions: string[]): Promise<string> {
  const program = "import { createHub } from '@earshot/core'; export let refused; try { createHub().publish('rooms/*', 1) } catch (error) { refused = error }"
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: join(root, 'packages/transport') },
    conditions,
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  })
  return outputFiles[0]?.text ?? ''
}

/** What may raise errors: the sources of all packages without the texts and their types. */
function sources(): string[] {
  return ['core', 'transport', 'react'].flatMap(name => {
    const folder = join(root, 'packages', name, 'src')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => /\.tsx?$/.test(file) && !/texts\.ts$|error-codes\.ts$|testing/.test(file))
    return files.map(file => readFileSync(join(folder, file), 'utf8'))
  })
}
