import { project, suite } from '../vitest.config.ts'

// Other browsers than the one that `check` installs.
export default suite([project('browsers', { include: ['browsers/**/*.test.ts'], fileParallelism: false })])
