import { createHub } from '@earshot/core'
import { createTestBrowser } from '@earshot/core/testing'
import { broadcastChannel } from '@earshot/transport'
import { act, render } from '@testing-library/react'
import { useEffect } from 'react'
import { describe, expect, it, vi } from 'vitest'
import {
  type AppHub,
  EarshotProvider,
  useClaim,
  useConnection,
  useEnter,
  useLeader,
  useMember,
  useMembers,
  usePresence,
  usePresenceCount,
  usePublish,
  useSession,
  useSharedState,
  useSubscription,
  useTopic,
} from '../src/index.ts'
import { testFrames } from './support/frames.ts'

/** Each hook, as a component uses it, and what then is open in the hub beyond the session. */
const hooks: [string, () => unknown][] = [
  ['useSession', () => useSession().id],
  ['useConnection', () => useConnection()],
  ['useTopic', () => useTopic('chat', { replay: 10 })],
  ['useSubscription', () => useSubscription('chat', () => {}, { replay: 10, concurrency: 1 })],
  ['usePresence', () => usePresence('room')],
  ['usePresence with data', () => usePresence('room', 'here')],
  ['useEnter', () => useEnter('room', 'here')],
  ['useMember', () => useMember('room', 'somebody')],
  ['useMembers', () => useMembers('room')],
  ['usePresenceCount', () => usePresenceCount('room')],
  ['useSharedState', () => useSharedState('theme', 'light')],
  ['useLeader', () => useLeader()],
  ['useClaim', () => useClaim('id', () => {})],
  ['usePublish', usePublishing],
]

function usePublishing(): void {
  const publish = usePublish('chat')
  useEffect(() => publish('hi'), [publish])
}

describe('nothing is left 300 ms after', () => {
  it.each(hooks)('%s', async (_, hook) => {
    const browser = createTestBrowser()
    const frames = testFrames()
    const tab = browser.openTab()
    const { clock, random } = tab.env
    const hub: AppHub = createHub({ clock, random, transport: broadcastChannel({ name: 'app', ...tab.env }) })
    const session = hub.openSession()
    const listeners = [vi.spyOn(document, 'addEventListener'), vi.spyOn(document, 'removeEventListener')].map(({ mock }) => mock.calls)
    function Caller(): null {
      hook()
      return null
    }
    const pass = async (ms: number): Promise<void> => {
      await act(() => browser.advance(ms))
      await frames.next()
    }
    // What the session, the transport and the clock hold without any hook.
    const room = session.presence('room')
    await pass(1000)
    const before = [hub.stats().subscriptions, room.members.length, tab.leaks()]
    expect(tab.leaks().channels).toBe(1)

    for (let time = 0; time < 3; time++) {
      const { unmount } = render(<EarshotProvider session={session}><Caller /></EarshotProvider>)
      await pass(1000)
      session.publish('chat', 'hello')
      await frames.next()
      unmount()
      await pass(300)
    }
    await pass(60_000) // a claim is held for so long
    expect([hub.stats().subscriptions, room.members.length, tab.leaks()]).toEqual(before)
    expect(frames.pending).toBe(0)
    const [added, removed] = listeners.map(calls => calls.filter(([type]) => type === 'visibilitychange').length)
    expect(removed).toBe(added)
  })
})
