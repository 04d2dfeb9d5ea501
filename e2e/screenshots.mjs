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
    const [ada, bob] = await open(1280, 800, ['Ada', 'Bob', 'Cleo'])
    await ada.click(by('theme-dark') + ' + span')
    await ada.waitForFunction(() => document.documentElement.dataset.theme === 'dark')
    await enter(ada, bob)
    await talk(ada)
    return ada
  },
  async room(open) {
    const [ada, bob] = await open(1280, 1000, ['Ada', 'Bob', 'Cleo'])
    await enter(ada, bob)
    await ada.click(by('more'))
    await ada.waitForSelector(by('trials'))
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
    const [page] = await open(1280, 800, [], 'split.html')
    const [left, right] = await Promise.all(
      ['left', 'right'].map(async (pane) => (await page.waitForSelector(`[data-pane=${pane}]`)).contentFrame()),
    )
    await right.waitForSelector(`${by('node')}:nth-of-type(2)`)
    await left.click(by('send'))
    return page
  },
}

const wanted = process.argv.slice(2)
for (const [name, scene] of Object.entries(scenes)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const context = await browser.createBrowserContext()
  const page = await scene(async (width, height, names, path = '') => {
    const pages = []
    for (const user of names.length > 0 ? names : ['']) {
      const tab = await context.newPage()
      tab.on('pageerror', (error) => console.error(name, user, error))
      tab.on('console', (message) => message.type() === 'error' && console.error(name, user, message.text()))
      await tab.setViewport({ width, height, deviceScaleFactor: 1 })
      await tab.goto(url + path)
      if (user !== '') await signIn(tab, user)
      pages.push(tab)
    }
    await pages[0].bringToFront()
    if (names.length > 0) await pages[0].waitForFunction((count) => document.querySelectorAll('[data-testid="node"]').length === count, {}, names.length)
    return pages
  })
  await new Promise((resolve) => setTimeout(resolve, 620)) // the moment to show: rings under way
  await page.screenshot({ path: `${artifacts}/${name}.png` })
  await page.screenshot({ path: `${artifacts}/${name}-full.png`, fullPage: true })
  await context.close()
  console.log(name)
}
await browser.close()
await server.close()

async function signIn(page, name) {
  const field = await page.waitForSelector(by('me-name'))
  if ((await field.evaluate(({ value }) => value)) === name) return
  await page.locator(by('me-name')).fill(name)
  await page.click(by('me-save'))
}

/** Says something that all hear. */
async function talk(page) {
  await page.bringToFront()
  await page.locator(by('send-text')).fill('Anybody within earshot?')
  await page.click(by('send'))
}

/** Two enter a room, talk and draw. */
async function enter(ada, bob) {
  for (const [page, text] of [[bob, 'Tea is ready.'], [ada, 'Coming. Draw me a cup?'], [bob, 'Like this?']]) {
    await page.bringToFront()
    if (!(await page.$(by('room')))) await page.click(by('door-kitchen'))
    await page.waitForSelector(by('chat-text'), { timeout: 3000 }).catch(async () => { console.log(text, await page.evaluate(() => document.visibilityState + document.querySelector('.rooms').outerHTML)); await page.screenshot({ path: '/tmp/demo-lab/dbg.png' }); throw new Error('x') })
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
