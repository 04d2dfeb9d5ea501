import type { Environment } from '@earshot/core'
import { createTestBrowser, type TestBrowser, type TestBrowserOptions, type TestTab } from '@earshot/core/testing'
import type { AppHub } from '../register.ts'
import { UNCLAIMED } from '../session-source.ts'
import { actingLong } from './acting.ts'
import { type AppTab, type AppTabOptions, type HostedTab, hostedTab } from './app-tab.ts'
import type { AppUi, PageStart } from './loaded-page.ts'

/** After so many turns without rest something publishes or renders without end. */
const MAX_ROUNDS = 100

/** What a test app is made of, beside what its browser is like. */
export interface TestAppOptions extends TestBrowserOptions {
  /**
   * Makes a page's hub out of the page's surroundings, at each load: `env => createHub({ ...env, transport: broadcastChannel(env) })`.
   * Give them to the transport and to the hub, else it lives in the real browser and in real time.
   */
  readonly hub: (env: Required<Environment>, page: TestTab) => AppHub
  /** What tabs show, within a provider with the page's hub. A function gets the hub. @default nothing */
  readonly ui?: AppUi
  /** Whether tabs render under StrictMode. @default true */
  readonly strict?: boolean
}

/** An app in the tabs of a test browser. Its functions work without the object, too. */
export interface TestApp {
  readonly browser: TestBrowser
  /** All tabs ever opened, in that order. */
  readonly tabs: readonly AppTab[]
  /** Opens a tab and shows the app in it. Throws what a component throws while it is mounted. */
  openTab(options?: AppTabOptions): AppTab
  /**
   * Runs `task`, then all that is due in all tabs – messages, frames, renders, effects – until nothing is left, without moving time.
   * @throws what pages and components have thrown; Error after 100 turns
   */
  settle(task?: () => unknown): Promise<void>
  /** Settles, moves time on by `ms` milliseconds, and settles. Frames come at the end: move in steps where a render must come on the way. */
  advance(ms: number): Promise<void>
  /** Takes all components away, closes the hubs of pages that live, and moves time on until nothing of them is left. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Creates an app for tests that has no tabs yet. It needs a `document`, as of happy-dom or jsdom, and React 18.3 or newer in development mode;
 * it knows no test runner: close it at the end of a test, or declare it with `await using`.
 */
export function createTestApp({ hub, ui, strict = true, ...options }: TestAppOptions): TestApp {
  const browser = createTestBrowser(options)
  const tabs: HostedTab[] = []
  let frames = 0
  const adopt = (page: TestTab, start: PageStart, shown: AppUi): HostedTab => {
    const tab = hostedTab(page, { start, ui: shown, adopt: (copy, same) => adopt(copy, start, same) })
    tabs.push(tab)
    return tab
  }
  const runFrames = (): void => {
    for (const tab of tabs) frames += tab.runFrames()
  }
  const doings = (): number => tabs.reduce((sum, { commits }) => sum + commits, frames + browser.posts)

  async function settle(task?: () => unknown): Promise<void> {
    await actingLong(async () => void (await task?.()))
    for (let round = 0, before = NaN; before !== doings(); round++) {
      if (round === MAX_ROUNDS) throw new Error(`No rest after ${MAX_ROUNDS} turns: something publishes or renders without end.`)
      before = doings()
      await actingLong(() => browser.settle())
      await actingLong(async () => runFrames())
    }
  }

  async function advance(ms: number): Promise<void> {
    await settle()
    await actingLong(() => browser.advance(ms))
    await settle()
  }

  async function close(): Promise<void> {
    for (const tab of tabs) tab.end()
    await advance(UNCLAIMED)
    for (const tab of tabs) if (tab.page.state !== 'gone') void tab.hub.close()
    await settle()
  }

  return {
    browser,
    tabs,
    openTab: ({ userId, data, ui: shown = ui, ...rest } = {}) => adopt(browser.openTab(rest), { hub, strict, userId, data }, shown),
    settle,
    advance,
    close,
    [Symbol.asyncDispose]: close,
  }
}
