// Measures Earshot beside its peers, in the same run, and writes results.md.
//   --smoke            one small round of each case: does it run, and is everything heard? No figures.
//   --only <text>      the cases whose name holds the text; writes no file
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cases as inProcess, measureInProcess } from './in-process.mjs'
import { markdown, missesOf, plain, tableOf } from './report.mjs'
import { cases as atRelay, measureRelay } from './relay/relay.mjs'
import { cases as betweenTabs, measureTabs } from './tabs/tabs.mjs'

const { values: options } = parseArgs({ options: { smoke: { type: 'boolean', default: false }, only: { type: 'string', default: '' } } })
const turns = 5
const started = performance.now()
const selected = (cases) => cases.filter(({ name }) => name.includes(options.only))
const [local, tabs, relay] = [selected(inProcess), selected(betweenTabs), selected(atRelay)]
if (local.length + tabs.length + relay.length === 0) {
  console.error(`No case has "${options.only}" in its name. There are:\n${[...inProcess, ...betweenTabs, ...atRelay].map(({ name }) => `  ${name}`).join('\n')}`)
  process.exit(1)
}

build(['packages/core', ...(tabs.length > 0 ? ['packages/transport'] : []), ...(relay.length > 0 ? ['packages/server'] : [])])
const results = await measureInProcess(local, { ...options, turns })
if (tabs.length > 0) results.push(...(await measureTabs(tabs, { ...options, turns })))
if (relay.length > 0) results.push(...(await measureRelay(relay, { ...options, turns: options.smoke ? 1 : 3 })))

if (options.smoke) {
  const runs = results.reduce((count, { libraries }) => count + libraries.length, 0)
  console.log(`${results.length} cases, ${runs} runs, everything heard, ${((performance.now() - started) / 1000).toFixed(1)} s`)
} else {
  const table = tableOf(results)
  const misses = missesOf(results)
  console.log(plain(table))
  console.log(misses.length === 0 ? 'all goals met' : `missed:\n${misses.map((miss) => `  ${miss}`).join('\n')}`)
  if (options.only === '') writeFileSync(new URL('results.md', import.meta.url), resultsFile(table, misses))
}

/** What users get is measured: the built packages. */
function build(projects) {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const { status, error } = spawnSync('node_modules/.bin/tsc', ['-b', ...projects], { cwd: root, stdio: 'inherit' })
  if (status !== 0) throw new Error(`The packages could not be built: ${error?.message ?? 'tsc failed'}`)
}

function resultsFile(table, misses) {
  const { devDependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
  const peers = Object.entries(devDependencies).filter(([name]) => !name.startsWith('@earshot/') && !['esbuild', 'playwright-core'].includes(name))
  return `# Results

Written by \`pnpm bench\` on ${new Date().toISOString().slice(0, 10)}: Node ${process.versions.node}, ${availableParallelism()} cores. Peers: ${peers.map(([name, version]) => `${name} ${version}`).join(', ')}.

Machines differ and drift, ratios hold: compare the libraries of one case with each other, not with figures from elsewhere.
In one process, every figure is the median of ${turns} fresh processes, the libraries taking turns; each process warms up, then gives its least
disturbed stretch of seven. Publishes are back to back. Between tabs, each library has fresh pages, and a figure is the median of ${turns} runs.
*To the first* divides a library's figure by that of the first one of its case.

${markdown(table)}

${misses.length === 0 ? 'All goals were met.' : `Missed:\n\n${misses.map((miss) => `- ${miss}`).join('\n')}`}
`
}
