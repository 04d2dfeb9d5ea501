import type { DeliveryVerdict, TestBrowser } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { type App, openApps } from '../support/tabs.ts'

/** Decides on the next deliveries of frames that hold such an item. */
function meddle(browser: TestBrowser, kind: string, verdicts: readonly DeliveryVerdict[]): void {
  const left = [...verdicts]
  browser.intercept(({ data }) => {
    const { m } = data as { m: readonly (string | readonly unknown[])[] }
    const found = m.some(item => (typeof item === 'string' ? item.startsWith(`["${kind}"`) : item[0] === kind))
    return (found && left.shift()) || 'deliver'
  })
}

async function listening(resend = {}): Promise<{ browser: TestBrowser; a: App; b: App; say(...data: unknown[]): Promise<void> }> {
  const { browser, apps } = await openApps(2, {}, { resend })
  const [a, b] = apps as [App, App]
  b.listen('t')
  await browser.settle()
  const say = async (...all: unknown[]): Promise<void> => {
    for (const data of all) {
      a.session.publish('t', data)
      await browser.settle()
    }
  }
  return { browser, a, b, say }
}

describe('what a sibling missed', () => {
  it.each(['drop', 'messageerror'] as const)('is sent again when a delivery ends in %s, and order is kept', async verdict => {
    const { browser, b, say } = await listening()
    meddle(browser, 'p', ['deliver', verdict, verdict])
    await say(1, 2, 3, 4, 5)
    expect(b.data()).toEqual([1, 2, 3, 4, 5])
    expect(b.gaps).toEqual([])
  })

  it('is found at once when it is the last that cannot be read', async () => {
    const { browser, b, say } = await listening()
    meddle(browser, 'p', ['messageerror'])
    await say(1)
    expect(b.data()).toEqual([1])
  })

  it('is found at the next question when it is the last that was lost', async () => {
    const { browser, b, say } = await listening()
    meddle(browser, 'p', ['drop'])
    await say(1)
    expect(b.data()).toEqual([])
    void b.session.ready
    await browser.advance(10)
    expect(b.data()).toEqual([1])
  })

  it('is found at the next question when what was sent again is lost, too', async () => {
    const { browser, b, say } = await listening()
    meddle(browser, 'p', ['drop'])
    meddle(browser, 'r', ['drop'])
    await say(1, 2)
    expect(b.data()).toEqual([])
    void b.session.ready
    await browser.advance(10)
    expect(b.data()).toEqual([1, 2])
    expect(b.gaps).toEqual([])
  })

  it('is a gap when it is not kept any more, and what comes after is heard', async () => {
    const { browser, a, b, say } = await listening({ messages: 2 })
    meddle(browser, 'p', ['drop', 'drop', 'drop', 'drop'])
    await say(1, 2, 3, 4, 5)
    await browser.advance(10)
    expect(b.gaps).toEqual([{ from: a.session.id }])
    expect(b.data().at(-1)).toBe(5)
    await say(6)
    expect(b.data().at(-1)).toBe(6)
  })

  it('is kept by size, too', async () => {
    const { browser, b, say } = await listening({ size: 2000 })
    meddle(browser, 'p', ['drop', 'drop'])
    await say('x'.repeat(1500), 'y'.repeat(1500), 'z')
    await browser.advance(10)
    expect(b.gaps).toHaveLength(1)
    expect(b.data().at(-1)).toBe('z')
  })

  it('is asked for from the tab that said it alone, once for a burst', async () => {
    const { browser, b, say } = await listening()
    meddle(browser, 'p', ['drop'])
    const asked: unknown[] = []
    browser.onPost(({ data }) => {
      const { m, to } = data as { m: readonly (string | readonly unknown[])[]; to?: string }
      if (m.some(item => item[0] === '?')) asked.push(to)
    })
    for (let i = 0; i < 3; i++) await say(i)
    expect(b.data()).toEqual([0, 1, 2])
    expect(asked).toEqual([expect.any(String)])
  })

  it('is a gap when its tab died with it', async () => {
    const { browser, a, b, say } = await listening()
    meddle(browser, 'p', ['drop'])
    meddle(browser, '?', ['drop'])
    await say(1, 2)
    a.tab.crash()
    await browser.advance(70_000)
    expect(b.data()).toEqual([])
    expect(b.gaps).toEqual([{}])
  })
})
