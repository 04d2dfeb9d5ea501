// The cases of the relay: a process for it, this one for the load, both on this machine.
import { fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from '../report.mjs'
import { protocols } from './clients.mjs'

const peers = ['earshot', 'ws', 'socket.io', 'nats-server']
const payload = 'x'.repeat(100)
/** By default a process takes up to 48 MB for what is new, whatever it is doing: divided by the connections, that would outweigh all they hold. */
const SMALL_NURSERY = ['--max-semi-space-size=1']

export const cases = [
  { name: 'relay, idle memory a connection', unit: 'KB', libraries: peers.slice(0, 3), goals: [{ atMost: 8 }], figure: idleMemory, flags: SMALL_NURSERY },
  { name: 'relay, CPU a delivery, paced', unit: 'µs', libraries: peers, goals: [{ atMost: 1, times: 'ws' }], figure: pacedCpu },
  {
    name: 'relay, deliveries to 500 in bursts of 100',
    unit: 'deliveries/s',
    libraries: peers,
    goals: [{ atLeast: 5, times: 'socket.io' }, { atLeast: 4, times: 'nats-server' }],
    figure: bursts,
  },
  { name: 'relay, 1000 clients back, 100 messages missed by each', unit: 's', libraries: ['earshot'], goals: [{ atMost: 3 }], figure: comeBack },
  { name: 'relay, 10000 messages missed by one', unit: 's', libraries: ['earshot'], goals: [{ atMost: 1 }], figure: missedMany },
  { name: 'relay, memory for one that does not read, 10000 messages/s', unit: 'KB', libraries: ['earshot'], goals: [{ atMost: 256 }], figure: slowReader },
]

/** Gives each case its figures. */
export async function measureRelay(selected, { smoke, turns }) {
  const results = []
  for (const each of selected) {
    const libraries = each.libraries.filter((library) => library !== 'nats-server' || hasNats(smoke))
    const all = new Map(libraries.map((library) => [library, []]))
    for (let turn = 0; turn < (smoke ? 1 : turns); turn++) {
      for (const library of libraries) {
        const relay = await start(library, each.flags)
        try {
          all.get(library).push(await each.figure(library, relay, smoke))
        } finally {
          await relay.stop()
        }
      }
    }
    results.push({ ...each, libraries, goals: each.goals.filter(({ times }) => !times || libraries.includes(times)), figures: Object.fromEntries([...all].map(([library, figures]) => [library, median(figures)])) })
    if (!smoke) console.error(`measured: ${each.name}`)
  }
  return results
}

async function idleMemory(library, relay, smoke) {
  const count = smoke ? 50 : 2000
  const sockets = await openAll(library, relay, 20)
  await relay.free()
  const before = relay.memory()
  sockets.push(...(await openAll(library, relay, count)))
  await relay.free()
  const figure = (relay.memory() - before) / count
  closeAll(sockets)
  return figure
}

/** 20 messages a second to 500: what the relay works for each delivery. */
async function pacedCpu(library, relay, smoke) {
  const [listeners, messages] = smoke ? [10, 5] : [500, 100]
  const count = counter()
  const sockets = await openAll(library, relay, listeners, count.heard)
  const publisher = await protocols[library].open(relay.url, () => {})
  await settled(library, sockets, publisher, count, listeners)
  const before = relay.cpu()
  for (let i = 1; i <= messages; i++) {
    protocols[library].publish(publisher, payload, 1)
    await Promise.all([count.reach(i * listeners), new Promise((resolve) => setTimeout(resolve, smoke ? 1 : 50))])
  }
  const figure = ((relay.cpu() - before) / (messages * listeners)) * 1000
  closeAll([...sockets, publisher])
  return figure
}

async function bursts(library, relay, smoke) {
  const [listeners, rounds] = smoke ? [10, 2] : [500, 40]
  const count = counter()
  const sockets = await openAll(library, relay, listeners, count.heard)
  const publisher = await protocols[library].open(relay.url, () => {})
  await settled(library, sockets, publisher, count, listeners)
  const start = performance.now()
  for (let i = 1; i <= rounds; i++) {
    protocols[library].publish(publisher, payload, 100)
    await count.reach(i * 100 * listeners)
  }
  const figure = (rounds * 100 * listeners) / ((performance.now() - start) / 1000)
  closeAll([...sockets, publisher])
  return figure
}

async function comeBack(library, relay, smoke) {
  const clients = smoke ? 10 : 1000
  const states = await openAll(library, relay, clients)
  for (const { socket } of states) socket.terminate()
  const count = counter()
  const publisher = await protocols[library].open(relay.url, count.heard)
  protocols[library].publish(publisher, payload, 100)
  await count.reach(100)
  const back = counter()
  const start = performance.now()
  const sockets = await Promise.all(states.map((state) => again(library, relay, state, back.heard)))
  await back.reach(clients * 100)
  const figure = (performance.now() - start) / 1000
  if (back.total() !== clients * 100) throw new Error(`${back.total()} messages came instead of ${clients * 100}`)
  closeAll([...sockets, publisher])
  return figure
}

async function missedMany(library, relay, smoke) {
  const messages = smoke ? 100 : 10_000
  const [state] = await openAll(library, relay, 1)
  state.socket.terminate()
  const count = counter()
  const publisher = await protocols[library].open(relay.url, count.heard)
  protocols[library].publish(publisher, payload, messages)
  await count.reach(messages)
  const back = counter()
  const start = performance.now()
  const socket = await again(library, relay, state, back.heard)
  await back.reach(messages)
  const figure = (performance.now() - start) / 1000
  closeAll([socket, publisher])
  return figure
}

/**
 * What the relay holds more while one client does not read, and another goes on, than while both read: after as many messages each, so that what the log
 * keeps and has not tidied up yet is the same.
 */
async function slowReader(library, relay, smoke) {
  const count = counter()
  const [reader] = await openAll(library, relay, 1, count.heard)
  const [slow] = await openAll(library, relay, 1)
  const publisher = await protocols[library].open(relay.url, () => {})
  let rounds = 0
  const burst = async (more) => {
    for (let i = 0; i < more; i++) {
      protocols[library].publish(publisher, payload, 100)
      await Promise.all([count.reach(++rounds * 100), new Promise((resolve) => setTimeout(resolve, 10))])
    }
    return relay.free()
  }
  // The log is full before anything is measured, and is tidied up once in 20,000 messages.
  await burst(smoke ? 2 : 400)
  const before = await burst(smoke ? 20 : 1000)
  slow.socket._socket.pause()
  const after = await burst(smoke ? 20 : 1000)
  closeAll([reader, slow, publisher])
  return Math.max(0, after - before)
}

function again(library, relay, { secret, tag, record, epoch, offset, attach }, heard) {
  return protocols[library].open(relay.url, heard, { secret, tag, record, position: `${epoch}.${offset}`, attach: attach + 1 })
}

/** Waits until a message reaches everybody, since a subscription may be on its way. */
async function settled(library, sockets, publisher, count, listeners) {
  for (;;) {
    count.reset()
    protocols[library].publish(publisher, payload, 1)
    const all = await Promise.race([count.reach(listeners).then(() => true), new Promise((resolve) => setTimeout(resolve, 200, false))])
    if (all) return count.reset()
  }
}

function counter() {
  let total = 0
  let waiting
  return {
    heard: (count) => {
      total += count
      if (waiting && total >= waiting.goal) waiting.resolve()
    },
    total: () => total,
    reset() {
      total = 0
      waiting = undefined
    },
    reach: (goal) => (total >= goal ? Promise.resolve() : new Promise((resolve) => (waiting = { goal, resolve }))),
  }
}

async function openAll(library, relay, count, heard = () => {}) {
  const sockets = []
  // Not all at once: the backlog of a listening socket is short.
  while (sockets.length < count) {
    const some = Math.min(100, count - sockets.length)
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => protocols[library].open(relay.url, heard)))))
  }
  return sockets
}

function closeAll(states) {
  for (const { socket } of states) socket.terminate()
}

async function start(library, flags = []) {
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

/** Memory in KB and CPU time in ms of a process, as the kernel counts them. */
function readingsOf(pid) {
  return {
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]),
    cpu() {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
      return (Number(fields[11]) + Number(fields[12])) * 10
    },
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The smoke run leaves this peer out: it is no npm package. */
function hasNats(smoke) {
  if (smoke) return false
  if (spawnSync('nats-server', ['--version']).status === 0) return true
  const { status, stderr } = spawnSync('apt-get', ['-qq', 'install', '-y', 'nats-server'], { encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  if (status !== 0) throw new Error(`nats-server could not be installed: ${stderr}`)
  return true
}
