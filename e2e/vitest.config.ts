import { defineConfig, type TestProjectInlineConfiguration, type ViteUserConfig } from 'vitest/config'

const demo = 'test/demo*.test.ts'

/** Tests that drive browsers. */
export function project(name: string, test: NonNullable<TestProjectInlineConfiguration['test']>): TestProjectInlineConfiguration {
  return {
    resolve: { conditions: ['@earshot/source', 'module', 'browser', 'development|production'] },
    ssr: { resolve: { conditions: ['@earshot/source', 'module', 'node', 'development|production'] } },
    test: { name, environment: 'node', testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 10_000, interval: 20 } }, ...test },
  }
}

/** Runs them, in this order. */
export function suite(projects: TestProjectInlineConfiguration[]): ViteUserConfig {
  return defineConfig({
    root: import.meta.dirname,
    test: { reporters: ['default', `${import.meta.dirname}/../scripts/plain-reporter.mjs`], maxWorkers: 2, projects },
  })
}

export default suite([
  // Here it matters how long something takes: nothing else runs beside it.
  project('e2e', { include: ['test/**/*.test.ts'], exclude: [demo], fileParallelism: false, sequence: { groupOrder: 0 } }),
  project('demo', { include: [demo], sequence: { groupOrder: 1 } }),
])
