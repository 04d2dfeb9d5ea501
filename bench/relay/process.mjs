// The processes that are measured: one for each relay, beside this one for the load.
import { fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export async function start(library, flags = []) {
  if (library === 'nats-server') return startNats()
  const child = fork(fileURLToPath(new URL('server.mjs', import.meta.url)), [library], { execArgv: ['--expose-gc', ...flags] })
  const [{ port }] = await once(child, 'message')
  return {
    ...readingsOf(child.pid),
    url: `ws://127.0.0.1:${port}/`,
    /** Frees what is free; gives what objects and buffers take then, in KB. */
    async free() {
      child.send('free')
      const [{ held }] = await once(child, 'message')
      return held
    },
    /** Closes the relay, and starts another one over the same log: sessions are forgotten. */
    async restart() {
      child.send('restart')
      await once(child, 'message')
    },
    async stop() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

async function startNats() {
  const port = await freePort()
  const config = join(mkdtempSync(join(tmpdir(), 'earshot-bench-')), 'nats.conf')
  writeFileSync(config, `listen: "127.0.0.1:${await freePort()}"\nwebsocket { listen: "127.0.0.1:${port}", no_tls: true }\n`)
  const child = spawn('nats-server', ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  await new Promise((resolve) => child.stderr.on('data', (data) => String(data).includes('Server is ready') && resolve()))
  return {
    ...readingsOf(child.pid),
    url: `ws://127.0.0.1:${port}/`,
    free: () => Promise.resolve(),
    async stop() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** Memory in KB and CPU time of a process, as the kernel counts them. */
function readingsOf(pid) {
  return {
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]),
    cpu: () => cpuOf(pid),
  }
}

/** CPU time of all threads of a process, in ms. */
export function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Whether this peer takes part: the smoke run leaves it out, since it is no npm package. */
export function hasNats(smoke) {
  if (smoke) return false
  if (spawnSync('nats-server', ['--version']).status === 0) return true
  const { status, stderr } = spawnSync('apt-get', ['-qq', 'install', '-y', 'nats-server'], { encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  if (status !== 0) throw new Error(`nats-server could not be installed: ${stderr}`)
  return true
}
