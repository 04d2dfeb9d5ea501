// Makes sure that Debian's Chromium and a font are there for the end-to-end tests, or says how to install them; `firefox` or `webkit` in its place, if told so.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const [name = 'chromium'] = process.argv.slice(2)
const known = { chromium: ['chromium'], firefox: ['firefox-esr'], webkit: ['WebKitWebDriver', 'webkit2gtk-driver', 'xvfb'] }[name]
if (!known) {
  console.error(`Nobody here knows ${name}: chromium, firefox and webkit are driven`)
  process.exit(1)
}
const [command, ...debian] = known
const program = `/usr/bin/${command}`
const font = '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf'
const packages = [...(debian.length > 0 ? debian : [command]), 'fonts-dejavu-core']

if (!existsSync(program) || !existsSync(font) || (name === 'webkit' && !existsSync('/usr/bin/Xvfb'))) {
  console.log(`installing ${packages.join(' and ')}`)
  install()
}
// WebKit's driver does not tell its version.
console.log(name === 'webkit' ? `${program} is there` : spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.trim())

function install() {
  const commands = [
    ['apt-get', '-qq', 'update'],
    ['apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=120', 'install', '-y', '--no-install-recommends', ...packages],
  ]
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND']
  for (const command of commands) {
    const [first, ...args] = [...prefix, ...command]
    const { status, error, stdout, stderr } = spawnSync(first, args, {
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 64 * 1024 * 1024,
    })
    if (status !== 0) fail(command.join(' '), error?.message ?? `${stdout}${stderr}`)
  }
  if (!existsSync(program)) fail(commands[1].join(' '), `${program} is still missing`)
}

function fail(command, reason) {
  console.error(`The end-to-end tests drive ${program}, which could not be installed.\n\`${command}\` said:\n${reason.trim()}\n`)
  console.error(`Install it by hand and run the tests again:\n  sudo apt-get update && sudo apt-get install -y ${packages.join(' ')}`)
  process.exit(1)
}
