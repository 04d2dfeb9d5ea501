import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@earshot/source', 'module', 'browser', 'development|production'] },
  ssr: { resolve: { conditions: ['@earshot/source', 'module', 'node', 'development|production'] } },
  test: {
    name: 'e2e',
    environment: 'node',
    include: ['test/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000, interval: 20 } },
    reporters: ['default', `${import.meta.dirname}/../scripts/plain-reporter.mjs`],
  },
})
