import { defineConfig } from 'vitest/config'
import e2e from '../vitest.config.ts'

// Next.js is too heavy for every run of the tests: it takes 370 MB, and a minute or more to build.
export default defineConfig({ ...e2e, test: { ...e2e.test, name: 'next', include: ['next/**/*.test.ts'], hookTimeout: 600_000 } })
