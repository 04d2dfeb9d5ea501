import { createHub } from '@earshot/core'
import { broadcastChannel } from '@earshot/transport'
import { act, type ReactElement, useEffect, useState } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { type AppHub, EarshotProvider, usePublish, useSession, useTopic } from '../../src/index.ts'
import { type AppTab, createTestApp, type TestApp, type TestAppOptions } from '../../src/testing/index.ts'

function chatApp(options: Partial<TestAppOptions> = {}): TestApp {
  return createTestApp({ hub: env => createHub({ ...env, transport: broadcastChannel(env) }), ui: <Chat />, ...options })
}

function Chat(): ReactElement {
  const { messages, publish } = useTopic('chat')
  return <button onClick={() => publish('hi')}>{messages.map(({ data }) => String(data)).join(' ')}</button>
}

const text = ({ container }: AppTab): string | null => container.textContent
const click = ({ container }: AppTab): void => container.querySelector('button')?.click()

describe('a test app', () => {
  it('shows its elements in every tab, each with a hub and a session of its own', async () => {
    await using app = chatApp({ ui: <Who /> })
    function Who(): ReactElement {
      const { userId, data } = useSession()
      return <p>{`${userId} ${String(data)}`}</p>
    }
    const ada = app.openTab({ userId: 'ada', data: 1 })
    const bob = app.openTab({ userId: 'bob', ui: <b>just Bob</b> })
    expect([text(ada), text(bob)]).toEqual(['ada 1', 'just Bob'])
    expect(ada.hub).not.toBe(bob.hub)
    expect(ada.container.isConnected).toBe(true)
    expect(app.tabs).toEqual([ada, bob])
    expect(app.browser.tabs).toEqual([ada.page, bob.page])
  })

  it('takes an app that brings its own provider', async () => {
    function App({ hub }: { hub: AppHub }): ReactElement {
      return (
        <EarshotProvider hub={hub}>
          <Chat />
        </EarshotProvider>
      )
    }
    await using app = chatApp({ ui: hub => <App hub={hub} /> })
    const tabs = [app.openTab(), app.openTab()]
    await app.advance(500)
    await app.settle(() => tabs.forEach(click))
    expect(tabs.map(text)).toEqual(['hi hi', 'hi hi'])
    expect(tabs.map(({ hub }) => hub.stats().sessions)).toEqual([1, 1])
  })

  it('renders under StrictMode, unless told otherwise', async () => {
    const signs: string[] = []
    function Effects(): null {
      useEffect(() => {
        signs.push('+')
        return () => void signs.push('-')
      }, [])
      return null
    }
    await using app = chatApp({ ui: <Effects /> })
    app.openTab()
    expect(signs.splice(0).join('')).toBe('+-+')
    await using loose = chatApp({ ui: <Effects />, strict: false })
    loose.openTab()
    expect(signs.join('')).toBe('+')
  })

  it('counts commits: one for all that came in a frame', async () => {
    await using app = chatApp()
    const [ada, bob] = [app.openTab(), app.openTab()]
    await app.advance(500)
    const before = bob.commits
    await app.settle(() => {
      for (let count = 0; count < 100; count++) click(ada)
    })
    expect(text(bob)).toBe(Array(100).fill('hi').join(' '))
    expect(bob.commits - before).toBe(1)
    await app.advance(1000)
    expect(bob.commits - before).toBe(1)
  })

  it('settles what effects say to other tabs and what those answer, without moving time', async () => {
    function Counter({ me }: { me: number }): ReactElement {
      const last = Number(useTopic('count').last?.data ?? 0)
      const publish = usePublish('count')
      useEffect(() => {
        if (last > 0 && last < 9 && last % 2 === me) publish(last + 1)
      }, [last, me, publish])
      return <p>{last}</p>
    }
    await using app = chatApp()
    const [odd, even] = [app.openTab({ ui: <Counter me={1} /> }), app.openTab({ ui: <Counter me={0} /> })]
    await app.advance(500)
    await app.settle(() => void even.hub.publish('count', 1))
    expect([text(odd), text(even)]).toEqual(['9', '9'])
    expect(app.browser.clock.now()).toBe(500)
  })

  it('says so when there is no rest', async () => {
    function Restless(): ReactElement {
      const { last, publish } = useTopic('count')
      const count = Number(last?.data ?? 0)
      const [stopped, stop] = useState(false)
      useEffect(() => {
        if (!stopped) publish(count + 1)
      }, [count, publish, stopped])
      return <button onClick={() => stop(true)} />
    }
    const app = chatApp({ ui: <Restless /> })
    const tab = app.openTab()
    await expect(app.settle()).rejects.toThrow('No rest after 100 turns')
    await app.settle(() => click(tab))
    await app.close()
  })

  it('throws what a component throws while it is mounted, and what its page throws later', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    await using app = chatApp()
    function Broken(): never {
      throw new Error('broken')
    }
    expect(() => app.openTab({ ui: <Broken /> })).toThrow('broken')
    const tab = app.openTab()
    tab.page.env.clock.after(5, () => {
      throw new Error('later')
    })
    await expect(app.advance(10)).rejects.toThrow('later')
  })

  it('leaves the surroundings of act as they were', async () => {
    const flag = 'IS_REACT_ACT_ENVIRONMENT'
    for (const value of [undefined, false, true]) {
      vi.stubGlobal(flag, value)
      await using app = chatApp()
      app.openTab()
      await app.advance(10)
      expect(Reflect.get(globalThis, flag)).toBe(value)
    }
  })

  it('works within an act of the test', async () => {
    await using app = chatApp()
    const [ada, bob] = [app.openTab(), app.openTab()]
    await app.advance(500)
    await act(async () => click(ada))
    await app.settle()
    expect(text(bob)).toBe('hi')
  })

  it('leaves nothing behind when it is closed, whatever its tabs were doing', async () => {
    const before = document.body.childElementCount
    const app = chatApp()
    const [, frozen, cached, crashed, left, reloaded] = Array.from({ length: 6 }, () => app.openTab())
    await app.advance(500)
    frozen?.freeze()
    cached?.bfcache()
    crashed?.crash()
    left?.navigate()
    reloaded?.reload()
    await app.close()
    expect(app.browser.leaks()).toMatchObject({ channels: 0, locks: 0, requests: 0, listeners: 0, timers: 0 })
    expect(document.body.childElementCount).toBe(before)
    await app.close()
  })
})

