import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Page } from 'puppeteer-core'
import { expect } from 'vitest'
import { by, click } from './demo.ts'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe-core has against a page, by what is wrong and where. */
async function complaints(page: Page): Promise<string[]> {
  await page.evaluate(axeSource)
  const options: RunOptions = { resultTypes: ['violations'] }
  const { violations } = await page.evaluate(
    given => (globalThis as unknown as { axe: { run: (options: RunOptions) => Promise<AxeResults> } }).axe.run(given),
    options,
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))
}

/** Nothing serious is wrong and nothing scrolls sideways, in both themes, wide and narrow. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const theme of ['light', 'dark']) {
    for (const width of [1600, 360]) {
      await page.setViewport({ width, height: 800 })
      await click(page, `label:has(${by(`theme-${theme}`)})`)
      // What comes in has come in.
      await expect.poll(() => page.evaluate(() => document.getAnimations().length)).toBe(0)
      expect([theme, width, ...(await complaints(page))]).toEqual([theme, width])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
    }
  }
}
