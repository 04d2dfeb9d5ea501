// What hooks cost in a real Chromium, and how they are measured: each library in fresh pages, in turns.
import { withBrowser } from '../browser.mjs'
import { median } from '../report.mjs'
import { startSocketServer } from './socket-server.mjs'

const readers = ['earshot', 'hand-written', 'use-broadcast-channel', 'react-use-websocket', 'react-use-websocket, onMessage']
const bare = 'a bare useSyncExternalStore'
const crowds = ['earshot', 'hand-written', bare]
const rosters = ['earshot', 'earshot, 100 members', 'earshot, usePresenceCount', 'phoenix']
const load = 'react, 10000 messages/s into 10 readers'
const crowd = 'react, 1000 components, one member each, one changes'
const life = 'react, StrictMode, 10 remounts and 10 suspensions of 50 readers'
const page = new URL('./page.jsx', import.meta.url)

/** `figure` gives an object of figures for a library; of these, the case has `one`. */
export const cases = [
  { name: `${load}, commits a frame`, unit: 'commits', libraries: readers, goals: [{ atMost: 1 }], figure: underLoad, one: 'commitsAFrame' },
  { name: `${load}, renders a second`, unit: 'renders', libraries: readers, figure: underLoad, one: 'rendersASecond' },
  { name: `${load}, main thread busy`, unit: '%', libraries: readers, goals: [{ atMost: 50 }], figure: underLoad, one: 'busy' },
  { name: `${load}, longest time without a frame`, unit: 'ms', libraries: readers, goals: [{ atMost: 100 }], figure: underLoad, one: 'wait' },
  { name: `${load}, heap grown by`, unit: 'kB', libraries: readers, goals: [{ atMost: 500 }], figure: underLoad, one: 'grown' },
  { name: `${load}, not heard by a listener`, unit: 'messages', libraries: readers, goals: [{ atMost: 0 }], figure: underLoad, one: 'lost' },
  { name: `${crowd}, renders`, unit: 'renders', libraries: crowds, goals: [{ atMost: 1 }], figure: inACrowd, one: 'renders' },
  { name: `${crowd}, until React knows`, unit: 'µs', libraries: crowds, figure: inACrowd, one: 'known' },
  { name: `${crowd}, selection`, unit: 'µs', libraries: ['earshot'], goals: [{ atMost: 20 }], figure: inACrowd, one: 'selection' },
  { name: `${crowd}, main thread`, unit: 'µs', libraries: crowds, figure: inACrowd, one: 'busy' },
  {
    name: 'react, 10000 members, one changes, until React knows',
    unit: 'µs',
    libraries: rosters,
    goals: [{ atMost: 2, times: 'earshot, 100 members' }, { atMost: 0.1, times: 'phoenix' }],
    figure: inARoster,
    one: 'known',
  },
  { name: `${life}, subscriptions made`, unit: 'subscriptions', libraries: readers, goals: [{ atMost: 1 }], figure: remounted, one: 'opened' },
  { name: `${life}, left when they are gone`, unit: 'subscriptions', libraries: readers, goals: [{ atMost: 0 }], figure: remounted, one: 'left' },
]

/** Gives each case its figures. */
export async function measureReact(selected, { smoke, turns }) {
  const results = selected.map((each) => ({ ...each, figures: {}, all: new Map(each.libraries.map((library) => [library, []])) }))
  const server = await startSocketServer()
  try {
    await withBrowser({ '/': { file: page }, '/development': { file: page, mode: 'development' } }, async (browser) => {
      for (let turn = 0; turn < (smoke ? 1 : turns); turn++) {
        await inTurn(results, { ...browser, server, smoke })
        if (!smoke) console.error(`measured: react, turn ${turn + 1} of ${turns}`)
      }
    })
  } finally {
    server.close()
  }
  for (const { all, figures } of results) for (const [library, each] of all) figures[library] = median(each)
  return results
}

