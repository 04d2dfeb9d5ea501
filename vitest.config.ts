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
  /** Which React the tests get. @default the one that is installed */
  react?: '18'
  env?: Record<string, string>
}

function project({ folder, react, ...test }: Project): TestProjectInlineConfiguration {
  return {
    root: folder,
    resolve: { conditions: [...conditions, 'module', 'browser', 'development|production'], alias: react === '18' ? react18 : [] },
    ssr: { resolve: { conditions: [...conditions, 'module', 'node', 'development|production'] } },
    // A machine that is busy with other things is slow, not wrong.
    test: { testTimeout: 30_000, ...test },
  }
}

/** Everything random in a test comes from one seed. */
const seeded = [`${import.meta.dirname}/scripts/one-seed.ts`]

const tests = `${import.meta.dirname}/packages/react/test`
/** A folder in which React 18 is installed, with a Testing Library that finds it there. */
const react18 = [{ find: /^(react|react-dom|@testing-library\/react)(?=\/|$)/, replacement: `${tests}/react-18/node_modules/$1` }]

/** The React tests, under one major version: some need what the older one does not have. */
function reactProjects(major: '18' | '19'): TestProjectInlineConfiguration[] {
  const [suffix, missing] = major === '18' ? ['-18', ['test/**/*.react-19.test.tsx']] : ['', []]
  const shared = { folder: 'packages/react', ...(major === '18' && { react: major }), env: { REACT: major } }
  return [
    project({
      ...shared,
      name: `react${suffix}`,
      environment: 'happy-dom',
      include: ['test/**/*.test.{ts,tsx}'],
      exclude: ['test/**/*.ssr.test.tsx', ...missing],
      setupFiles: [`${tests}/setup.ts`, ...(major === '18' ? [`${tests}/react-18/setup.ts`] : [])],
    }),
    project({ ...shared, name: `react-ssr${suffix}`, environment: 'node', include: ['test/**/*.ssr.test.tsx'], exclude: missing }),
  ]
}

export default defineConfig({
  test: {
    reporters: ['default', './scripts/plain-reporter.mjs'],
    // One core is left free by default: half of a machine with two.
    maxWorkers: '100%',
    coverage: { provider: 'v8', include: ['packages/*/src/**'], reportsDirectory: 'coverage' },
    projects: [
      project({ name: 'core', folder: 'packages/core', environment: 'node', include: ['test/**/*.test.ts'], setupFiles: seeded }),
      project({ name: 'transport', folder: 'packages/transport', environment: 'node', include: ['test/**/*.test.ts'], setupFiles: seeded }),
      project({ name: 'server', folder: 'packages/server', environment: 'node', include: ['test/**/*.test.ts'], setupFiles: seeded }),
      ...reactProjects('19'),
      ...reactProjects('18'),
    ],
  },
})
