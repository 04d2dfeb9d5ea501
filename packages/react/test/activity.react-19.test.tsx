import { render } from '@testing-library/react'
import { Activity, type ReactElement, useEffect } from 'react'
import { describe, expect, it } from 'vitest'
import { type AppSession, EarshotProvider, useLeader, useMembers, usePresence, useSession, useSharedState, useSubscription, useTopic } from '../src/index.ts'
import { stage } from './support/stage.tsx'

function Everything(): null {
  usePresence('room', 'Ada')
  useMembers('room')
  useSharedState('theme', 'light')
  useLeader()
  useSubscription('chat', () => {})
  return null
}

describe('within <Activity>', () => {
  it('a provider keeps its session over a short time hidden, and opens a new one after a long one', async () => {
    const { hub, pass } = stage()
    const got: AppSession[] = []
    function Chat(): ReactElement {
      const session = useSession()
      useEffect(() => void got.push(session), [session])
      return <p>{useTopic('chat').messages.length}</p>
    }
    const page = (mode: 'visible' | 'hidden'): ReactElement => (
      <Activity mode={mode}>
        <EarshotProvider hub={hub}>
          <Chat />
          <Everything />
        </EarshotProvider>
      </Activity>
    )
    const { rerender } = render(page('visible'))
    rerender(page('hidden'))
    await pass(200)
    rerender(page('visible'))
    await pass(1000)
    expect(new Set(got).size).toBe(1)
    expect(got[0]?.closed).toBe(false)
    rerender(page('hidden'))
    await pass(1000)
    expect(hub.stats()).toMatchObject({ sessions: 0, subscriptions: 0 })
    rerender(page('visible'))
    await pass(10_000)
    expect(got.at(-1)?.closed).toBe(false)
    expect(hub.stats()).toMatchObject({ sessions: 1, subscriptions: 3 })
  })
})
