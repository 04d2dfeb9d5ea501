import type { Environment } from '@earshot/core'
import type { TestTab } from '@earshot/core/testing'
import { createElement, type ElementType, Fragment, Profiler, type ReactNode, StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { EarshotProvider } from '../earshot-provider.ts'
import type { AppHub } from '../register.ts'
import { type FramedClock, framedClock } from './framed-clock.ts'

/** What a tab shows: elements, or a function that makes them of the page's hub, for an app that brings its own provider. */
export type AppUi = ReactNode | ((hub: AppHub) => ReactNode)

/** What a page begins with. */
export interface PageStart {
  /** Makes the hub of a page out of its surroundings. */
  readonly hub: (env: Required<Environment>, page: TestTab) => AppHub
  readonly strict: boolean
  readonly userId: string | undefined
  readonly data: unknown
}

/** One load of a page: a hub of its own, and a React root. */
export class LoadedPage {
  readonly page: TestTab
  readonly hub: AppHub
  readonly clock: FramedClock
  readonly element: HTMLElement = document.createElement('div')
  commits = 0
  readonly #start: PageStart
  readonly #root: Root = createRoot(this.element)

  constructor(page: TestTab, start: PageStart) {
    this.page = page
    this.#start = start
    this.clock = framedClock(page)
    this.hub = start.hub({ ...page.env, clock: this.clock }, page)
  }

  render(ui: AppUi): void {
    const { strict, userId, data } = this.#start
    const root: ElementType = strict ? StrictMode : Fragment
    const shown = typeof ui === 'function' ? ui(this.hub) : ui
    const counted = createElement(Profiler, { id: this.page.id, onRender: () => this.commits++ }, shown)
    this.#root.render(createElement(root, null, createElement(EarshotProvider, { hub: this.hub, userId, data }, counted)))
  }

  /** Takes the components away, the provider included. */
  clear(): void {
    this.#root.render(null)
  }
}
