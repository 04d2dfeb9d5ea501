// The cases that need no browser, and how they are run: every library of a case in processes of its own, in turns, so that a machine
// that slows down slows all of them.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { median } from './report.mjs'

const emitters = ['earshot', 'nanoevents', 'mitt', 'node events', 'eventemitter3', 'eventemitter2', 'rxjs']
const run = promisify(execFile)

export const cases = [...dispatchCases(), ...wildcardCases(), ...memoryCases()]

/** Gives each case its figures. */
export async function measureInProcess(selected, { smoke, turns }) {
  const results = []
  for (const each of selected) {
    results.push({ ...each, figures: smoke ? await figuresOf(each, each.libraries, { ...each.task, ...each.small, smoke }) : await inTurns(each, turns) })
    if (!smoke) console.error(`measured: ${each.name}`)
  }
  return results
}

async function inTurns(each, turns) {
  const all = []
  for (let turn = 0; turn < turns; turn++) {
    const figures = {}
    for (const library of each.libraries) Object.assign(figures, await figuresOf(each, [library], each.task))
    all.push(figures)
  }
  return Object.fromEntries(each.libraries.map((library) => [library, median(all.map((figures) => figures[library]))]))
}

async function figuresOf({ script }, libraries, task) {
  const file = fileURLToPath(new URL(`./cases/${script}.mjs`, import.meta.url))
  const { stdout } = await run(process.execPath, ['--expose-gc', file, JSON.stringify({ libraries, ...task })])
  const figures = JSON.parse(stdout)
  for (const library of libraries) if (!Number.isFinite(figures[library])) throw new Error(`${library} gave no figure: ${stdout}`)
  return figures
}

function dispatchCases() {
  const goals = {
    1: [{ atMost: 1, times: 'mitt' }],
    10: [{ atMost: 1, times: 'mitt' }, { atMost: 1, times: 'eventemitter3' }],
    1000: [{ atMost: 1, times: 'mitt' }, { atMost: 2, times: 'nanoevents' }],
  }
  return Object.keys(goals).map((listeners) => ({
    name: `dispatch, exact topic, ${listeners} listener${listeners === '1' ? '' : 's'}`,
    script: 'dispatch',
    unit: 'ns',
    libraries: emitters,
    task: { listeners: Number(listeners) },
    small: {},
    goals: goals[listeners],
  }))
}

function wildcardCases() {
  return [1000, 100_000].flatMap((patterns) =>
    ['prepared', 'new'].map((strings) => {
      const [cached, bounded, uncached] = ['earshot, cache ≥ set', 'earshot, default cache', 'earshot, no cache']
      const [few, prepared] = [patterns === 1000, strings === 'prepared']
      return {
        name: `wildcards, ${patterns} patterns room/<n>/*, ${strings} strings`,
        script: 'wildcard',
        unit: 'ns',
        libraries: [cached, bounded, uncached, 'qlobber', 'qlobber, its splits cached', ...(few ? ['eventemitter2'] : []), 'bare Map.get + call'],
        task: { patterns, strings },
        small: { patterns: 50 },
        goals: [
          ...(few && prepared ? [{ of: cached, atMost: 1 / 5, times: 'qlobber' }] : []),
          ...(few ? [] : [{ of: cached, atMost: 2, times: 'bare Map.get + call' }, { of: bounded, atMost: 1, times: 'qlobber' }]),
          { of: uncached, atMost: 1, times: 'qlobber' },
        ],
      }
    }),
  )
}

function memoryCases() {
  return ['exact', 'wildcard'].map((form) => ({
    name: `memory, 100000 subscriptions to ${form} patterns`,
    script: 'memory',
    unit: 'bytes',
    libraries: form === 'exact' ? [...emitters, 'qlobber'] : ['earshot', 'eventemitter2', 'qlobber'],
    task: { patterns: 100_000, form },
    small: { patterns: 50 },
    goals: [{ atMost: 300 }],
  }))
}
