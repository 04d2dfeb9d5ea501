// Measures Earshot beside its peers, in the same run, and writes results.md.
//   --smoke            one small round of each case: does it run, and is everything heard? No figures.
//   --turns <count>    how often each case is measured; figures are medians. 5 by default, 3 at the relay
//   <text>             only the cases whose name holds the text: `pnpm bench react`. Writes no file
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cases as inProcess, measureInProcess } from './in-process.mjs'
import { cases as inReact, measureReact } from './react/react.mjs'
import { markdown, missesOf, plain, tableOf } from './report.mjs'
import { cases as atRelay, measureRelay } from './relay/relay.mjs'
import { cases as ofOneSocket, measureShared } from './shared/shared.mjs'
import { cases as betweenTabs, measureTabs } from './tabs/tabs.mjs'

const { values, positionals } = parseArgs({ options: { smoke: { type: 'boolean', default: false }, turns: { type: 'string' } }, allowPositionals: true })
const { smoke } = values
const turns = Number(values.turns ?? 5)
const wanted = positionals.join(' ')
const suites = [
  { cases: inProcess, measure: measureInProcess, packages: [] },
  { cases: betweenTabs, measure: measureTabs, packages: ['packages/transport'] },
  { cases: atRelay, measure: measureRelay, packages: ['packages/server'], turns: Number(values.turns ?? 3) },
  { cases: ofOneSocket, measure: measureShared, packages: ['packages/server'] },
  { cases: inReact, measure: measureReact, packages: ['packages/transport', 'packages/react'] },
]
const selected = suites.map((suite) => ({ ...suite, cases: suite.cases.filter(({ name }) => name.includes(wanted)) })).filter(({ cases }) => cases.length > 0)
if (selected.length === 0) {
  const names = suites.flatMap(({ cases }) => cases.map(({ name }) => `  ${name}`))
  console.error(`No case has "${wanted}" in its name. There are:\n${names.join('\n')}`)
  process.exit(1)
}

const started = performance.now()
build(['packages/core', ...new Set(selected.flatMap(({ packages }) => packages))])
const results = []
for (const { cases, measure, turns: own = turns } of selected) results.push(...(await measure(cases, { smoke, turns: own })))

if (smoke) {
  const runs = results.reduce((count, { libraries }) => count + libraries.length, 0)
  console.log(`${results.length} cases, ${runs} runs, everything heard, ${((performance.now() - started) / 1000).toFixed(1)} s`)
} else {
  const table = tableOf(results)
  const misses = missesOf(results)
  console.log(plain(table))
  console.log(misses.length === 0 ? 'all goals met' : `missed:\n${misses.map((miss) => `  ${miss}`).join('\n')}`)
  if (wanted === '') writeFileSync(new URL('results.md', import.meta.url), resultsFile(table, misses))
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
disturbed stretch of seven. Publishes are back to back. Between tabs and in React, each library has fresh pages, and a figure is the median of
${turns} runs. *Until React knows* is from the news of a change until a component that shows it is marked for a render, without what the browser
takes to plan a frame; *selection* is the part of it that finds the component. Readers that are starved commit less than once a frame, too: see
how busy the main thread is, and the longest time without a frame. *Heap grown by* is what the page holds, after garbage was collected, more than
it did after a tenth of the load.
*To the first* divides a library's figure by that of the first one of its case.

${markdown(table)}

${misses.length === 0 ? 'All goals were met.' : `Missed:\n\n${misses.map((miss) => `- ${miss}`).join('\n')}`}
`
}
