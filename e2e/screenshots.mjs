// Pictures of the built demo, made by several real tabs: all in e2e/artifacts, those of the README in docs.
import { mkdirSync } from 'node:fs'
import { launch } from 'puppeteer-core'
import { build, preview } from 'vite'

const root = `${import.meta.dirname}/../apps/demo`
const artifacts = `${import.meta.dirname}/artifacts`
const docs = `${import.meta.dirname}/../docs`
const by = (id) => `[data-testid="${id}"]`

mkdirSync(artifacts, { recursive: true })
await build({ root, logLevel: 'error' })
const server = await preview({ root, logLevel: 'error', preview: { port: 0 } })
const url = server.resolvedUrls.local[0]
const browser = await launch({ executablePath: '/usr/bin/chromium', headless: true, args: ['--no-sandbox', '--disable-gpu', '--hide-scrollbars'] })

/** Scenes by name; one that is named on the command line is made alone. */
const scenes = {
  async alone(open) {
    const [ada] = await open(1280, 800, ['Ada'])
    return ada
  },
  async light(open) {
    const [ada] = await open(1280, 800, ['Ada', 'Bob', 'Cleo', 'Bob'])
    await talk(ada)
    return ada
  },
  async dark(open) {
    const [ada, bob] = await open(1280, 1310, ['Ada', 'Bob', 'Cleo'])
    await ada.click(by('theme-dark') + ' + span')
    await ada.waitForFunction(() => document.documentElement.dataset.theme === 'dark')
    await enter(ada, bob)
    await talk(ada)
    return ada
  },
  async trials(open) {
    const [ada, bob] = await open(1280, 1500, ['Ada', 'Bob', 'Cleo'])
    await enter(ada, bob)
    await ada.click(by('more'))
    await ada.waitForSelector(by('trials'))
    await settle(ada)
    await ada.click(by('burst'))
    await hold(ada)
    return ada
  },
  async relay(open) {
    const [ada, bob] = await open(1280, 1310, ['Ada', 'Bob'], '?reach=relay')
    await enter(ada, bob)
    await ada.click(by('cut'))
    await bob.bringToFront()
    await bob.click(by('send'))
    await ada.bringToFront()
    await ada.click(by('cut'))
    await ada.waitForFunction((recovered) => document.querySelector(recovered).textContent === '1', {}, by('recovered'))
    await ada.click(by('cut'))
    await ada.locator(by('chat-text')).fill('Are you there?')
    await ada.click(by('chat-send'))
    await settle(ada)
    return ada
  },
  async 'shared-narrow'(open) {
    const [ada] = await open(360, 740, ['Ada', 'Ada'], '?reach=shared')
    await ada.waitForSelector('.socket')
    return ada
  },
  async 'relay-narrow'(open) {
    const [ada] = await open(360, 740, ['Ada', 'Bob'], '?reach=relay')
    return ada
  },
  async narrow(open) {
    const [ada] = await open(360, 740, ['Ada', 'Bob', 'Cleo'])
    await talk(ada)
    return ada
  },
  async wide(open) {
    const [ada] = await open(1600, 1000, ['Ada', 'Bob', 'Cleo', 'Dan', 'Eve', 'Bob'])
    await talk(ada)
    return ada
  },
  async split(open) {
    const [page] = await open(1280, 800, ['Ada'])
    await page.click(by('split'))
    const [left, right] = await Promise.all(
      ['left', 'right'].map(async (pane) => (await page.waitForSelector(`[data-pane=${pane}]`)).contentFrame()),
    )
    await right.waitForSelector(`${by('node')}:nth-of-type(2)`)
    // The first one also loads what draws it.
    await left.click(by('send'))
    await right.waitForSelector('.hears')
    await Promise.all([settle(left), settle(right)])
    await left.click(by('send'))
    await Promise.all([hold(left), hold(right)])
    return page
  },
  // The last: the relay keeps the theme.
  async shared(open) {
    const [ada, second, , bob] = await open(1280, 1432, ['Ada', 'Ada', 'Ada', 'Bob'], '?reach=shared')
    await ada.waitForSelector('.socket')
    await ada.waitForFunction(() => document.querySelectorAll('.thread').length === 2 && document.querySelectorAll('.socket').length === 2)
    await ada.click(by('theme-dark') + ' + span')
    await ada.waitForFunction(() => document.documentElement.dataset.theme === 'dark')
    await enter(ada, bob)
    // The first one also loads what draws it.
    await second.bringToFront()
    await second.click(by('send'))
    await ada.bringToFront()
    await ada.click(by('send'))
    await ada.waitForSelector('.hears')
    await talk(ada)
    return ada
  },
}

