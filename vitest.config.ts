import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/** Tests read the sources: `resolve` serves the browser-like environment, `ssr.resolve` the node one. */
const conditions = ['@earshot/source']

function project(name: string, folder: string, environment: string, include: string[], exclude: string[] = []): TestProjectInlineConfiguration {
  return {
    root: folder,
    resolve: { conditions: [...conditions, 'module', 'browser', 'development|production'] },
    ssr: { resolve: { conditions: [...conditions, 'module', 'node', 'development|production'] } },
    test: { name, environment, include, exclude },
  }
}

export default defineConfig({
  test: {
    reporters: ['default', './scripts/plain-reporter.mjs'],
    coverage: { provider: 'v8', include: ['packages/*/src/**'], reportsDirectory: 'coverage' },
    projects: [
      project('core', 'packages/core', 'node', ['test/**/*.test.ts']),
      project('transport', 'packages/transport', 'node', ['test/**/*.test.ts']),
      project('react', 'packages/react', 'happy-dom', ['test/**/*.test.{ts,tsx}'], ['test/**/*.ssr.test.tsx']),
      project('react-ssr', 'packages/react', 'node', ['test/**/*.ssr.test.tsx']),
    ],
  },
})
