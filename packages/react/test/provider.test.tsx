import { act, render } from '@testing-library/react'
import { type ReactElement, Suspense, useEffect } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { type AppSession, EarshotProvider, useConnection, useSession, useTopic } from '../src/index.ts'
import { recordingTransport } from './support/recording-transport.ts'
import { Boundary, stage } from './support/stage.tsx'
import { waiting } from './support/suspend.ts'

/** Hands out the session it gets. */
function Ask({ got }: { got: (session: AppSession) => unknown }): null {
  const session = useSession()
  useEffect(() => {
    got(session)
  }, [got, session])
  return null
}

function Chat(): ReactElement {
  return <p>{useTopic('chat').messages.length}</p>
}

describe('EarshotProvider', () => {
  it('is tested under StrictMode: effects run twice on the first mount', () => {
    const signs: string[] = []
    function Effects(): null {
      useEffect(() => {
        signs.push('+')
        return () => void signs.push('-')
      }, [])
      return null
    }
    render(<Effects />)
    expect(signs).toEqual(['+', '-', '+'])
  })

  it('opens one session for all hooks, and closes it 300 ms after unmounting', async () => {
    const transport = recordingTransport()
    const { hub, show, pass, clock } = stage({ transport })
    const got: AppSession[] = []
    const { unmount } = show([<Ask key="1" got={session => got.push(session)} />, <Chat key="2" />])
    expect(new Set(got).size).toBe(1)
    expect(got[0]?.hub).toBe(hub)
    expect(transport.told).toEqual(['open s1', 'listen s1 chat'])
    await pass(10_000)
    unmount()
    await pass(299)
    expect(hub.stats().sessions).toBe(1)
    await pass(1)
    expect(hub.stats()).toMatchObject({ sessions: 0, subscriptions: 0 })
    expect(transport.told.slice(2)).toEqual(['unlisten s1 chat', 'close s1'])
    await pass(300)
    expect(clock.pending).toBe(0)
  })

  it('opens no session for a render that is thrown away, where no component asks for it', async () => {
    const { hub } = stage()
    const { suspend, end } = waiting()
    function Late(): ReactElement {
      suspend()
      return <Chat />
    }
    const { container } = await act(async () =>
      render(
        <Suspense fallback="wait">
          <EarshotProvider hub={hub}>
            <Chat />
            <Late />
          </EarshotProvider>
        </Suspense>,
      ),
    )
    expect(container.textContent).toBe('wait')
    expect(hub.stats().sessions).toBe(0)
    await act(async () => end())
    expect(container.textContent).toBe('00')
    expect(hub.stats()).toMatchObject({ sessions: 1, subscriptions: 1 })
  })

  it('closes a session that was asked for in a render which was never shown', async () => {
    const { hub, pass } = stage()
    const { suspend } = waiting()
    function Never(): null {
      useSession()
      suspend()
      return null
    }
    await act(async () =>
      render(
        <Suspense fallback="wait">
          <EarshotProvider hub={hub}>
            <Never />
          </EarshotProvider>
        </Suspense>,
      ),
    )
    expect(hub.stats().sessions).toBeGreaterThan(0)
    await pass(5000)
    expect(hub.stats().sessions).toBe(0)
  })

  it('opens another session for another user, and its children keep their state', async () => {
    const { hub, pass } = stage()
    const got: AppSession[] = []
    const mounted = vi.fn<() => void>()
    function Child(): ReactElement {
      useEffect(() => mounted(), [])
      return <Ask got={push} />
    }
    const push = (session: AppSession): void => void got.push(session)
    const page = (userId?: string): ReactElement => (
      <EarshotProvider hub={hub} userId={userId} data={{ any: 'object' }}>
        <Child />
      </EarshotProvider>
    )
    const { rerender } = render(page())
    rerender(page())
    expect(new Set(got).size).toBe(1)
    rerender(page('ada'))
    expect(got.at(-1)?.userId).toBe('ada')
    expect(got.at(-1)?.data).toEqual({ any: 'object' })
    expect(mounted).toHaveBeenCalledTimes(2) // twice under StrictMode, and not once more
    await pass(300)
    expect(got.map(session => session.closed)).toEqual([true, true, false])
    expect(hub.stats().sessions).toBe(1)
  })

  it('leaves a session that it was given alone', async () => {
    const { hub, pass } = stage()
    const session = hub.openSession({ userId: 'ada' })
    const { unmount } = render(
      <EarshotProvider session={session}>
        <Chat />
      </EarshotProvider>,
    )
    expect(hub.count('chat')).toEqual({ chat: 1 })
    unmount()
    await pass(300)
    expect(session.closed).toBe(false)
    expect(hub.stats()).toMatchObject({ sessions: 1, subscriptions: 0 })
  })

  it('gives each of two providers a session', () => {
    const { hub } = stage()
    const got = new Set<AppSession>()
    const one = (
      <EarshotProvider hub={hub}>
        <Ask got={session => got.add(session)} />
      </EarshotProvider>
    )
    render([<div key="1">{one}</div>, <div key="2">{one}</div>])
    expect(got.size).toBe(2)
    expect(hub.stats().sessions).toBe(2)
  })

  it('is missed by hooks with a clear error', () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    for (const Hook of [() => useSession() && null, () => useConnection() && null, Chat]) {
      const { container } = render(
        <Boundary>
          <Hook />
        </Boundary>,
      )
      expect(container.textContent).toBe('EarshotError: Hooks need an <EarshotProvider> with a hub or session')
    }
  })

  it('shows hooks of a closed session or hub to the error boundary', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const { hub, show } = stage()
    const session = hub.openSession()
    session.close()
    const closedSession = render(
      <Boundary>
        <EarshotProvider session={session}>
          <Chat />
        </EarshotProvider>
      </Boundary>,
    )
    expect(closedSession.container.textContent).toContain('The session is closed')
    await hub.close()
    const closedHub = show(
      <Boundary>
        <Chat />
      </Boundary>,
    )
    expect(closedHub.container.textContent).toContain('The hub is closed')
  })
})
