import { chromium } from 'playwright-core'
import { expect, test } from 'vitest'

test('starts Chromium', async () => {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const page = await browser.newPage()
    await page.setContent('<h1>Earshot</h1>')
    expect(await page.textContent('h1')).toBe('Earshot')
  } finally {
    await browser.close()
  }
})