/** Scenes that are pictures of the README. */
const pictures = new Map([
  ['split', 'demo-split.webp'],
  ['shared', 'demo-one-socket.webp'],
])

const wanted = process.argv.slice(2)
for (const [name, scene] of Object.entries(scenes)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const context = await browser.createBrowserContext()
  const page = await scene(async (width, height, names, query = '') => {
    const pages = []
    for (const user of names) {
      const tab = await context.newPage()
      tab.on('pageerror', (error) => console.error(name, user, error))
      tab.on('console', (message) => message.type() === 'error' && console.error(name, user, message.text()))
      await tab.setViewport({ width, height, deviceScaleFactor: 1 })
      await tab.goto(url + query)
      await signIn(tab, user)
      pages.push(tab)
    }
    await pages[0].bringToFront()
    await pages[0].waitForFunction((count) => document.querySelectorAll('[data-testid="node"]').length === count, {}, names.length)
    return pages
  })
  await page.evaluate(() => scrollTo(0, 0))
  await page.screenshot({ path: `${artifacts}/${name}.png` })
  if (pictures.has(name)) await page.screenshot({ path: `${docs}/${pictures.get(name)}`, type: 'webp', quality: 70 })
  await context.close()
  console.log(name)
}
await browser.close()
await server.close()

async function signIn(page, name) {
  const field = await page.waitForSelector(by('me-name'))
  if ((await field.evaluate(({ value }) => value)) === name) return
  await field.evaluate((input) => input.select())
  await field.type(name)
  await page.click(by('me-save'))
}

/** Says something that all hear. */
async function talk(page) {
  await page.bringToFront()
  await settle(page)
  await page.locator(by('send-text')).fill('Anybody within earshot?')
  await page.click(by('send'))
  await hold(page)
}

/** Waits until nothing is under way, and nobody has just pricked up their ears. */
async function settle(page) {
  await page.waitForFunction(() => document.getAnimations().length === 0)
  await page.$$eval('.hears', (nodes) => nodes.forEach((node) => node.classList.remove('hears')))
}

/** Stops the map at the moment to show: the ring under way, and those who hear pricking up their ears. */
async function hold(view) {
  await view.waitForSelector('.ring')
  await view.waitForSelector('.hears')
  await view.evaluate(async () => {
    const animations = document.getAnimations()
    for (const animation of animations) animation.pause()
    // What has just begun can be moved when it has been drawn once.
    await Promise.all(animations.map(({ ready }) => ready))
    const moments = new Map([['ring', 560], ['word good', 420], ['word bad', 420]])
    for (const animation of animations) animation.currentTime = moments.get(animation.effect.target.className) ?? 200
  })
}

/** Two enter a room, talk and draw. */
async function enter(ada, bob) {
  for (const [page, text] of [[bob, 'Tea is ready.'], [ada, 'Coming. Draw me a cup?'], [bob, 'Like this?']]) {
    await page.bringToFront()
    if (!(await page.$(by('room')))) await page.click(by('door-kitchen'))
    await page.waitForSelector(by('chat-text'))
    await page.locator(by('chat-text')).fill(text)
    await page.click(by('chat-send'))
  }
  const box = await (await bob.$(by('sheet'))).boundingBox()
  const at = (x, y) => [box.x + x * box.width, box.y + y * box.height]
  for (const line of [[[0.35, 0.35], [0.38, 0.7], [0.55, 0.7], [0.58, 0.35], [0.35, 0.35]], [[0.57, 0.42], [0.66, 0.42], [0.66, 0.6], [0.56, 0.6]]]) {
    await bob.mouse.move(...at(...line[0]))
    await bob.mouse.down()
    for (const point of line) await bob.mouse.move(...at(...point), { steps: 6 })
    await bob.mouse.up()
  }
  await ada.bringToFront()
}
