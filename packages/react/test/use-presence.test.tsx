import { act, render } from '@testing-library/react'
import { type ReactElement, useEffect } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { EarshotProvider, type PresenceView, usePresence } from '../src/index.ts'
import { recordingTransport } from './support/recording-transport.ts'
import { type Stage, stage } from './support/stage.tsx'

/** Is on a topic, or looks on, and hands out what it sees. */
function Here({ data, see }: { data?: unknown; see?: (view: PresenceView<unknown>) => unknown }): ReactElement {
  const view = usePresence('room', data)
  useEffect(() => {
    see?.(view)
  })
  return <p>{view.members.map(member => JSON.stringify(member.data)).join(' ')}</p>
}

/** Writes down what happens in the room, as another session sees it. */
function watch({ hub }: Stage): string[] {
  const events: string[] = []
  hub
    .openSession()
    .presence('room')
    .subscribe(({ type, member }) => events.push(`${type} ${JSON.stringify(member.data)}`))
  return events
}

describe('usePresence', () => {
  it('enters once while mounted, and leaves 300 ms after, without a flicker', async () => {
    const transport = recordingTransport()
    const { show, pass, frames, clock } = stage({ transport })
    const { container, change } = show(<Here data={{ name: 'Ada' }} />)
    await frames.next()
    expect(container.textContent).toBe('{"name":"Ada"}')
    change(null)
    await pass(200)
    change(<Here data={{ name: 'Ada' }} />)
    await pass(1000)
    expect(transport.told).toEqual(['open s1', 'enter s1 {"name":"Ada"}'])
    change(null)
    await pass(299)
    expect(transport.told).toHaveLength(2)
    await pass(1)
    expect(transport.told.slice(2)).toEqual(['leave s1'])
    expect(clock.pending).toBe(0)
  })

  it('only looks on without data', async () => {
    const scene = stage()
    const events = watch(scene)
    const other = scene.hub.openSession({ userId: 'bob' }).presence('room')
    let view: PresenceView<unknown> | undefined
    const { container } = scene.show(<Here see={given => (view = given)} />)
    other.enter('Bob')
    await scene.frames.next()
    expect(container.textContent).toBe('"Bob"')
    expect(view?.self).toBeUndefined()
    expect(view?.others).toHaveLength(1)
    expect(events).toEqual(['enter "Bob"'])
  })

  it('shows who was here before as soon as it is mounted', async () => {
    const { hub, show } = stage()
    hub.openSession().presence('room').enter('Bob')
    const { container } = show(<Here />)
    expect(container.textContent).toBe('"Bob"')
  })

  it('tells itself from others, and folds the tabs of a user', async () => {
    const { hub, frames } = stage()
    const tabs = [hub.openSession({ userId: 'bob' }), hub.openSession({ userId: 'bob' })]
    for (const tab of tabs) tab.presence('room').enter('Bob')
    let view: PresenceView<unknown> | undefined
    const session = hub.openSession()
    render(
      <EarshotProvider session={session}>
        <Here data="Ada" see={given => (view = given)} />
      </EarshotProvider>,
    )
    await frames.next()
    expect(view?.members).toHaveLength(3)
    expect(view?.self).toMatchObject({ id: session.id, data: 'Ada' })
    expect(view?.others.map(member => member.id)).toEqual(tabs.map(tab => tab.id))
    expect([...(view?.byUser ?? [])].map(([user, members]) => [user, members.length])).toEqual([
      ['bob', 2],
      [session.id, 1],
    ])
  })

  it('says changed data, compared by value, without leaving', async () => {
    const scene = stage()
    const events = watch(scene)
    const { change } = scene.show(<Here data={{ name: 'Ada' }} />)
    change(<Here data={{ name: 'Ada' }} />)
    change(<Here data={{ name: 'Ada', away: true }} />)
    change(<Here data={['Ada']} />)
    change(<Here data={['Ada']} />)
    change(<Here data={null} />)
    await scene.pass(1000)
    expect(events).toEqual(['enter {"name":"Ada"}', 'update {"name":"Ada","away":true}', 'update ["Ada"]', 'update null'])
  })

  it.each([
    ['an object', () => ({ user: { name: 'Ada' }, tags: ['a'] })],
    ['a date', () => ({ since: new Date(0) })],
    ['a map', () => new Map([['status', { away: false }]])],
    ['bytes', () => ({ face: new Uint8Array([1, 2]) })],
  ])('says once, and renders no more, data written inline with %s in it', async (_, make) => {
    const scene = stage()
    const events = watch(scene)
    const rendered = vi.fn<() => void>()
    function Inline(): null {
      usePresence('room', make())
      useEffect(rendered)
      return null
    }
    scene.show(<Inline />)
    for (let frame = 0; frame < 3; frame++) await scene.frames.next() // it is ready, and a member
    rendered.mockClear()
    for (let frame = 0; frame < 5; frame++) await scene.frames.next()
    expect(rendered).not.toHaveBeenCalled()
    expect(events).toHaveLength(1)
  })

  it('leaves when its data goes, and enters when it comes', async () => {
    const scene = stage()
    const events = watch(scene)
    const { change } = scene.show(<Here />)
    change(<Here data="Ada" />)
    change(<Here />)
    await scene.pass(300)
    change(<Here data="Ada" />)
    expect(events).toEqual(['enter "Ada"', 'leave "Ada"', 'enter "Ada"'])
  })

  it('is one entry for all components: the last mounted one speaks, then the one before', async () => {
    const scene = stage()
    const events = watch(scene)
    const { change } = scene.show([<Here key="1" data="page" />])
    change([<Here key="1" data="page" />, <Here key="2" data="dialog" />])
    change([<Here key="1" data="page!" />, <Here key="2" data="dialog" />])
    change([<Here key="1" data="page!" />, <Here key="2" data="dialog!" />])
    await scene.pass(1000)
    change([<Here key="1" data="page!" />])
    await scene.pass(300)
    change(null)
    await scene.pass(300)
    expect(events).toEqual(['enter "page"', 'update "dialog"', 'update "dialog!"', 'update "page!"', 'leave "page!"'])
  })

  it('has nothing left to say when all of them go together', async () => {
    const scene = stage()
    const events = watch(scene)
    const { unmount } = scene.show([<Here key="1" data="one" />, <Here key="2" data="two" />])
    unmount()
    await scene.pass(300)
    expect(events).toEqual(['enter "one"', 'update "two"', 'leave "two"'])
    expect(scene.errors).toEqual([])
    expect(scene.clock.pending).toBe(0)
  })

  it('says by update something that holds until the component says something new', async () => {
    const scene = stage()
    const events = watch(scene)
    let view: PresenceView<unknown> | undefined
    const see = (given: PresenceView<unknown>): void => void (view = given)
    const updates = new Set<unknown>()
    const { change } = scene.show(<Here data={{ typing: false }} see={see} />)
    updates.add(view?.update)
    view?.update({ typing: true })
    change(<Here data={{ typing: false }} see={see} />)
    view?.update((old: unknown) => [old])
    change(<Here data={{ typing: null }} see={see} />)
    updates.add(view?.update)
    expect(events).toEqual(['enter {"typing":false}', 'update {"typing":true}', 'update [{"typing":true}]', 'update {"typing":null}'])
    expect(updates.size).toBe(1)
  })

  it('speaks anew when another component has the word, whatever was updated before', async () => {
    const scene = stage()
    const events = watch(scene)
    let view: PresenceView<unknown> | undefined
    const see = (given: PresenceView<unknown>): void => void (view = given)
    const { change } = scene.show(<Here key="1" data="here" see={see} />)
    view?.update('away')
    change(<Here key="2" data="here" />) // mounted while the other one is not quite gone
    await scene.pass(1000)
    expect(events).toEqual(['enter "here"', 'update "away"', 'update "here"'])
  })

  it('goes back to what the page says when a dialog has gone that said the same and then something else', async () => {
    const scene = stage()
    const events = watch(scene)
    let view: PresenceView<unknown> | undefined
    const page = <Here key="1" data={{ at: 'page' }} />
    const { change } = scene.show([page, <Here key="2" data={{ at: 'page' }} see={given => (view = given)} />])
    view?.update({ at: 'page', typing: true })
    change([page])
    await scene.pass(1000)
    expect(events).toEqual(['enter {"at":"page"}', 'update {"at":"page","typing":true}', 'update {"at":"page"}'])
  })

  it('says nothing when one goes that did not speak', async () => {
    const scene = stage()
    const events = watch(scene)
    let view: PresenceView<unknown> | undefined
    const speaking = <Here key="2" data="dialog" see={given => (view = given)} />
    const { change } = scene.show([<Here key="1" data="page" />, speaking])
    view?.update('typing')
    change([speaking])
    await scene.pass(1000)
    expect(events).toEqual(['enter "page"', 'update "dialog"', 'update "typing"'])
  })

  it('enters though others still tell of it, as after a reload', async () => {
    const transport = recordingTransport()
    const { show, pass, frames } = stage({ transport })
    const { container, change } = show(<Here />)
    await pass(0)
    transport.link.member('room', { id: 's1', userId: undefined, data: 'Ada', since: 0, clock: 1 })
    await frames.next()
    expect(container.textContent).toBe('"Ada"')
    change(<Here data="Ada" />)
    expect(transport.told).toEqual(['open s1', 'enter s1 "Ada"'])
  })

  it('is ready once those that were here before are known', async () => {
    let known = (): void => {}
    const transport = recordingTransport({
      watch: () =>
        new Promise(resolve => {
          known = resolve
        }),
    })
    const { show, frames } = stage({ transport })
    const seen: boolean[] = []
    show(<Here see={({ ready }) => seen.push(ready)} />)
    expect(seen.at(-1)).toBe(false)
    await act(async () => known())
    await frames.next()
    expect(seen.at(-1)).toBe(true)
  })

  it('commits once a frame, however many come and go', async () => {
    const { hub, show, frames } = stage()
    const committed = vi.fn<(view: PresenceView<unknown>) => void>()
    show(<Here see={committed} />)
    await frames.next()
    committed.mockClear()
    for (let number = 0; number < 100; number++) hub.openSession().presence('room').enter(number)
    await frames.next()
    expect(committed).toHaveBeenCalledTimes(1)
    expect(committed.mock.lastCall?.[0].members).toHaveLength(100)
  })
})