describe('a tab of a test app', () => {
  it('is empty when its page has gone, in whatever way', async () => {
    await using app = chatApp({ ui: <p>here</p> })
    for (const end of ['crash', 'close', 'navigate'] as const) {
      const tab = app.openTab()
      expect(text(tab)).toBe('here')
      tab[end]()
      expect([tab.page.state, text(tab)]).toEqual(['gone', ''])
    }
  })

  it('cleans no effect up when its page goes, as no real page does', async () => {
    const cleaned = vi.fn<() => void>()
    function Effect(): null {
      useEffect(() => cleaned, [])
      return null
    }
    await using app = chatApp({ ui: <Effect />, strict: false })
    const tab = app.openTab()
    tab.close()
    await app.advance(1000)
    expect(cleaned).not.toHaveBeenCalled()
    await app.close()
    expect(cleaned).toHaveBeenCalledTimes(1)
  })

  it('is loaded anew by a reload: another hub, the same session storage and container', async () => {
    await using app = chatApp()
    const tab = app.openTab()
    const { container, hub, page } = tab
    await app.settle(() => click(tab))
    page.env.sessionStorage?.setItem('kept', 'yes')
    expect(text(tab)).toBe('hi')
    tab.reload()
    await app.settle()
    expect(tab.container).toBe(container)
    expect(tab.hub).not.toBe(hub)
    expect(tab.page).not.toBe(page)
    expect(tab.page.env.sessionStorage?.getItem('kept')).toBe('yes')
    expect([page.state, tab.page.state, text(tab)]).toEqual(['gone', 'visible', ''])
  })

  it('shows after a reload what it was last told to show', async () => {
    await using app = chatApp({ ui: <p>first</p> })
    const tab = app.openTab()
    tab.render(<p>second</p>)
    expect(text(tab)).toBe('second')
    tab.reload()
    expect(text(tab)).toBe('second')
    tab.unmount()
    expect(text(tab)).toBe('')
    tab.render(<p>third</p>)
    expect(text(tab)).toBe('third')
  })

  it('gets a copy of its session storage and its user when it is duplicated', async () => {
    await using app = chatApp({ ui: <Who /> })
    function Who(): ReactElement {
      return <p>{useSession().userId}</p>
    }
    const tab = app.openTab({ userId: 'ada', sessionStorage: { kept: 'yes' } })
    const copy = tab.duplicate()
    expect(text(copy)).toBe('ada')
    expect(copy.page.env.sessionStorage?.getItem('kept')).toBe('yes')
    expect(app.tabs).toEqual([tab, copy])
  })

  it.each([
    ['webkit', 'kept', 'hi'],
    ['firefox', 'loaded anew', ''],
  ] as const)('of %s is %s when it comes back from the cache', async (engine, _, expected) => {
    await using app = chatApp({ engine })
    const tab = app.openTab()
    const hold = new (tab.page.env.BroadcastChannel ?? expect.unreachable())('busy') // Firefox does not cache such a page
    await app.settle(() => click(tab))
    tab.bfcache()
    await app.advance(100)
    expect(text(tab)).toBe('')
    tab.back()
    await app.advance(100)
    expect(text(tab)).toBe(expected)
    hold.close()
  })

  it('renders nothing while frozen, and what has come once it goes on', async () => {
    await using app = chatApp()
    const [ada, bob] = [app.openTab(), app.openTab()]
    await app.advance(500)
    bob.freeze()
    const before = bob.commits
    await app.settle(() => click(ada))
    await app.advance(1000)
    expect([text(bob), bob.commits]).toEqual(['', before])
    bob.resume()
    await app.settle()
    expect(text(bob)).toBe('hi')
  })

  it('renders while hidden', async () => {
    await using app = chatApp()
    const [ada, bob] = [app.openTab(), app.openTab()]
    await app.advance(500)
    bob.hide()
    await app.settle(() => click(ada))
    expect([bob.page.state, text(bob)]).toEqual(['hidden', 'hi'])
    bob.show()
    expect(bob.page.state).toBe('visible')
  })

  it('tells its page that the network is back', async () => {
    await using app = chatApp()
    const tab = app.openTab()
    const heard = vi.fn<() => void>()
    tab.page.env.page?.addEventListener('online', heard, true)
    tab.online()
    expect(heard).toHaveBeenCalledTimes(1)
  })
})
