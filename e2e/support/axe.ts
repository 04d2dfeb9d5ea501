import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Frame, Page } from 'puppeteer-core'
import { expect } from 'vitest'
import { by, click, type View } from './demo.ts'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe-core has against a view, by what is wrong and where. */
async function complaints(view: View): Promise<string[]> {
  await view.evaluate(axeSource)
  const options: RunOptions = { resultTypes: ['violations'], iframes: false }
  const { violations } = await view.evaluate(
    given => (globalThis as unknown as { axe: { run: (options: RunOptions) => Promise<AxeResults> } }).axe.run(given),
    options,
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))
}

/** What every view of a page is looked at in. */
const LOOKS = ['light', 'dark'].flatMap(theme => [1600, 360].map(width => [theme, width] as const))

/** Nothing serious is wrong and nothing scrolls sideways, in both themes, wide and narrow. The theme is switched in the page itself, or in one of its frames. */
export async function expectAccessible(page: Page, frames: readonly Frame[] = []): Promise<void> {
  const views = [page, ...frames]
  for (const [theme, width] of LOOKS) {
    await page.setViewport({ width, height: 800 })
    await switchTheme(frames[0] ?? page, theme)
    for (const view of views) {
      await expect.poll(() => view.evaluate(() => document.documentElement.dataset['theme'])).toBe(theme)
      // What comes in has come in.
      await expect.poll(() => view.evaluate(() => document.getAnimations().length)).toBe(0)
    }
    for (const view of views) {
      expect([theme, width, view.url(), ...(await complaints(view))]).toEqual([theme, width, view.url()])
      expect(await view.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0)
    }
  }
}

function switchTheme(view: View, theme: string): Promise<void> {
  return click(view, `label:has(${by(`theme-${theme}`)})`)
}
