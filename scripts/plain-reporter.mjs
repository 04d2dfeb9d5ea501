// Ends a vitest run with `N passed, N failed`, and leaves the counts in the file that TEST_COUNTS names.
import { writeFileSync } from 'node:fs'
import { closingLine } from './closing-line.mjs'

export default class PlainReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state]++
      if (module.errors().length > 0) counts.failed++ // the file itself could not be loaded
    }
    if (process.env.TEST_COUNTS) writeFileSync(process.env.TEST_COUNTS, JSON.stringify(counts))
    console.log(closingLine(counts))
  }
}