/** What gives figures for several cases is done once for each library. */
async function inTurn(results, browser) {
  for (const figure of new Set(results.map((each) => each.figure))) {
    const own = results.filter((each) => each.figure === figure)
    for (const library of new Set(own.flatMap(({ libraries }) => libraries))) {
      const figures = await figure(library, browser)
      for (const { all, one } of own) all.get(library)?.push(figures[one])
    }
  }
}

/** Messages from another tab, or from a server, into readers and a listener, for two seconds. */
async function underLoad(library, { context, open, server, smoke }) {
  const [count, rate] = smoke ? [500, 10_000] : [20_000, 10_000]
  const place = { channel: crypto.randomUUID(), url: server.url }
  const [sender, receiver] = [await open(), await open()]
  await receiver.ask('read', library, place, 10)
  const isSocket = library.startsWith('react-use-websocket')
  if (!isSocket) await sender.ask('prepare', library, place)
  await receiver.page.bringToFront()
  const send = (messages) => (isSocket ? server.send(messages, rate) : sender.ask('send', messages, rate))
  // Code that runs for the first time takes memory, and so do buffers that fill up to their bounds.
  await receiver.ask('begin')
  await send(count / 10)
  await receiver.ask('end')
  const warm = await heapOf(context, receiver)
  const busy = await watchMainThread(context, receiver)
  await receiver.ask('begin')
  await send(count)
  const { part, seconds } = await busy()
  const { renders, commits, frames, wait, heard } = await receiver.ask('end')
  const grown = ((await heapOf(context, receiver)) - warm) / 1000
  await sender.close()
  await receiver.close()
  if (commits === 0 || heard === 0) throw new Error(`${library} showed nothing: ${commits} commits, ${heard} of ${count} heard`)
  if (smoke && library === 'earshot' && heard < count) throw new Error(`Our listener heard ${heard} of ${count}`)
  return { commitsAFrame: commits / frames, rendersASecond: renders / seconds, busy: part * 100, wait, grown, lost: count - heard }
}

async function inACrowd(library, { context, open, smoke }) {
  const members = smoke ? 50 : 1000
  const times = smoke ? 5 : library === 'hand-written' ? 50 : 500 // each of its changes takes a tenth of a second
  const tab = await open()
  await tab.ask('gather', library, members, members)
  await tab.ask('change', times) // warm
  const busy = await watchMainThread(context, tab)
  const figures = await tab.ask('change', times)
  const { part, seconds } = await busy()
  await tab.close()
  return { ...figures, busy: ((part * seconds) / times) * 1e6 }
}

async function inARoster(library, { open, smoke }) {
  const [members, times] = smoke ? [100, 5] : [10_000, 200]
  const tab = await open()
  await tab.ask('gather', library.replace(', 100 members', ''), library.includes('100') ? 100 : members, 1)
  await tab.ask('change', times) // warm
  const figures = await tab.ask('change', times)
  await tab.close()
  return figures
}

async function remounted(library, { open, server, smoke }) {
  const tab = await open('/development')
  const figures = await tab.ask('remounts', library, { channel: crypto.randomUUID(), url: server.url }, ...(smoke ? [5, 2] : [50, 10]))
  await tab.close()
  return figures
}

/** Begins to watch how busy a page's main thread is; the result ends that. */
async function watchMainThread(context, { page }) {
  const devtools = await context.newCDPSession(page)
  await devtools.send('Performance.enable')
  const read = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics')
    const value = (wanted) => metrics.find(({ name }) => name === wanted).value
    return { busy: value('TaskDuration'), time: value('Timestamp') }
  }
  const before = await read()
  return async () => {
    const after = await read()
    const seconds = after.time - before.time
    return { part: (after.busy - before.busy) / seconds, seconds }
  }
}

/** Bytes that a page's scripts hold when nothing is left to be collected. */
async function heapOf(context, { page }) {
  const devtools = await context.newCDPSession(page)
  await devtools.send('Performance.enable')
  await devtools.send('HeapProfiler.collectGarbage')
  const { metrics } = await devtools.send('Performance.getMetrics')
  await devtools.detach()
  return metrics.find(({ name }) => name === 'JSHeapUsedSize').value
}
