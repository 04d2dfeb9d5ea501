import { type ReactElement } from 'react'
import { render } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
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
import { countingTransport } from './support/everything.tsx'
import { recordingTransport } from './support/recording-transport.ts'
import { Boundary, stage } from './support/stage.tsx'

/** Hooks that listen to a topic, and how they are called. */
const listening: [string, (topic: string) => unknown][] = [
  ['useTopic', topic => useTopic(topic)],
  ['useSubscription', topic => useSubscription(topic, () => {})],
  ['usePresence', topic => usePresence(topic)],
  ['usePresence with data', topic => usePresence(topic, 'here')],
  ['useEnter', topic => useEnter(topic, 'here')],
  ['useMember', topic => useMember(topic, 'somebody')],
  ['useMembers', topic => useMembers(topic)],
  ['usePresenceCount', topic => usePresenceCount(topic)],
  ['useSharedState', topic => useSharedState(topic, 0)],
]
/** Hooks that do something for the whole browser. */
const once: [string, () => unknown][] = [
  ['useLeader', () => useLeader()],
  ['useClaim', () => useClaim('id', () => {})],
]
const others: [string, () => unknown][] = [
  ['usePublish', () => usePublish('chat')],
  ['useSession', () => useSession()],
  ['useConnection', () => useConnection()],
]

/** A component that does nothing but call a hook. */
function calling(hook: () => unknown): () => null {
  return function Caller() {
    hook()
    return null
  }
}

/** The text of what a component throws. */
function caught(element: ReactElement): string | null {
  return render(<Boundary>{element}</Boundary>).container.textContent
}

describe('an error boundary catches, with a text that says what to do,', () => {
  beforeEach(() => {
    vi.spyOn(console, 'error').mockImplementation(() => {}) // React tells of what a boundary catches
  })

  it.each([...others, ...once, ...listening.map(([name, hook]): [string, () => unknown] => [name, () => hook('chat')])])('%s without a provider', (_, hook) => {
    const Caller = calling(hook)
    expect(caught(<Caller />)).toBe('EarshotError: Hooks need an <EarshotProvider> with a hub or session')
  })

  it.each(listening)('%s on a topic that is none', async (_, hook) => {
    const { hub, pass, clock } = stage()
    const Caller = calling(() => hook('rooms//chat'))
    expect(caught(<EarshotProvider hub={hub}><Caller /></EarshotProvider>)).toMatch(/^EarshotError: .*"rooms\/\/chat".*empty/)
    await pass(5000)
    expect(hub.stats()).toMatchObject({ sessions: 0, subscriptions: 0 })
    expect(clock.pending).toBe(0)
  })

  it.each([...listening, ...once])('%s of a session that is closed', (_, hook) => {
    const session = stage().hub.openSession()
    session.close()
    const Caller = calling(() => hook('chat'))
    expect(caught(<EarshotProvider session={session}><Caller /></EarshotProvider>)).toMatch(/^EarshotError: The session is closed/)
  })

  it.each(once)('%s of a session that is closed, with a transport that joins no tabs', (_, hook) => {
    const { hub, errors } = stage({ transport: recordingTransport() })
    const session = hub.openSession()
    session.close()
    const Caller = calling(hook)
    expect(caught(<EarshotProvider session={session}><Caller /></EarshotProvider>)).toMatch(/^EarshotError: The session is closed/)
    expect(errors).toEqual([])
  })

  it.each([...listening, ...once])('%s of a hub that is closed', async (_, hook) => {
    const { hub } = stage()
    await hub.close()
    const Caller = calling(() => hook('chat'))
    expect(caught(<EarshotProvider hub={hub}><Caller /></EarshotProvider>)).toMatch(/^EarshotError: The hub is closed/)
  })

  it.each([
    ['replay', -1],
    ['limit', -1],
    ['limit', 1.5],
    ['limit', Infinity],
    ['limit', NaN],
  ])('an option that is out of bounds: %s is %d', async (name, value) => {
    const { hub, pass } = stage()
    const Caller = calling(() => useTopic('chat', { [name]: value }))
    expect(caught(<EarshotProvider hub={hub}><Caller /></EarshotProvider>)).toMatch(new RegExp(`^EarshotError: ${name} is ${value}`))
    await pass(5000)
    expect(hub.stats().subscriptions).toBe(0)
  })

  it('a select that refuses what is here when the component is mounted, of which nothing is left', async () => {
    const transport = countingTransport()
    const { hub, pass, clock } = stage({ transport })
    const session = hub.openSession()
    const room = hub.openSession().presence('room')
    room.enter('Ada')
    const Caller = calling(() =>
      useSharedState('theme', 'light') &&
      useMembers('room', ([member]) => {
        if (member) throw new Error(`nobody wants ${String(member.data)}`)
      }),
    )
    expect(caught(<EarshotProvider session={session}><Caller /></EarshotProvider>)).toBe('Error: nobody wants Ada')
    await pass(300)
    expect(clock.pending).toBe(0)
    room.close()
    expect(transport.told.slice(-3)).toEqual(['unlisten s1 theme', 'leave s2', 'unwatch room'])
  })

  it('a provider with neither a hub nor a session', () => {
    // @ts-expect-error which does not compile, either
    expect(caught(<EarshotProvider />)).toBe('EarshotError: Hooks need an <EarshotProvider> with a hub or session')
  })
})
