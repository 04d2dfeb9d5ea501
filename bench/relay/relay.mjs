// The cases of the relay: a process for it, this one for the load, both on this machine.
import { median } from '../report.mjs'
import { protocols } from './clients.mjs'
import { again, closeAll, counter, openAll, payload, rowsOf, settled } from './load.mjs'
import { cpuOf, hasNats, start } from './process.mjs'
import { slowReader } from './slow-reader.mjs'

const peers = ['earshot', 'ws', 'socket.io', 'nats-server']
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
    also: [
      { name: 'relay, CPU a delivery in these bursts', unit: 'µs', goals: [{ atMost: 1, times: 'ws' }] },
      { name: 'relay, how busy it is in these bursts', unit: '% of a core' },
      { name: 'relay, how busy the load is in these bursts', unit: '% of a core' },
    ],
  },
  { name: 'relay, 1000 clients back after a restart, 100 messages missed by each', unit: 's', libraries: ['earshot'], goals: [{ atMost: 3 }], figure: comeBack },
  { name: 'relay, 10000 messages missed by one', unit: 's', libraries: ['earshot'], goals: [{ atMost: 1 }], figure: missedMany },
  {
    name: 'relay, memory for one that does not read for a minute, 10000 messages/s',
    unit: 'KB',
    libraries: ['earshot'],
    goals: [{ atMost: 256 }],
    figure: slowReader,
    also: [
      { name: 'relay, what another hears meanwhile', unit: 'messages/s', libraries: ['all read', 'one does not'], goals: [{ of: 'one does not', atLeast: 0.99, times: 'all read' }] },
      { name: 'relay, how late it hears it, p99', unit: 'ms', libraries: ['all read', 'one does not'] },
      { name: 'relay, how late it hears it, at worst', unit: 'ms', libraries: ['all read', 'one does not'] },
    ],
  },
]

/** Gives each case its figures, and those that come of the same runs, as cases of their own. */
export async function measureRelay(selected, { smoke, turns }) {
  const results = []
  for (const each of selected) {
    const libraries = each.libraries.filter((library) => library !== 'nats-server' || hasNats(smoke))
    const cases = [each, ...(each.also ?? [])].map((shown) => ({ goals: [], ...shown, libraries: shown.libraries ?? libraries, readings: new Map() }))
    for (let turn = 0; turn < (smoke ? 1 : turns); turn++) {
      for (const library of libraries) {
        const relay = await start(library, each.flags)
        try {
          // Of a reading that is no number, each row has its own.
          const readings = [await each.figure(library, relay, smoke)].flat()
          for (const [index, reading] of readings.entries()) {
            for (const [row, figure] of Object.entries(typeof reading === 'number' ? { [library]: reading } : reading)) {
              cases[index].readings.set(row, [...(cases[index].readings.get(row) ?? []), figure])
            }
          }
        } finally {
          await relay.stop()
        }
      }
    }
    for (const { readings, goals, ...shown } of cases) {
      const figures = Object.fromEntries([...readings].map(([row, all]) => [row, median(all)]))
      results.push({ ...shown, goals: goals.filter(({ times }) => !times || times in figures), figures })
    }
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

/** How fast it goes, and whether that is the relay's limit or the load's: all clients are in one process, which is as busy as it. */
async function bursts(library, relay, smoke) {
  const [listeners, rounds] = smoke ? [10, 2] : [500, 40]
  const count = counter()
  const sockets = await openAll(library, relay, listeners, count.heard)
  const publisher = await protocols[library].open(relay.url, () => {})
  await settled(library, sockets, publisher, count, listeners)
  const before = { relay: relay.cpu(), load: cpuOf(process.pid) }
  const start = performance.now()
  for (let i = 1; i <= rounds; i++) {
    protocols[library].publish(publisher, payload, 100)
    await count.reach(i * 100 * listeners)
  }
  const took = performance.now() - start
  const spent = { relay: relay.cpu() - before.relay, load: cpuOf(process.pid) - before.load }
  const deliveries = rounds * 100 * listeners
  closeAll([...sockets, publisher])
  return [deliveries / (took / 1000), (spent.relay / deliveries) * 1000, (spent.relay / took) * 100, (spent.load / took) * 100]
}

/** The relay forgets all sessions, its log stays; from the first that comes back until each has heard what it missed, once and in order. */
async function comeBack(library, relay, smoke) {
  const clients = smoke ? 10 : 1000
  const states = await openAll(library, relay, clients)
  closeAll(states)
  const count = counter()
  const publisher = await protocols[library].open(relay.url, count.heard)
  protocols[library].publish(publisher, payload, 100)
  await count.reach(100)
  closeAll([publisher])
  await relay.restart()
  const rows = states.map(() => rowsOf())
  const back = counter()
  const start = performance.now()
  const sockets = await Promise.all(states.map((state, index) => again(library, relay, state, rows[index].heardWith(back.heard))))
  await back.reach(clients * 100)
  const figure = (performance.now() - start) / 1000
  // What should not come has time to come.
  await new Promise((resolve) => setTimeout(resolve, 200))
  for (const { offsets } of rows) checkRow(offsets, 100)
  closeAll(sockets)
  return figure
}

/** @throws Error unless so many came, each later in the log than the one before */
function checkRow(offsets, messages) {
  const isRising = offsets.every((offset, index) => index === 0 || offset > offsets[index - 1])
  if (offsets.length !== messages || !isRising) throw new Error(`a client heard ${offsets.length} messages instead of ${messages}${isRising ? '' : ', not in order'}: ${offsets.join()}`)
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
