import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { beforeAll, describe, expect, it } from 'vitest'
import { texts } from '../src/base/texts.ts'
import { type Example, readExamples, saysResults } from './support/doc-examples.ts'
import { documentsIn, filesIn } from './support/documents.ts'
import { prepareFolder, runExamples } from './support/example-runs.ts'

const root = join(import.meta.dirname, '../../..')
const work = join(root, '.cache/docs')
const packages = ['core', 'transport', 'react', 'server']
const documents = documentsIn(root)
const examples = documents.flatMap(document => readExamples(root, document))
const runnable = examples.filter(saysResults)

beforeAll(() => prepareFolder(root, work))

describe('every example in the documents', () => {
  it('is found', () => {
    expect(documents.length).toBeGreaterThan(8)
    expect(runnable.length).toBeGreaterThan(20)
    expect(new Set(examples.map(({ name }) => name)).size).toBe(examples.length)
  })

  it('compiles under the strictest flags', { timeout: 120_000 }, async () => {
    // An example that registers its types for all hooks must not do so for the other examples.
    const registering = examples.filter(({ code }) => code.includes('declare module'))
    const serving = examples.filter(({ code }) => /from '(node:|@earshot\/server)/.test(code))
    const others = examples.filter(example => !registering.includes(example) && !serving.includes(example))
    const projects = [project('types', others), project('server-types', serving, ['node']), ...registering.map(example => project(example.name, [example]))]
    expect(await compile(projects)).toBe('')
  })
})

runExamples(runnable.filter(({ language }) => language === 'ts'), work)

describe('docs/api.md', () => {
  const text = read('docs/api.md')

  const indexes = ['core/src/index.ts', 'core/src/testing/index.ts', 'transport/src/index.ts', 'transport/src/msgpack/index.ts', 'react/src/index.ts', 'react/src/testing/index.ts', 'server/src/testing/index.ts']
  const names = indexes.map(index => exportsOf(read(`packages/${index}`)))

  it.each(indexes)('names all that %s exports', index => {
    const exported = names[indexes.indexOf(index)] ?? []
    expect(exported.length).toBeGreaterThan(1)
    expect(exported.filter(name => !text.includes(`\`${name}\``) && !text.includes(`\`${name}(`))).toEqual([])
  })

  it('has a table of each kind of options, with every one', () => {
    const kinds = packages.flatMap(sources).flatMap(file => optionsIn(read(file))).filter(({ kind }) => names.flat().includes(kind))
    expect(kinds.length).toBeGreaterThan(8)
    for (const { kind, options } of kinds) {
      const [, table = ''] = text.split(`\n| \`${kind}\` | default |`)
      const [rows = ''] = table.split('\n\n')
      expect.soft(options.filter(option => !rows.includes(`\`${option}\``) && !rows.includes(`\`${option}.`)), kind).toEqual([])
    }
  })
})

describe('docs/errors.md', () => {
  const rows = [...read('docs/errors.md').matchAll(/^\| `([a-z-]+)` \| (\S+) \|/gm)].map(([, code, raised]) => [code, raised])
  const codes = Object.keys(texts)

  it('has each code once, in the order of the texts', () => {
    expect(codes.length).toBeGreaterThan(20)
    expect(rows.map(([code]) => code)).toEqual(codes)
  })

  it('marks those that nothing raises yet', () => {
    const code = packages.flatMap(sources).map(read).join('')
    // Some are made of a code that a table or a choice gives.
    const raised = (name: string | undefined): string => (code.includes(`EarshotError('${name}'`) || code.includes(` '${name}'],`) || code.includes(`: '${name}')`) ? 'yes' : 'not')
    expect(rows).toEqual(codes.map(name => [name, raised(name)]))
  })

  it('has a remedy for each reason, under a heading that production messages can name', () => {
    const sections = read('docs/errors.md').split(/^## (?=[a-z-]+$)/m).slice(1)
    const remedies = sections.map(section => [section.split('\n')[0], [...section.matchAll(/^\| `([a-z-]+)` \| .{5,} \|$/gm)].map(([, reason]) => reason).sort()])
    const reasons = Object.entries(texts).map(([code, known]) => [code, Object.keys(known).sort()])
    expect(remedies).toEqual(reasons.filter(([, known]) => known?.length))
  })
})

describe('docs/ARCHITECTURE.md', () => {
  it('has a line for every file, and for no other', () => {
    const named = [...read('docs/ARCHITECTURE.md').matchAll(/^\| `((?:core|transport|react|server)\/[a-z/.-]+)` \|/gm)].map(([, file]) => `packages/${file}`)
    const files = packages.flatMap(sources).map(file => file.replace('/src/', '/'))
    expect(named.sort()).toEqual(files.sort())
  })
})

describe('README.md', () => {
  const rows = [...read('README.md').matchAll(/\| (\d+\.\d) kB(?: more)? \| (\d+\.\d) kB \|/g)].map(([, size = '', goal = '']) => ({ size, goal }))

  it('gives the sizes that the code has, to a tenth of a kilobyte, and what they are meant to be', { timeout: 60_000 }, async () => {
    expect(await compile(packages.map(name => join(root, 'packages', name)))).toBe('') // what users get is measured: the built packages
    const entries: { import: string; code: string; goal: number; beyond?: string }[] = JSON.parse(read('size-limits.json'))
    expect(rows.map(({ goal }) => Number(goal))).toEqual(entries.map(({ goal }) => goal / 1000))
    const sizes = new Map<string, number>()
    for (const entry of entries) sizes.set(entry.import, (await gzipSize(entry.code)) - (sizes.get(entry.beyond ?? '') ?? 0))
    for (const [index, { import: name }] of entries.entries()) {
      const kilobytes = (sizes.get(name) ?? 0) / 1000
      expect.soft(Math.abs(Number(rows[index]?.size) - kilobytes), `${name} has ${kilobytes} kB`).toBeLessThan(0.1)
    }
  })

  it('agrees with those of the packages', () => {
    const [core, tabs] = rows
    const [most, all] = rows.slice(-2)
    expect(read('packages/core/README.md')).toContain(`- ${core?.size} kB minified and gzipped`)
    expect(read('packages/transport/README.md')).toContain(`- ${tabs?.size} kB minified and gzipped`)
    expect(read('packages/react/README.md')).toContain(`- ${all?.size} kB minified and gzipped for all of it, ${most?.size} kB for the hooks that most apps use`)
  })
})

/** Writes a program of these examples; gives its folder. */
function project(name: string, given: readonly Example[], types: readonly string[] = []): string {
  const folder = join(work, name)
  mkdirSync(folder)
  for (const { name: file, language, code } of given) writeFileSync(join(folder, `${file}.${language}`), `${code}export {}\n`)
  const compilerOptions = {
    outDir: 'out',
    types,
    noUnusedLocals: false,
    noUnusedParameters: false,
    lib: ['ES2022', 'ESNext.Disposable', 'DOM', 'DOM.Iterable'],
    jsx: 'react-jsx',
  }
  const references = packages.map(path => ({ path: join(root, 'packages', path) }))
  const config = { extends: '../../../tsconfig.checked.json', compilerOptions, references, include: ['*.ts', '*.tsx'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  return folder
}

/** What the compiler finds, as it says it. */
async function compile(projects: readonly string[]): Promise<string> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  try {
    return (await promisify(execFile)(process.execPath, [tsc, '-b', ...projects, '--pretty', 'false'], { cwd: root })).stdout
  } catch (error) {
    return error instanceof Error && 'stdout' in error && error.stdout !== '' ? String(error.stdout) : String(error)
  }
}

async function gzipSize(contents: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: work },
    external: ['react'],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  })
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).byteLength
}

/** Names in `export { … }`, types among them, and of what is exported where it is declared. */
function exportsOf(code: string): string[] {
  const lists = [...code.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list = '']) => list.split(','))
  const declared = [...code.matchAll(/^export (?:const|function|class|interface|type) (\w+)/gm)].map(([, name = '']) => name)
  return [...lists.map(name => name.trim().replace(/^type /, '').replace(/^.* as /, '')), ...declared].filter(name => name !== '')
}

/** Members of each exported interface whose name ends in Options. */
function optionsIn(code: string): { kind: string; options: string[] }[] {
  const interfaces = [...code.matchAll(/^export interface (\w+Options)\b.*\{\n([^]*?)^\}/gm)]
  return interfaces.map(([, kind = '', body = '']) => {
    const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)]
    return { kind, options: members.map(([, name = '']) => name) }
  })
}

function sources(name: string): string[] {
  return filesIn(root, `packages/${name}/src`).filter(file => /\.tsx?$/.test(file) && !file.endsWith('globals.d.ts'))
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}
