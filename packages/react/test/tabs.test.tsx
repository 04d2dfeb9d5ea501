import { createHub } from '@earshot/core'
import { broadcastChannel } from '@earshot/transport'
import type { ReactElement } from 'react'
import { describe, expect, it } from 'vitest'
import { useConnection, usePresence, useSession, useSubscription, useTopic } from '../src/index.ts'
import { createTestApp, type AppTab, type TestApp } from '../src/testing/index.ts'

function Room(): ReactElement {
  const { userId } = useSession()
  const { messages, publish } = useTopic('room/chat', { replay: 10 })
  const { members, ready } = usePresence('room', userId)
  const { state } = useConnection()
  return (
    <button onClick={() => publish(`hi from ${userId}`)}>
      {state} {String(ready)} {members.map(({ data }) => String(data)).sort().join('+')}: {messages.map(({ data }) => String(data)).join(', ')}
    </button>
  )
}

/** Tabs of one browser, each with the same page. */
function rooms(): TestApp & { open: (userId: string) => AppTab } {
  const app = createTestApp({ hub: env => createHub({ ...env, transport: broadcastChannel(env) }), ui: <Room /> })
  return { ...app, open: userId => app.openTab({ userId }) }
}

const text = ({ container }: AppTab): string => container.textContent ?? ''
const click = ({ container }: AppTab): void => container.querySelector('button')?.click()

describe('hooks in several tabs', () => {
  it('show the same messages in the same order, and who is there', async () => {
    await using app = rooms()
    const ada = app.open('ada')
    const bob = app.open('bob')
    await app.advance(500)
    await app.settle(() => {
      click(ada)
      click(bob)
    })
    expect(text(ada)).toMatch(/^connected true ada\+bob: hi from (ada, hi from bob|bob, hi from ada)$/)
    expect(text(bob)).toBe(text(ada))
  })

  it('show a late tab what was said before it came', async () => {
    await using app = rooms()
    const ada = app.open('ada')
    await app.advance(500)
    await app.settle(() => click(ada))
    await app.settle(() => click(ada))
    const bob = app.open('bob')
    await app.advance(500)
    expect(text(bob)).toBe('connected true ada+bob: hi from ada, hi from ada')
  })

  it('see a tab that unmounts, and one that crashes, leave', async () => {
    await using app = rooms()
    const ada = app.open('ada')
    const bob = app.open('bob')
    const eve = app.open('eve')
    await app.advance(500)
    expect(text(ada)).toContain('ada+bob+eve')
    bob.unmount()
    await app.advance(300)
    expect(text(ada)).toContain(' ada+eve:')
    eve.crash()
    await app.advance(100)
    expect(text(ada)).toContain(' ada:')
  })

  it('do not see a tab that reloads leave, and it finds what was said', async () => {
    await using app = rooms()
    const ada = app.open('ada')
    const bob = app.open('bob')
    await app.advance(500)
    await app.settle(() => click(bob))
    const seen: string[] = []
    ada.hub
      .openSession()
      .presence('room')
      .subscribe(({ type }) => seen.push(type))
    bob.reload()
    await app.advance(5000)
    expect(seen).not.toContain('leave')
    expect(text(bob)).toBe('connected true ada+bob: hi from bob')
  })

  it('hear in a frozen tab what was said meanwhile, once it goes on', async () => {
    await using app = rooms()
    const ada = app.open('ada')
    const bob = app.open('bob')
    await app.advance(500)
    bob.freeze()
    await app.settle(() => click(ada))
    expect(text(bob)).toBe('connected true ada+bob: ')
    bob.resume()
    await app.advance(100)
    expect(text(bob)).toBe('connected true ada+bob: hi from ada')
  })

  it('claim in a listener each of several alerts of one frame once, and none again when they are mounted anew', async () => {
    const rung: string[] = []
    function Notifier(): null {
      const session = useSession()
      useSubscription('alerts', ({ id, data }) => session.claim(id, () => rung.push(String(data))))
      return null
    }
    await using app = createTestApp({ hub: env => createHub({ ...env, transport: broadcastChannel(env) }), ui: <Notifier /> })
    const [ada, bob] = [app.openTab(), app.openTab()]
    await app.advance(1000)
    await app.settle(() => {
      ada.hub.publish('alerts', 'one')
      ada.hub.publish('alerts', 'two')
    })
    await app.advance(1000)
    expect([...rung].sort()).toEqual(['one', 'two'])
    await app.advance(120_000)
    bob.render(<div><Notifier /></div>)
    await app.advance(1000)
    expect(rung).toHaveLength(2)
  })

  it('leave nothing behind', async () => {
    const app = rooms()
    const tabs = [app.open('ada'), app.open('bob')]
    await app.advance(500)
    for (const tab of tabs) tab.unmount()
    await app.advance(300)
    for (const { hub } of tabs) expect(hub.stats()).toMatchObject({ sessions: 0, subscriptions: 0 })
    await app.close()
    expect(app.browser.leaks()).toMatchObject({ channels: 0, locks: 0, requests: 0, listeners: 0, timers: 0 })
  })
})
