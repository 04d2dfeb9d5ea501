// Everything `npm test` proves, in order. Stops after the first stage that fails; the last line counts tests and steps alike.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { closingLine } from './closing-line.mjs'

/** Names of package.json scripts. Those of one stage run side by side: the light ones only, two cores are all there is. */
const stages = [['browser', 'types', 'lint'], ['unit'], ['build:demo', 'size', 'publint'], ['attw', 'knip', 'bench:smoke'], ['e2e']]
/** These count each of their tests; any other script counts as one check. */
const suites = new Set(['unit', 'e2e'])

/** No step may take longer than this, in milliseconds. */
const limit = 12 * 60_000

const running = new Set()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    running.forEach(stop)
    process.exit(1)
  })
}

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
const total = { passed: 0, failed: 0, skipped: 0 }
const started = performance.now()
const notRun = stages.flat()

mkdirSync('.cache', { recursive: true })
for (const stage of stages) {
  notRun.splice(0, stage.length)
  await Promise.all(stage.map((name) => step(name, stage.length === 1)))
  if (total.failed > 0) break
}
if (notRun.length > 0) console.log(`not run: ${notRun.join(', ')}`)
console.log(`total ${seconds(started)}`)
console.log(closingLine(total))
process.exitCode = total.failed > 0 ? 1 : 0

/** Runs one script. Alone it speaks at once, beside others when it is done. */
async function step(name, alone) {
  const start = performance.now()
  const countsFile = `.cache/${name}-counts.json`
  rmSync(countsFile, { force: true })
  if (alone) console.log(`\n─ ${name}`)
  const { ok, output } = await run(scripts[name], { TEST_COUNTS: countsFile }, alone)
  if (!alone) console.log(`\n─ ${name}\n${output.trimEnd()}`)
  console.log(`${ok ? '✓' : '✗'} ${name} ${seconds(start)}`)
  const counts = suites.has(name) ? readCounts(countsFile, ok) : { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 }
  for (const key of Object.keys(total)) total[key] += counts[key]
}

/** Each command leads a process group, so that a hung one ends with all that it started. */
function run(command, env, alone) {
  const output = alone ? 'inherit' : 'pipe'
  const child = spawn(command, { shell: true, detached: true, stdio: ['ignore', output, output], env: { ...process.env, ...env } })
  running.add(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (said += text))
  const deadline = setTimeout(() => {
    said += `\nstopped after ${limit / 1000} s\n`
    if (alone) console.log(`\nstopped after ${limit / 1000} s`)
    stop(child)
  }, limit)
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(deadline)
      running.delete(child)
      resolve({ ok: code === 0, output: said })
    })
  })
}

function stop(child) {
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

/** A suite that died without counting, or that counted nothing, is one failure. */
function readCounts(file, ok) {
  let counts = { passed: 0, failed: 0, skipped: 0 }
  try {
    counts = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    ok = false
  }
  const sound = ok ? counts.passed > 0 : counts.failed > 0
  return sound ? counts : { ...counts, failed: counts.failed + 1 }
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
