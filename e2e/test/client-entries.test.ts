import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

test('every entry of @earshot/react says that it is for clients', () => {
  const file = createRequire(import.meta.url).resolve('@earshot/react/package.json')
  const { exports }: { exports: Record<string, { default?: string }> } = JSON.parse(readFileSync(file, 'utf8'))
  const entries = Object.values(exports).flatMap(({ default: entry }) => entry ?? [])
  expect(entries).toContain('./dist/index.js')
  const beginnings = entries.map(entry => [entry, readFileSync(join(dirname(file), entry), 'utf8').slice(0, 12)])
  expect(beginnings).toEqual(entries.map(entry => [entry, "'use client'"]))
})
