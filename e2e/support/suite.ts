import type { Browser, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { startBrowser, Tabs } from './browser.ts'
import { type Pages, serve, type Site } from './site.ts'

/** How a lab page begins; see fixtures/lab.ts. */
export interface LabQuery {
  user?: string
  listen?: string
  replay?: string
  enter?: string
  publish?: string
  wait?: string
  /** Url of a relay; without one, tabs talk to tabs. */
  relay?: string
  /** Anything: through the relay in MessagePack. */
  packed?: string
}

export interface SuiteOptions {
  /** What the site is. @default 'fixtures' */
  pages?: Pages
  /** @default '127.0.0.1' */
  host?: string
  /** Whether tabs stay open from test to test. @default false: each test has tabs and a mesh of its own */
  keepTabs?: boolean
  /** Complaints of pages that belong to what is tested. @default none */
  expected?: RegExp
}

/** A browser and a site for a file of tests. */
export class Suite {
  #site: Site | undefined
  #browser: Browser | undefined
  #tabs: Tabs | undefined
  /** Of other browsers. */
  readonly #others: Tabs[] = []
  readonly #expected: RegExp | undefined
  #meshes = 0

  constructor({ pages = 'fixtures', host = '127.0.0.1', keepTabs = false, expected }: SuiteOptions = {}) {
    this.#expected = expected
    const begin = async (): Promise<void> => {
      if (!this.#browser || !this.#site) throw new Error('The browser did not start')
      this.#meshes++
      // The mesh of the demo has one name, like that of server components: there, each test gets a profile without the others' tabs.
      const context = pages !== 'fixtures' ? await this.#browser.createBrowserContext() : this.#browser.defaultBrowserContext()
      this.#tabs = new Tabs(context, `http://${host}:${this.#site.port}`, expected)
    }
    beforeAll(async () => {
      this.#site = await serve(pages)
      this.#browser = await startBrowser()
      if (keepTabs) await begin()
    })
    afterAll(async () => {
      await this.#browser?.close()
      await this.#site?.close()
    })
    if (!keepTabs) beforeEach(begin)
    afterEach(async () => {
      const others = this.#others.splice(0)
      await (keepTabs ? this.tabs.check() : this.tabs.end())
      for (const tabs of others) await tabs.end()
    })
  }

  get tabs(): Tabs {
    if (!this.#tabs) throw new Error('The browser did not start')
    return this.#tabs
  }

  /** Another browser, as far as pages can tell: no channel, lock or storage joins its tabs with those of the test. */
  async elsewhere(): Promise<Tabs> {
    if (!this.#browser) throw new Error('The browser did not start')
    const tabs = new Tabs(await this.#browser.createBrowserContext(), new URL(this.tabs.url('/')).origin, this.#expected)
    this.#others.push(tabs)
    return tabs
  }

  /** The name of the test's mesh. */
  get mesh(): string {
    return `mesh-${this.#meshes}`
  }

  /** The BroadcastChannel behind it. */
  get carrier(): string {
    return `earshot:${this.mesh}:`
  }

  path(query: LabQuery = {}): string {
    return `/lab.html?${new URLSearchParams({ name: this.mesh, ...query }).toString()}`
  }

  /** Opens a lab page and waits until its hub has met the others. */
  async lab(query: LabQuery = {}): Promise<Page> {
    const page = await this.tabs.open(this.path(query))
    await page.evaluate(() => lab.session.ready)
    return page
  }

  /** Opens several, one after the other. */
  async labs(count: number, query: LabQuery = {}): Promise<Page[]> {
    const pages: Page[] = []
    for (let i = 0; i < count; i++) pages.push(await this.lab(query))
    return pages
  }

  /** Opens a page of the same origin that has no hub. */
  blank(): Promise<Page> {
    return this.tabs.open('/blank.html')
  }
}

/** Lets a page post into the BroadcastChannel behind a mesh what no hub would. */
export async function postRaw(page: Page, carrier: string, frames: readonly unknown[]): Promise<void> {
  await page.evaluate(
    (name, posted) => {
      const channel = new BroadcastChannel(name)
      for (const frame of posted) channel.postMessage(frame)
      channel.close()
    },
    carrier,
    frames,
  )
}

/** What each page says. */
export function ask<T>(pages: readonly Page[], question: () => T): Promise<Awaited<T>[]> {
  return Promise.all(pages.map(page => page.evaluate(question) as Promise<Awaited<T>>))
}

export const data = (): unknown[] => lab.data
export const members = (): string[] => lab.members
export const sessionId = (): string => lab.session.id
