import { existsSync } from 'node:fs'
import { type Browser, launch, type Page } from 'puppeteer-core'
import type { DrivenBrowser } from './driven.ts'
import { descendants } from './processes.ts'

const executablePath = '/usr/bin/firefox-esr'

const extraPrefsFirefox = {
  // A process for each tab, which begins with it; those of empty pages count on their own.
  'dom.ipc.processPrelaunch.enabled': false,
  'dom.ipc.processCount': 100,
  'dom.ipc.processCount.webIsolated': 100,
  // Moments are compared between tabs.
  'privacy.reduceTimerPrecision': false,
}

/** Debian's Firefox with a profile of its own, for the pages of one site. */
export class Firefox implements DrivenBrowser<Page> {
  readonly #browser: Browser
  readonly #origin: string
  readonly #processes = new Map<Page, number>()
  #opening: Promise<unknown> = Promise.resolve()
  readonly complaints: string[] = []
  readonly version: string

  private constructor(browser: Browser, version: string, origin: string) {
    this.#browser = browser
    this.version = version
    this.#origin = origin
  }

  static async start(origin: string): Promise<Firefox> {
    if (!existsSync(executablePath)) throw new Error(`${executablePath} is missing: run \`node scripts/install-browser.mjs firefox\`, which installs it`)
    const browser = await launch({ browser: 'firefox', executablePath, headless: true, protocol: 'webDriverBiDi', extraPrefsFirefox })
    return new Firefox(browser, await browser.version(), origin)
  }

  url(path: string): string {
    return `${this.#origin}${path}`
  }

  /** One after the other: the process that has come meanwhile is the tab's. */
  open(path: string): Promise<Page> {
    const opened = this.#opening.then(() => this.#open(path))
    this.#opening = opened.catch(() => {})
    return opened
  }

  async crash(page: Page): Promise<number> {
    await this.#opening
    const pid = this.#processes.get(page)
    if (pid === undefined || !this.#contents().has(pid)) throw new Error('Nobody knows the process of this tab')
    const at = Date.now()
    process.kill(pid, 'SIGKILL')
    return at
  }

  close(): Promise<void> {
    return this.#browser.close()
  }

  async #open(path: string): Promise<Page> {
    const before = this.#contents()
    const page = await this.#browser.newPage()
    page.on('pageerror', error => this.complaints.push(error instanceof Error ? (error.stack ?? error.message) : String(error)))
    await page.goto(this.url(path))
    const [pid, ...others] = [...this.#contents()].filter(each => !before.has(each))
    if (pid === undefined || others.length > 0) throw new Error('The tab has no process of its own')
    this.#processes.set(page, pid)
    return page
  }

  #contents(): Set<number> {
    return descendants(this.#browser.process()?.pid ?? Number.NaN, '-isForBrowser')
  }
}
