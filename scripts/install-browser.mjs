// Makes sure that Debian's Chromium and a font are there for the end-to-end tests, or says how to install them.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const chromium = '/usr/bin/chromium'
const font = '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf'
const packages = ['chromium', 'fonts-dejavu-core']

if (!existsSync(chromium) || !existsSync(font)) {
  console.log(`installing ${packages.join(' and ')}`)
  install()
}
console.log(spawnSync(chromium, ['--version'], { encoding: 'utf8' }).stdout.trim())

function install() {
  const commands = [
    ['apt-get', '-qq', 'update'],
    ['apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=120', 'install', '-y', '--no-install-recommends', ...packages],
  ]
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND']
  for (const command of commands) {
    const [program, ...args] = [...prefix, ...command]
    const { status, error, stdout, stderr } = spawnSync(program, args, {
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 64 * 1024 * 1024,
    })
    if (status !== 0) fail(command.join(' '), error?.message ?? `${stdout}${stderr}`)
  }
  if (!existsSync(chromium)) fail(commands[1].join(' '), `${chromium} is still missing`)
}

function fail(command, reason) {
  console.error(`The end-to-end tests drive ${chromium}, which could not be installed.\n\`${command}\` said:\n${reason.trim()}\n`)
  console.error(`Install it by hand and run the tests again:\n  sudo apt-get update && sudo apt-get install -y ${packages.join(' ')}`)
  process.exit(1)
}
