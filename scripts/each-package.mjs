// Runs a command in the folder of every published package: node scripts/each-package.mjs publint --strict
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

const [program, ...args] = process.argv.slice(2)
let failed = false
for (const name of readdirSync('packages').sort()) {
  const { status, error } = spawnSync(program, args, { cwd: `packages/${name}`, stdio: 'inherit' })
  if (error) console.error(error.message)
  if (status !== 0) failed = true
}
process.exitCode = failed ? 1 : 0
