import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/** Tests read the sources: `resolve` serves the browser-like environment, `ssr.resolve` the node one. */
const conditions = ['@earshot/source']

interface Project {
  name: string
  folder: string
  environment: 'node' | 'happy-dom'
  include: string[]
  exclude?: string[]
  setupFiles?: string[]
}

function project({ folder, ...test }: Project): TestProjectInlineConfiguration {
  return {
    root: folder,
    resolve: { conditions: [...conditions, 'module', 'browser', 'development|production'] },
    ssr: { resolve: { conditions: [...conditions, 'module', 'node', 'development|production'] } },
    test,
  }
}

export default defineConfig({
  test: {
    reporters: ['default', './scripts/plain-reporter.mjs'],
    coverage: { provider: 'v8', include: ['packages/*/src/**'], reportsDirectory: 'coverage' },
    projects: [
      project({ name: 'core', folder: 'packages/core', environment: 'node', include: ['test/**/*.test.ts'] }),
      project({ name: 'transport', folder: 'packages/transport', environment: 'node', include: ['test/**/*.test.ts'] }),
      project({
        name: 'react',
        folder: 'packages/react',
        environment: 'happy-dom',
        include: ['test/**/*.test.{ts,tsx}'],
        exclude: ['test/**/*.ssr.test.tsx'],
        setupFiles: [`${import.meta.dirname}/packages/react/test/setup.ts`],
      }),
      project({ name: 'react-ssr', folder: 'packages/react', environment: 'node', include: ['test/**/*.ssr.test.tsx'] }),
    ],
  },
})
