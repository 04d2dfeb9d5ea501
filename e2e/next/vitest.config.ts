import { project, suite } from '../vitest.config.ts'

// Next.js is too heavy for every run of the tests: it takes 370 MB, and a minute or more to build.
export default suite([project('next', { include: ['next/**/*.test.ts'], hookTimeout: 600_000 })])
