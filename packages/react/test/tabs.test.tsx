import { createHub } from '@earshot/core'
import { createTestBrowser, type TestTab } from '@earshot/core/testing'
import { broadcastChannel } from '@earshot/transport'
import { act, render } from '@testing-library/react'
import type { ReactElement } from 'react'
import { describe, expect, it } from 'vitest'
import { type AppHub, EarshotProvider, useConnection, usePresence, useTopic } from '../src/index.ts'
import { testFrames } from './support/frames.ts'

function hubOf(tab: TestTab): AppHub {
  const { clock, random } = tab.env
  return createHub({ clock, random, transport: broadcastChannel({ name: 'app', ...tab.env }) })
}

function Room({ user }: { user: string }): ReactElement {
  const { messages, publish } = useTopic('room/chat', { replay: 10 })
  const { members, ready } = usePresence('room', user)
  const { state } = useConnection()
  return (
    <button onClick={() => publish(`hi from ${user}`)}>
      {state} {String(ready)} {members.map(({ data }) => String(data)).sort().join('+')}: {messages.map(({ data }) => String(data)).join(', ')}
    </button>
  )
}

/** Tabs of one browser, each with the same page. */
function tabs(): { browser: ReturnType<typeof createTestBrowser>; open: (user: string) => Page; pass: (ms: number) => Promise<void> } {
  const browser = createTestBrowser()
  const frames = testFrames()
  return {
    browser,
    open(user) {
      const tab = browser.openTab()
      const hub = hubOf(tab)
      const { container, unmount } = render(
        <EarshotProvider hub={hub} userId={user}>
          <Room user={user} />
        </EarshotProvider>,
      )
      return { tab, hub, unmount, text: () => container.textContent ?? '', click: () => act(() => container.querySelector('button')?.click()) }
    },
    async pass(ms) {
      await act(() => browser.advance(ms))
      await frames.next()
    },
  }
}

interface Page {
  tab: TestTab
  hub: AppHub
  unmount: () => void
  text: () => string
  click: () => void
}

describe('hooks in several tabs', () => {
  it('show the same messages in the same order, and who is there', async () => {
    const { open, pass } = tabs()
    const ada = open('ada')
    const bob = open('bob')
    await pass(500)
    ada.click()
    bob.click()
    await pass(0)
    expect(ada.text()).toMatch(/^connected true ada\+bob: hi from (ada, hi from bob|bob, hi from ada)$/)
    expect(bob.text()).toBe(ada.text())
  })

  it('show a late tab what was said before it came', async () => {
    const { open, pass } = tabs()
    const ada = open('ada')
    await pass(500)
    ada.click()
    ada.click()
    const bob = open('bob')
    await pass(500)
    expect(bob.text()).toBe('connected true ada+bob: hi from ada, hi from ada')
  })

  it('see a tab that unmounts, and one that crashes, leave', async () => {
    const { open, pass } = tabs()
    const ada = open('ada')
    const bob = open('bob')
    const eve = open('eve')
    await pass(500)
    expect(ada.text()).toContain('ada+bob+eve')
    bob.unmount()
    await pass(300)
    expect(ada.text()).toContain(' ada+eve:')
    eve.tab.crash()
    await pass(100)
    expect(ada.text()).toContain(' ada:')
  })

  it('leave nothing behind', async () => {
    const { browser, open, pass } = tabs()
    const pages = [open('ada'), open('bob')]
    await pass(500)
    for (const { unmount } of pages) unmount()
    await pass(300)
    for (const { hub } of pages) {
      expect(hub.stats()).toMatchObject({ sessions: 0, subscriptions: 0 })
      await hub.close()
    }
    await browser.settle()
    expect(browser.leaks()).toMatchObject({ channels: 0, locks: 0, requests: 0, listeners: 0, timers: 0 })
  })
})
