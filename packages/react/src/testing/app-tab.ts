import type { FreezeOptions, TestTab, TestTabOptions } from '@earshot/core/testing'
import type { AppHub } from '../register.ts'
import { acting } from './acting.ts'
import { type AppUi, LoadedPage, type PageStart } from './loaded-page.ts'

/** How a tab of a test app begins. */
export interface AppTabOptions extends TestTabOptions {
  /** Whom its session belongs to. */
  readonly userId?: string | undefined
  /** What its session carries. */
  readonly data?: unknown
  /** What it shows. @default the app's */
  readonly ui?: AppUi
}

/**
 * A tab with the app in it. Its acts take effect at once, in React's `act`; what they cause in other tabs needs `settle()` or `advance()`.
 * A page that is gone keeps its components as they were, like a real one: no effect is cleaned up, and nothing reaches the others.
 */
export interface AppTab {
  /** Where its page is: a child of `document.body`, the same after a reload. Empty while there is no page, or it is cached. */
  readonly container: HTMLElement
  /** The page: its `state`, `env` and `leaks()`. Another one after a reload. */
  readonly page: TestTab
  /** The page's hub. Another one after a reload. */
  readonly hub: AppHub
  /** How often React has committed something new in this page. Under StrictMode, too, a commit counts once. */
  readonly commits: number
  /** Shows something else in the same provider. A reload shows it again. */
  render(ui: AppUi): void
  /** Takes all components away, the provider among them, while the page lives on. */
  unmount(): void
  /** Ends the page without a word. */
  crash(): void
  /** Ends the page after `pagehide`. */
  close(): void
  /** Leaves for another page, and not into the back/forward cache. */
  navigate(): void
  /** Loads the page anew, if need be after ending it: another hub, the same session storage. */
  reload(): void
  /** Opens another tab with a copy of the session storage, for the same user. */
  duplicate(): AppTab
  hide(): void
  show(): void
  /** Stops the page: it renders nothing until `resume()`. */
  freeze(options?: FreezeOptions): void
  resume(): void
  /** Leaves into the back/forward cache, where the engine allows it. */
  bfcache(): void
  /** Comes back after `bfcache()` or `navigate()`: to the page as it was, if it was kept, else to one that is loaded anew. */
  back(): void
  /** Tells the page that the network is back. */
  online(): void
}

/** What a tab has from its app. */
export interface AppTabHost {
  readonly start: PageStart
  readonly ui: AppUi
  /** Makes another page a tab of the app that starts and shows the same. */
  readonly adopt: (page: TestTab, ui: AppUi) => AppTab
}

/** A tab as its app sees it. */
export interface HostedTab extends AppTab {
  /** Runs what waits for a frame; says how much that was. */
  runFrames(): number
  /** Takes all components of all its pages away. A page that does not run ends. */
  end(): void
}

/** Loads a page and shows the app in it. */
export function hostedTab(page: TestTab, host: AppTabHost): HostedTab {
  return new Tab(page, host)
}

class Tab implements HostedTab {
  readonly container: HTMLElement = document.body.appendChild(document.createElement('div'))
  readonly #host: AppTabHost
  readonly #past: LoadedPage[] = []
  #now: LoadedPage
  #ui: AppUi

  constructor(page: TestTab, host: AppTabHost) {
    this.#host = host
    this.#ui = host.ui
    this.#now = new LoadedPage(page, host.start)
    this.render(host.ui)
  }

  get page(): TestTab {
    return this.#now.page
  }

  get hub(): AppHub {
    return this.#now.hub
  }

  get commits(): number {
    return this.#now.commits
  }

  render(ui: AppUi): void {
    this.#ui = ui
    this.#act(() => this.#now.render(ui))
  }

  unmount(): void {
    this.#act(() => this.#now.clear())
  }

  crash(): void {
    this.#act(page => page.crash())
  }

  close(): void {
    this.#act(page => page.close())
  }

  navigate(): void {
    this.#act(page => page.navigate())
  }

  reload(): void {
    let next = this.page
    this.#act(page => (next = page.reload()))
    this.#load(next)
  }

  duplicate(): AppTab {
    return this.#host.adopt(this.page.duplicate(), this.#ui)
  }

  hide(): void {
    this.#act(page => page.hide())
  }

  show(): void {
    this.#act(page => page.show())
  }

  freeze(options?: FreezeOptions): void {
    this.#act(page => page.freeze(options))
  }

  resume(): void {
    this.#act(page => page.resume())
  }

  bfcache(): void {
    this.#act(page => page.bfcache())
  }

  back(): void {
    let next = this.page
    this.#act(page => (next = page.back().tab))
    if (next !== this.page) this.#load(next)
  }

  online(): void {
    this.#act(page => page.online())
  }

  runFrames(): number {
    return this.#now.clock.runFrames()
  }

  end(): void {
    if (this.page.state === 'frozen' || this.page.state === 'cached') this.crash()
    acting(() => {
      for (const page of [...this.#past, this.#now]) page.clear()
    })
    this.container.remove()
  }

  #load(page: TestTab): void {
    this.#past.push(this.#now)
    this.#now = new LoadedPage(page, this.#host.start)
    this.render(this.#ui)
  }

  /** Does something to the page, and shows what there is of it then. */
  #act(task: (page: TestTab) => void): void {
    acting(() => task(this.page))
    const { element, page } = this.#now
    if (page.state === 'gone' || page.state === 'cached') this.container.replaceChildren()
    else if (element.parentNode !== this.container) this.container.replaceChildren(element)
  }
}
