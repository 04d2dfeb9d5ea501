import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import type { Pages } from './site.ts'
import { Suite } from './suite.ts'

/** Declares the tests that every framework of server components must pass. */
export function serverComponentCases(pages: Pages): void {
  const suite = new Suite({ pages })

  test('are rendered on the server with what is true of a page that has heard nothing', async () => {
    const response = await fetch(suite.tabs.url('/'))
    const html = (await response.text()).replaceAll('<!-- -->', '')
    expect(html.match(/initialised, 0 here, 0 said/g)).toHaveLength(2)
    expect(html).toContain('from the server')
  })

  test('hydrate without a mismatch, and then show what is true', async () => {
    const page = await suite.tabs.open('/')
    await expect.poll(() => rooms(page)).toEqual(['connected, 1 here, 0 said', 'connected, 1 here, 0 said'])
  })

  test('talk to those of another tab', async () => {
    const [first, second] = [await suite.tabs.open('/'), await suite.tabs.open('/')]
    await expect.poll(() => rooms(first)).toContain('connected, 2 here, 0 said')
    await first.$eval('button', button => button.click()) // not `click`, which waits for a frame: the tab is in the background
    await expect.poll(() => rooms(second)).toEqual(['connected, 2 here, 1 said', 'connected, 2 here, 1 said'])
  })
}

function rooms(page: Page): Promise<string[]> {
  return page.$$eval('button', buttons => buttons.map(({ textContent }) => textContent))
}
