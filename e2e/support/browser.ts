import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, launch, type Page } from 'puppeteer-core'
import type { Lab } from '../fixtures/lab.ts'

const executablePath = '/usr/bin/chromium'

/** Puppeteer would have hidden tabs run like visible ones: here they are throttled, as they are for users. */
const ignoreDefaultArgs = ['--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding']

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP app.test 127.0.0.1',
]

/** Starts Debian's Chromium with a profile of its own; a missing one fails the suite. */
export function startBrowser(): Promise<Browser> {
  if (!existsSync(executablePath)) throw new Error(`${executablePath} is missing: run \`npm run browser\`, which installs it`)
  return launch({ executablePath, headless: true, ignoreDefaultArgs, args })
}

/** The tabs of one test: what they complain about, and their end. */
export class Tabs {
  readonly #context: BrowserContext
  readonly #origin: string
  readonly #open = new Set<Page>()
  /** Those that do nothing at the moment, with their processes. */
  readonly #hung = new Map<Page, number>()
  /** What pages said on their consoles and failed with. */
  readonly complaints: string[] = []

  /** Complaints that belong to what is tested. */
  readonly #expected: RegExp | undefined

  constructor(context: BrowserContext, origin: string, expected?: RegExp) {
    this.#context = context
    this.#expected = expected
    this.#origin = origin
  }

  /** Opens a tab on a page of the site. */
  async open(path: string): Promise<Page> {
    const page = await this.empty()
    await page.goto(this.url(path))
    return page
  }

  url(path: string): string {
    return `${this.#origin}${path}`
  }

  async empty(): Promise<Page> {
    return this.adopt(await this.#context.newPage())
  }

  /** Listens to what a page says on its console and fails with. */
  adopt(page: Page): Page {
    this.#open.add(page)
    page.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warn') this.complaints.push(`console: ${message.text()} ${message.location().url ?? ''}`)
    })
    page.on('pageerror', error => this.complaints.push(`page: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`))
    page.on('close', () => this.#open.delete(page))
    return page
  }

  /** Kills the tab's renderer. Gives the moment just before. */
  async crash(page: Page): Promise<number> {
    const client = await page.createCDPSession()
    const crashed = this.crashing(page)
    const at = Date.now()
    client.send('Page.crash').catch(() => {}) // nobody is left to answer
    await crashed
    return at
  }

  /** Freezes the tab, or lets it run again. */
  readonly setFrozen = async (page: Page, isFrozen: boolean): Promise<void> => {
    const client = await page.createCDPSession()
    await client.send('Page.setWebLifecycleState', { state: isFrozen ? 'frozen' : 'active' })
  }

  /** Stops the tab's renderer, which is not dead, but does nothing more. */
  async hang(page: Page): Promise<void> {
    const pid = await rendererOf(page)
    for (const each of this.#open) if (each !== page && (await rendererOf(each)) === pid) throw new Error('Another tab has the same renderer')
    process.kill(pid, 'SIGSTOP')
    this.#hung.set(page, pid)
  }

  /** Lets a renderer run again that was stopped. */
  wake(page: Page): void {
    const pid = this.#hung.get(page)
    if (pid !== undefined) process.kill(pid, 'SIGCONT')
    this.#hung.delete(page)
  }

  /** Waits for the end of a tab's renderer. */
  crashing(page: Page): Promise<unknown> {
    this.#open.delete(page)
    return new Promise(resolve => {
      page.once('error', resolve)
    })
  }

  /** Fails when a tab had something to complain about, on its console or to its hub. */
  async check(): Promise<void> {
    const errors = await Promise.all([...this.#open].map(page => page.evaluate(() => (globalThis as { lab?: Lab }).lab?.errors ?? [])))
    const unexpected = this.complaints.splice(0).filter(text => !this.#expected?.test(text))
    const all = [...unexpected, ...errors.flat().map(({ code, message }) => `hub: ${code} ${message}`)]
    if (all.length > 0) throw new Error(`Pages complained:\n${all.join('\n')}`)
  }

  /** Checks, and closes every tab. */
  async end(): Promise<void> {
    for (const page of this.#hung.keys()) this.wake(page)
    try {
      await this.check()
    } finally {
      await Promise.all([...this.#open].map(page => page.close()))
    }
  }
}

/** The process behind a tab: where a trace begins, the browser says which it is. */
async function rendererOf(page: Page): Promise<number> {
  await page.tracing.start({ categories: ['disabled-by-default-devtools.timeline'] })
  const trace = await page.tracing.stop()
  const { traceEvents } = JSON.parse(Buffer.from(trace ?? []).toString()) as { traceEvents: { name: string; args: { data?: { frames?: { processId: number }[] } } }[] }
  const pid = traceEvents.find(({ name }) => name === 'TracingStartedInBrowser')?.args.data?.frames?.[0]?.processId
  if (pid === undefined) throw new Error('Nobody knows the process of this tab')
  return pid
}
