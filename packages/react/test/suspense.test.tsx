import { type Message } from '@earshot/core'
import { render } from '@testing-library/react'
import { type ReactElement } from 'react'
import { describe, expect, it } from 'vitest'
import { EarshotProvider, useMember, useMembers, usePresence, usePresenceCount, useSharedState, useSubscription, useTopic } from '../src/index.ts'
import { countingTransport, Everything, ONCE, UNDONE } from './support/everything.tsx'
import { late } from './support/late.tsx'
import { type Stage, stage } from './support/stage.tsx'

/** Shows what each store gives. */
function Page(): ReactElement {
  const { messages } = useTopic('chat')
  const { members } = usePresence('room', 'Ada')
  const [theme] = useSharedState('theme', 'light')
  const names = useMembers('room', all => all.map(({ data }) => data))
  return (
    <p>
      {[messages.map(({ data }) => data), members.length, theme, names, usePresenceCount('room'), useMember('room', 'bob', ({ data }) => data)].join(' ')}
    </p>
  )
}

function Ear({ hear }: { hear: (message: Message) => unknown }): null {
  useSubscription('chat', hear)
  return null
}

/** Lets another session do what the page shows. */
async function act({ hub, pass, frames }: Stage): Promise<void> {
  hub.publish('chat', 'hi')
  const session = hub.openSession({ id: 'bob' })
  session.presence('room').enter('Bob')
  session.state('theme', 'light').set('dark')
  await pass(100)
  await frames.next()
}

describe.each([
  ['with', true],
  ['without', false],
])('a component that Suspense hides, %s StrictMode,', (_, reactStrictMode) => {
  it.each([200, 1000])('shows what happens after %d ms of a fallback', async ms => {
    const scene = stage()
    const { within, hide, reveal } = late()
    const { container } = scene.show(within(<Page />), { reactStrictMode })
    await scene.pass(100)
    await scene.frames.next()
    expect(container.textContent).toBe(' 1 light Ada 1 ')
    hide()
    expect(container.textContent).toContain('wait')
    await scene.pass(ms)
    await reveal()
    expect(container.textContent).toBe(' 1 light Ada 1 ')
    await act(scene)
    expect(container.textContent).toBe('hi 2 dark Ada,Bob 2 Bob')
  })

  it('shows what happened meanwhile as soon as it is shown again', async () => {
    const scene = stage()
    const { within, hide, reveal } = late()
    const { container } = scene.show(within(<Page />), { reactStrictMode })
    await scene.pass(100)
    hide()
    await scene.pass(1000)
    await act(scene)
    await reveal()
    expect(container.textContent).toBe('hi 2 dark Ada,Bob 2 Bob')
  })

  it('stays all that it is to others, and takes it back 300 ms after it is unmounted', async () => {
    const transport = countingTransport()
    const { show, pass, clock } = stage({ transport })
    const told = (): string[] => [...transport.told].sort()
    const { within, hide, reveal } = late()
    const { change } = show(within(<Everything />), { reactStrictMode })
    await pass(1000)
    hide()
    await pass(1000)
    await reveal()
    await pass(1000)
    expect(told()).toEqual([...ONCE].sort())
    change(null)
    await pass(300)
    expect(told()).toEqual([...ONCE, ...UNDONE].sort())
    expect(clock.pending).toBe(0)
  })

  it('takes all back when it is unmounted while it is hidden', async () => {
    const { hub, show, pass, clock } = stage()
    const { within, hide } = late()
    const { change } = show(within(<Everything />), { reactStrictMode })
    await pass(1000)
    hide()
    await pass(1000)
    expect(hub.stats().subscriptions).toBeGreaterThan(0)
    change(null)
    await pass(300)
    expect(hub.stats().subscriptions).toBe(0)
    await pass(60_000) // a claim is held for so long
    expect(clock.pending).toBe(0)
  })

  it('keeps its provider’s session when that is hidden, too', async () => {
    const transport = countingTransport()
    const scene = stage({ transport })
    const { within, hide, reveal } = late()
    const { container, unmount } = render(within(<EarshotProvider hub={scene.hub}><Page /></EarshotProvider>), { reactStrictMode })
    await scene.pass(100)
    hide()
    await scene.pass(1000)
    await reveal()
    await act(scene)
    expect(container.textContent).toMatch(/^hi 2 dark Ada,Bob 2/)
    expect(transport.told.filter(told => /^(open|close|leave)/.test(told))).toEqual(['open s1', 'open s2'])
    unmount()
    await scene.pass(300)
    expect(transport.told.at(-1)).toBe('close s1')
  })

  it.each([100, 1000])('hears with its listener what comes in %d ms of a fallback, and nothing when it has gone', async ms => {
    const { hub, show, pass } = stage()
    const heard: unknown[] = []
    const { within, hide, reveal } = late()
    const { change } = show(within(<Ear hear={({ data }) => heard.push(data)} />), { reactStrictMode })
    hub.publish('chat', 'before')
    hide()
    hub.publish('chat', 'at once')
    await pass(ms)
    hub.publish('chat', 'late')
    await reveal()
    hub.publish('chat', 'after')
    expect(heard).toEqual(['before', 'at once', 'late', 'after'])
    change(null)
    hub.publish('chat', 'gone')
    expect(heard).toHaveLength(4)
  })
})
