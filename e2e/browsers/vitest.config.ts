import { defineConfig } from 'vitest/config'
import e2e from '../vitest.config.ts'

// Other browsers than the one that `check` installs.
export default defineConfig({ ...e2e, test: { ...e2e.test, name: 'browsers', include: ['browsers/**/*.test.ts'] } })
