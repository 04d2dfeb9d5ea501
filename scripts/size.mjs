// What each import of size-limits.json costs a page: the built packages, minified for ES2022 with React external, gzip -9.
// `goal` is what we want, `limit` is what fails the run; `beyond` names the entry whose bytes are already paid.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const entries = JSON.parse(readFileSync('size-limits.json', 'utf8'))
const sizes = new Map()
for (const entry of entries) sizes.set(entry.import, (await bundledSize(entry.code)) - (sizes.get(entry.beyond) ?? 0))

const rows = entries.map((entry) => ({ ...entry, bytes: sizes.get(entry.import), verdict: verdict(entry, sizes.get(entry.import)) }))
const width = Math.max(...rows.map((row) => row.import.length))
console.log(line('import', 'bytes', 'goal', 'limit', ''))
for (const row of rows) console.log(line(row.import, row.bytes, row.goal, row.limit, row.verdict))
process.exitCode = rows.some((row) => row.bytes > row.limit) ? 1 : 0

async function bundledSize(code) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: 'apps/demo' }, // the one place where every package is installed
    external: ['react', 'react-dom'],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  })
  return gzipSync(outputFiles[0].contents, { level: 9 }).byteLength
}

function verdict({ goal, limit }, bytes) {
  if (bytes > limit) return `over the limit by ${bytes - limit}`
  return bytes > goal ? `misses the goal by ${bytes - goal}` : 'ok'
}

function line(name, ...cells) {
  const verdict = cells.pop()
  return `${name.padEnd(width)}${cells.map((cell) => String(cell).padStart(8)).join('')}  ${verdict}`.trimEnd()
}
