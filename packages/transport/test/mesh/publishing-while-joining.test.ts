import { createTestBrowser } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { startApp } from '../support/tabs.ts'

describe('what a tab publishes while it joins', () => {
  it('reaches the tabs whose wishes it does not know yet', async () => {
    const browser = createTestBrowser({ latency: 50 })
    const listening = startApp(browser.openTab())
    listening.listen('t')
    await browser.advance(1000)
    const joining = startApp(browser.openTab())
    const published = Array.from({ length: 40 }, (_, index) => index)
    for (const number of published) {
      joining.session.publish('t', number)
      await browser.advance(10)
    }
    await browser.advance(1000)
    expect(listening.data()).toEqual(published)
  })
})
