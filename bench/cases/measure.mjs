// What every case's process shares: its arguments, the clock, and how it answers.

/** The one argument: which libraries (only the smoke test has several in a process), how much of each, and whether this is only to see that it runs. */
export const task = JSON.parse(process.argv[2])

/** Prints a figure for each library asked for and ends, whatever a library may still have open. */
export async function answer(libraries, measure) {
  const figures = {}
  for (const library of task.libraries) figures[library] = await measure(libraries[library])
  process.stdout.write(JSON.stringify(figures), () => process.exit(0))
}

export function assertEqual(actual, expected, what) {
  if (actual !== expected) throw new Error(`${task.libraries}: ${what}: ${actual} instead of ${expected}`)
}

/**
 * Nanoseconds for one of the `count` calls that a `round` makes: the least disturbed of several stretches, after a warm-up.
 * `round` must do the same work each time.
 */
export function nanosecondsOf(round, count) {
  if (task.smoke) {
    round()
    return stretch(round, 1, count)
  }
  const rounds = repetitionsFor(round, 40)
  for (const end = performance.now() + 250; performance.now() < end; ) round()
  return Math.min(...Array.from({ length: 7 }, () => stretch(round, rounds, count)))
}

/** How often `round` fits into so many milliseconds, once. */
function repetitionsFor(round, duration) {
  for (let rounds = 1; ; rounds *= 2) {
    const start = performance.now()
    for (let i = 0; i < rounds; i++) round()
    const elapsed = performance.now() - start
    if (elapsed > duration / 4) return Math.max(1, Math.round((rounds * duration) / elapsed))
  }
}

function stretch(round, rounds, count) {
  const start = process.hrtime.bigint()
  for (let i = 0; i < rounds; i++) round()
  return Number(process.hrtime.bigint() - start) / rounds / count
}
