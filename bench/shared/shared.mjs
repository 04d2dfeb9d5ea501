// Tabs of a real Chromium that share one socket: how long they are without when the tab that has it crashes, or closes.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { withBrowser } from '../browser.mjs'

const TABS = 50
const ENDS = 10
/** Between two messages to all tabs, in milliseconds. */
const PACE = 20

export const cases = [
  ['one socket, 50 tabs, crash to first delivery, p50', 'crash', 0.5, 500],
  ['one socket, 50 tabs, crash to first delivery, p99', 'crash', 0.99, 500],
  ['one socket, 50 tabs, close to first delivery, p50', 'close', 0.5, 50],
  ['one socket, 50 tabs, close to first delivery, p99', 'close', 0.99, 50],
].map(([name, end, share, atMost]) => ({ name, unit: 'ms', libraries: ['earshot'], goals: [{ atMost }], end, share }))

/** Gives each case its figures: over all tabs and ends, in one run. */
export async function measureShared(selected, { smoke }) {
  // They may just have been built.
  const [{ createHub }, { webSocket }] = await Promise.all([import('@earshot/core'), import('@earshot/transport')])
  const [count, ends] = smoke ? [3, 1] : [TABS, ENDS]
  const relay = fork(fileURLToPath(new URL('../relay/server.mjs', import.meta.url)), ['earshot'])
  try {
    const [{ port }] = await once(relay, 'message')
    const url = `ws://127.0.0.1:${port}/`
    const hub = createHub({ transport: webSocket({ url, WebSocket }), onError: () => {} })
    const session = hub.openSession()
    await session.ready
    const timer = setInterval(() => void session.publish('stream', 'x'), PACE)
    const delays = await withBrowser({ '/': { file: new URL('./page.mjs', import.meta.url) } }, (browser) => run(browser, url, count, ends))
    clearInterval(timer)
    await hub.close()
    if (!smoke) console.error('measured: one socket')
    return selected.map(({ end, share, ...each }) => ({ ...each, figures: { earshot: percentile(delays[end], share) } }))
  } finally {
    relay.kill('SIGKILL')
  }
}

async function run({ context, open }, url, count, ends) {
  const opened = async () => {
    const tab = await open()
    await tab.ask('open', url)
    return tab
  }
  let tabs = []
  while (tabs.length < count) tabs.push(await opened())
  const delays = { crash: [], close: [] }
  for (let turn = 0; turn < 2 * ends; turn++) {
    const leader = await leaderOf(tabs)
    tabs = tabs.filter((tab) => tab !== leader)
    const end = turn % 2 === 0 ? 'crash' : 'close'
    const moment = end === 'crash' ? await crash(context, leader) : await close(leader, tabs[0])
    delays[end].push(...(await Promise.all(tabs.map((tab) => tab.ask('served', moment)))))
    tabs.push(await opened())
  }
  return delays
}

async function leaderOf(tabs) {
  for (;;) {
    const leads = await Promise.all(tabs.map((tab) => tab.ask('leads')))
    const index = leads.indexOf(true)
    if (index >= 0) return tabs[index]
  }
}

async function crash(context, { page }) {
  const devtools = await context.newCDPSession(page)
  const crashed = new Promise((resolve) => page.once('crash', resolve))
  const at = Date.now()
  devtools.send('Page.crash').catch(() => {}) // nobody is left to answer
  await crashed
  return at
}

/** The page itself says when. */
async function close(leader, witness) {
  const known = await witness.ask('goings')
  await leader.close()
  return witness.ask('going', known)
}

function percentile(all, share) {
  const sorted = [...all].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}
