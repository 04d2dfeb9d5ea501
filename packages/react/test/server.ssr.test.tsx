import { type Clock, createHub } from '@earshot/core'
import { broadcastChannel } from '@earshot/transport'
import { type ReactElement, StrictMode, version } from 'react'
import { renderToString, version as serverVersion } from 'react-dom/server'
import { describe, expect, it, vi } from 'vitest'
import {
  type AppHub,
  EarshotProvider,
  useClaim,
  useConnection,
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
import { recordingTransport } from './support/recording-transport.ts'

function Everything(): ReactElement {
  const { messages, last } = useTopic('chat', { replay: 5 })
  const { selected } = useTopic('chat', { select: all => ({ count: all.length }) })
  const { members, self, ready } = usePresence('room', 'Ada')
  useSubscription('chat', vi.fn<() => void>())
  usePublish('chat')
  const member = useMember('room', 'somebody', ({ data }) => data)
  const names = useMembers('room', all => all.map(({ id }) => id))
  const [theme, , loaded] = useSharedState('theme', 'light')
  useClaim('id', () => {})
  const others = [member ?? 'nobody', names.length, usePresenceCount('room'), theme, loaded, String(useLeader())]
  return (
    <p>{[useConnection().state, messages.length, last ?? 'nothing', selected.count, members.length, self ?? 'nobody', String(ready), ...others].join(' ')}</p>
  )
}

function Asking(): ReactElement {
  return <p>{useSession().userId}</p>
}

describe('on a server', () => {
  it('these tests run in the React that their project names', () => {
    expect([version, serverVersion].map(each => each.split('.')[0])).toEqual([process.env['REACT'], process.env['REACT']])
  })

  it('hooks render what is true of a page that has heard nothing, and open nothing', () => {
    expect(typeof document).toBe('undefined')
    const complain = vi.spyOn(console, 'error')
    const transport = recordingTransport()
    const hub: AppHub = createHub({ transport })
    const html = renderToString(
      <StrictMode>
        <EarshotProvider hub={hub} userId="ada">
          <Everything />
        </EarshotProvider>
      </StrictMode>,
    )
    expect(html).toBe('<p>initialised 0 nothing 0 0 nobody false nobody 0 0 light loading false</p>')
    expect(complain).not.toHaveBeenCalled()
    expect(hub.stats()).toMatchObject({ sessions: 0, subscriptions: 0 })
    expect(transport.told).toEqual([])
    expect(hub.status.state).toBe('initialised')
  })

  it('hooks touch neither BroadcastChannel nor locks, with the transport of tabs', async () => {
    const touched = vi.fn<(name: string) => void>()
    const refuse = (name: string) => (): never => {
      touched(name)
      throw new Error(`There is no ${name} on a server`)
    }
    // As a server of the edge has it, which looks like a browser's worker.
    vi.stubGlobal('WorkerGlobalScope', class {})
    vi.stubGlobal('BroadcastChannel', class { constructor() { refuse('BroadcastChannel')() } })
    vi.stubGlobal('navigator', Object.defineProperty({}, 'locks', { get: refuse('locks') }))
    const errors: unknown[] = []
    const hub: AppHub = createHub({ transport: broadcastChannel({ name: 'app' }), onError: error => errors.push(error) })
    const html = renderToString(
      <EarshotProvider hub={hub} userId="ada">
        <Everything />
      </EarshotProvider>,
    )
    expect(html).toBe('<p>initialised 0 nothing 0 0 nobody false nobody 0 0 light loading false</p>')
    expect(touched).not.toHaveBeenCalled()
    expect(errors).toEqual([])
    // A first use would have met them.
    hub.openSession().subscribe('chat', () => {})
    await vi.waitFor(() => expect(new Set(touched.mock.calls.flat())).toEqual(new Set(['locks', 'BroadcastChannel'])))
    await hub.close()
    vi.unstubAllGlobals()
  })

  it('a session that is asked for is there, without the transport, and closed after a while', async () => {
    const after = vi.fn<Clock['after']>(() => () => {})
    const transport = recordingTransport()
    const hub: AppHub = createHub({ transport, clock: { now: () => 0, after } })
    const html = renderToString(
      <EarshotProvider hub={hub} userId="ada">
        <Asking />
      </EarshotProvider>,
    )
    expect(html).toBe('<p>ada</p>')
    expect(transport.told).toEqual([])
    expect(hub.stats().sessions).toBe(1)
    expect(after.mock.calls.map(([delay]) => delay)).toEqual([5000])
    after.mock.calls[0]?.[1]()
    expect(hub.stats().sessions).toBe(0)
  })
})
