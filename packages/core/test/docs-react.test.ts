// @vitest-environment happy-dom
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { readExamples, saysResults } from './support/doc-examples.ts'
import { documentsIn } from './support/documents.ts'
import { prepareFolder, runExamples } from './support/example-runs.ts'

const root = join(import.meta.dirname, '../../..')
const work = join(root, '.cache/docs-react')
const runnable = documentsIn(root)
  .flatMap(document => readExamples(root, document))
  .filter(example => example.language === 'tsx' && saysResults(example))

beforeAll(() => prepareFolder(root, work))

it('finds the examples that render', () => {
  expect(runnable.length).toBeGreaterThan(2)
})

runExamples(runnable, work)
