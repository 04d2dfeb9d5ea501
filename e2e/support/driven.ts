import type { Page } from 'puppeteer-core'

/** A tab that a test drives, in whichever browser; a `Page` of Puppeteer is one. */
export interface DrivenTab extends Pick<Page, 'evaluate'> {
  goto(url: string): Promise<unknown>
  reload(): Promise<unknown>
  close(): Promise<void>
}

/** The tabs of one browser. */
export interface DrivenTabs<Tab extends DrivenTab> {
  /** Opens a tab on a page of the site. */
  open(path: string): Promise<Tab>
  url(path: string): string
  /** Kills the process behind a tab. Gives the moment just before. */
  crash(tab: Tab): Promise<number>
  /** Freezes a tab, or lets it run again, where a browser can be told to. */
  readonly setFrozen?: (tab: Tab, isFrozen: boolean) => Promise<void>
}

/** A browser with a profile of its own, for the pages of one site. */
export interface DrivenBrowser<Tab extends DrivenTab> extends DrivenTabs<Tab> {
  readonly version: string
  /** What pages failed with. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}
