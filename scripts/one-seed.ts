import fc from 'fast-check'

/**
 * The same cases are tried in every run, so that a red run is about the change at hand; `FUZZ_SEED` tries others, and
 * `pnpm fuzz` does so again and again.
 */
fc.configureGlobal({ seed: Number(process.env['FUZZ_SEED'] ?? 996_679_900) })
