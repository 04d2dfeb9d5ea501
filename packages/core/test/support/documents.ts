import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Every document that has examples, by its path from the root. */
export function documentsIn(root: string): string[] {
  const readmes = ['core', 'transport', 'react', 'server'].map(name => `packages/${name}/README.md`)
  return ['README.md', ...filesIn(root, 'docs').filter(file => file.endsWith('.md')), ...readmes]
}

/** Files in a folder and those below it, by their paths from the root. */
export function filesIn(root: string, folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
  return entries.flatMap(entry => {
    if (entry.name === 'node_modules' || entry.name === 'dist') return []
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? filesIn(root, path) : [path]
  })
}
