// The cases between two tabs of a real Chromium, and how they are run: each library in two fresh tabs, in turns.
import { withBrowser } from '../browser.mjs'
import { median } from '../report.mjs'

const libraries = ['earshot', 'raw', 'broadcast-channel']
const batched = 'raw, arrays of 100'

/** `figure` asks the first of two tabs; of what it gives, the case has `one`. */
export const cases = [
  { name: 'tabs, one at a time, p50 one way', unit: 'ms', libraries, goals: [{ atMost: 1.2, times: 'raw' }], figure: pingPong, one: 'p50' },
  { name: 'tabs, one at a time, p99 one way', unit: 'ms', libraries, goals: [{ atMost: 1.2, times: 'raw' }], figure: pingPong, one: 'p99' },
  {
    name: 'tabs, burst of 10000 small messages',
    unit: 'messages/s',
    libraries: [...libraries, batched],
    goals: [{ atLeast: 5, times: 'raw' }, { atLeast: 5, times: 'broadcast-channel' }],
    figure: (tab, { smoke, batch }) => tab.ask('burst', smoke ? 200 : 10_000, 'small', batch),
  },
  {
    name: 'tabs, 2000 objects of 10 KB',
    unit: 'messages/s',
    libraries,
    goals: [{ atLeast: 1, times: 'raw' }],
    figure: (tab, { smoke }) => tab.ask('burst', smoke ? 20 : 2000, 'large', 1),
  },
  { name: 'tabs, a publish that no other wants', unit: 'ns', libraries, goals: [{ atMost: 1, times: 'raw' }], figure: unheard, one: 'ns' },
  { name: 'tabs, posts of 10000 such publishes', unit: 'posts', libraries, goals: [{ atMost: 0 }], figure: unheard, one: 'posts' },
  { name: 'tabs, a crash seen by the other', unit: 'ms', libraries: ['earshot'], goals: [{ atMost: 250 }], crash: true },
]

/** Gives each case its figures. */
export async function measureTabs(selected, { smoke, turns }) {
  const results = selected.map((each) => ({ ...each, figures: {}, all: new Map(each.libraries.map((library) => [library, []])) }))
  await withBrowser({ '/': { file: new URL('./page.mjs', import.meta.url) } }, async ({ context, open }) => {
    for (let turn = 0; turn < (smoke ? 1 : turns); turn++) {
      for (const library of [...libraries, batched]) {
        const own = results.filter((each) => each.figure && each.libraries.includes(library))
        if (own.length > 0) await inTwoTabs(open, library, own, smoke)
      }
      for (const each of results.filter(({ crash }) => crash)) each.all.get('earshot').push(await crashSeen(context, open))
      if (!smoke) console.error(`measured: tabs, turn ${turn + 1} of ${turns}`)
    }
  })
  for (const { all, figures } of results) for (const [library, each] of all) figures[library] = median(each)
  return results
}

/** All cases of one library, in two fresh tabs. What gives figures for several cases is done once. */
async function inTwoTabs(open, library, own, smoke) {
  const tabs = await openTwo(open, library === batched ? 'raw' : library)
  const known = new Map()
  try {
    await tabs[1].ask('listen')
    await tabs[0].ask('prepare')
    for (const { figure, one, all } of own) {
      if (!known.has(figure)) known.set(figure, await figure(tabs[0], { smoke, batch: library === batched ? 100 : 1 }))
      const figures = known.get(figure)
      all.get(library).push(one ? figures[one] : figures)
    }
  } finally {
    for (const tab of tabs) await tab.close()
  }
}

async function openTwo(open, library) {
  const tabs = await Promise.all([open(), open()])
  const channel = crypto.randomUUID()
  for (const tab of tabs) await tab.ask('open', library, channel)
  return tabs
}

function pingPong(tab, { smoke }) {
  return smoke ? tab.ask('pingPong', 10, 2) : tab.ask('pingPong', 2000, 500)
}

async function unheard(tab, { smoke }) {
  await tab.ask('unheard', 1000)
  return tab.ask('unheard', smoke ? 1000 : 10_000)
}

/** Milliseconds from the crash of one tab until the other shows it as gone. */
async function crashSeen(context, open) {
  const tabs = await openTwo(open, 'earshot')
  for (const tab of tabs) await tab.ask('enter')
  const [first, second] = tabs
  while ((await first.ask('members')) < 2);
  await first.ask('seeLeave')
  const devtools = await context.newCDPSession(second.page)
  const start = Date.now()
  devtools.send('Page.crash').catch(() => {}) // never answered: there is nobody left
  const seen = (await first.ask('left')) - start
  for (const tab of tabs) await tab.close()
  return seen
}
