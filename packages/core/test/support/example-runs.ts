import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'
import { build } from 'esbuild'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { countResults, type Example, instrument, loggedBy } from './doc-examples.ts'

/** What examples may import, beside what every Node program may. */
const modules = {
  '@earshot/core': 'packages/core',
  '@earshot/transport': 'packages/transport',
  '@earshot/react': 'packages/react',
  '@earshot/server': 'packages/server',
  '@testing-library/react': 'packages/react/node_modules/@testing-library/react',
  react: 'packages/react/node_modules/react',
  'react-dom': 'packages/react/node_modules/react-dom',
  '@types/react': 'packages/react/node_modules/@types/react',
  '@types/ws': 'packages/server/node_modules/@types/ws',
  'prom-client': 'packages/server/node_modules/prom-client',
  vite: 'packages/server/node_modules/vite',
  vitest: 'node_modules/vitest',
  ws: 'packages/server/node_modules/ws',
  zod: 'packages/core/node_modules/zod',
}

/** Makes an empty folder in which examples can be built. */
export function prepareFolder(root: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  for (const [name, target] of Object.entries(modules)) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, target), link)
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
}

/** Declares a test for each example, built in this prepared folder: what the example says comes of it must come of it. */
export function runExamples(examples: readonly Example[], folder: string): void {
  describe('what an example says comes of it comes of it', () => {
    beforeAll(() => buildAll(examples, folder), 60_000)

    afterEach(() => {
      vi.restoreAllMocks()
      vi.unstubAllGlobals()
    })

    it.each(examples)('$name', { timeout: 30_000 }, example => run(example, join(folder, 'run', `${example.name}.mjs`)))
  })
}

async function buildAll(examples: readonly Example[], folder: string): Promise<void> {
  mkdirSync(join(folder, 'told'))
  const entryPoints = examples.map(({ name, language }) => join(folder, 'told', `${name}.${language}`))
  for (const [index, example] of examples.entries()) {
    const code = `const { tell, console } = globalThis.docExamples['${example.name}']\n${instrument(example, 'tell')}`
    writeFileSync(entryPoints[index] as string, code)
  }
  await build({
    entryPoints,
    outdir: join(folder, 'run'),
    outExtension: { '.js': '.mjs' },
    conditions: ['@earshot/source'],
    mainFields: ['module', 'main'],
    external: ['vitest', 'node:*', 'ws', 'prom-client'],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022', // Node 20 does not know `using`
    jsx: 'automatic',
    logLevel: 'error',
  })
}

async function run(example: Example, file: string): Promise<void> {
  const told = new Set<number>()
  const wrong: unknown[] = []
  const errors = vi.spyOn(console, 'error')
  const tell = (line: number, actual: unknown, expected: unknown): void => {
    told.add(line)
    try {
      expect(actual).toEqual(expected)
    } catch (error) {
      wrong.push(error)
    }
  }
  const logged: string[] = []
  const own = { log: (...values: unknown[]) => logged.push(format(...values)) }
  vi.stubGlobal('docExamples', { [example.name]: { tell, console: own } })
  await import(/* @vite-ignore */ pathToFileURL(file).href)
  expect(wrong).toEqual([])
  expect(told.size).toBe(countResults(example))
  // Comments need not tell of everything that is logged.
  const due = loggedBy(example)
  for (const line of logged) if (line === due[0]) due.shift()
  expect(due).toEqual([])
  expect(errors.mock.calls).toEqual([]) // what a hub could tell nobody
}
