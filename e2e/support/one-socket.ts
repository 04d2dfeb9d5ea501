import { expect } from 'vitest'
import type { Served } from '../fixtures/one-socket.ts'
import type { DrivenTab, DrivenTabs } from './driven.ts'

/** Ways in which a tab stops leading. */
export const ENDS = ['crash', 'close', 'leave', 'crash', 'reload', 'freeze'] as const

export type End = (typeof ENDS)[number]

/** What an end came to, in milliseconds from its moment. */
export interface Ended {
  readonly end: End
  /** Of each tab that lived on. */
  readonly served: readonly Served[]
}

/** The tabs of one browser, which share a socket. */
export class OneSocketBrowser<Tab extends DrivenTab> {
  readonly #tabs: DrivenTabs<Tab>
  readonly #relay: string
  /** How often each publishes, in milliseconds. */
  readonly #pace: number
  /** How many messages tabs ask for that were published before they came. */
  replay = 0
  pages: Tab[] = []

  constructor(tabs: DrivenTabs<Tab>, relay: string, pace: number) {
    this.#tabs = tabs
    this.#relay = relay
    this.#pace = pace
  }

  /** Opens tabs, some at a time. */
  async open(count: number): Promise<void> {
    while (count > 0) {
      const some = Math.min(count, 5)
      count -= some
      const pages = await Promise.all(Array.from({ length: some }, () => this.#tabs.open(`/one-socket.html?${new URLSearchParams({ relay: this.#relay, replay: String(this.replay) }).toString()}`)))
      await Promise.all(pages.map(ready))
      this.pages.push(...pages)
    }
  }

  async begin(pages: readonly Tab[] = this.pages): Promise<void> {
    await Promise.all(pages.map(page => page.evaluate(pace => tab.begin(pace), this.#pace)))
  }

  async stop(): Promise<void> {
    await Promise.all(this.pages.map(page => page.evaluate(() => tab.stop())))
  }

  /** Whoever has the socket. */
  async leader(): Promise<Tab> {
    const leading = async (): Promise<Tab[]> => {
      const leads = await Promise.all(this.pages.map(page => page.evaluate(() => tab.hub.status.via === 'leader' && tab.hub.status.state === 'connected')))
      return this.pages.filter((_, index) => leads[index])
    }
    await expect.poll(async () => (await leading()).length, { interval: 200 }).toBe(1)
    const [page] = await leading()
    return page ?? this.leader()
  }

  /** Ends whoever leads, waits until all others are served again, and makes the number of tabs what it was. */
  async end(end: End): Promise<Ended> {
    const page = await this.leader()
    const others = this.pages.filter(each => each !== page)
    const [witness] = others
    if (!witness) throw new Error('There is nobody to take over')
    const goings = await witness.evaluate(() => tab.goings.length)
    const { at, back } = await this.#go(end, page)
    const moment = at ?? (await witness.evaluate(known => tab.going(known), goings))
    const all = await Promise.all(others.map(each => each.evaluate(at => tab.served(at), moment)))
    this.pages = others
    await back()
    return { end, served: all }
  }

  /** Crashes are timed from here; of other ends the tab itself tells the moment. */
  async #go(end: End, page: Tab): Promise<{ at?: number; back: () => Promise<void> }> {
    const another = async (): Promise<void> => {
      await this.open(1)
      await this.begin(this.pages.slice(-1))
    }
    const same = async (): Promise<void> => {
      await ready(page)
      await this.begin([page])
      this.pages.push(page)
    }
    if (end === 'crash') return { at: await this.#tabs.crash(page), back: another }
    if (end === 'close') await page.close()
    else if (end === 'reload') await page.reload()
    else if (end === 'leave') {
      await page.goto(this.#tabs.url('/blank.html'))
      return { back: () => Promise.all([another(), page.close()]).then(() => undefined) }
    } else {
      const { setFrozen } = this.#tabs
      if (!setFrozen) throw new Error('This browser cannot be told to freeze a tab')
      await setFrozen(page, true)
      return { back: () => setFrozen(page, false).then(same) }
    }
    return { back: end === 'close' ? another : same }
  }
}

async function ready(page: DrivenTab): Promise<void> {
  // WebKit's driver may come back from a reload before the page's script has run.
  await expect.poll(() => page.evaluate(() => 'tab' in globalThis)).toBe(true)
  await page.evaluate(() => Promise.all([tab.session.ready, tab.connected()]).then(() => undefined))
}
