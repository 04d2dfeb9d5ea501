import type { Presence } from '@earshot/core'
import { act, render } from '@testing-library/react'
import { type ReactElement, useEffect, useState } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { type AppSession, EarshotProvider, useMember, useMembers, usePresence, usePresenceCount, useTopic } from '../src/index.ts'
import { recordingTransport } from './support/recording-transport.ts'
import { type Stage, stage } from './support/stage.tsx'

type Place = { x: number; y: number }

/** Sessions that are in the room, with a place each. */
function crowd({ hub }: Stage, count: number): { id: string; presence: Presence }[] {
  return Array.from({ length: count }, (_, x) => {
    const session = hub.openSession()
    const presence = session.presence('room')
    presence.enter({ x, y: 0 })
    return { id: session.id, presence }
  })
}

function One({ id, committed }: { id: string; committed?: (id: string) => unknown }): ReactElement {
  const member = useMember('room', id)
  useEffect(() => void committed?.(id))
  return <p>{JSON.stringify(member?.data ?? 'nobody')}</p>
}

describe('useMember', () => {
  it('gives a member, undefined before it comes and after it has gone', async () => {
    const scene = stage()
    const session = scene.hub.openSession()
    const { container } = scene.show(<One id={session.id} />)
    expect(container.textContent).toBe('"nobody"')
    const presence = session.presence('room')
    presence.enter({ x: 1 })
    await scene.frames.next()
    expect(container.textContent).toBe('{"x":1}')
    presence.update({ x: 2 })
    await scene.frames.next()
    expect(container.textContent).toBe('{"x":2}')
    presence.leave()
    await scene.frames.next()
    expect(container.textContent).toBe('"nobody"')
  })

  it('shows who was here before as soon as it is mounted', () => {
    const scene = stage()
    const [ada] = crowd(scene, 1)
    expect(scene.show(<One id={ada?.id ?? ''} />).container.textContent).toBe('{"x":0,"y":0}')
  })

  it('renders, of 1,000 components, the one whose member has changed, and looks at no other', { timeout: 30_000 }, async () => {
    const scene = stage()
    const members = crowd(scene, 1000)
    const committed = vi.fn<(id: string) => void>()
    const looked = vi.fn<(id: string) => void>()
    function Selecting({ id }: { id: string }): null {
      useMember('room', id, member => {
        looked(id)
        return member.data
      })
      useEffect(() => committed(id))
      return null
    }
    scene.show(members.map(({ id }) => <Selecting key={id} id={id} />))
    await scene.frames.next()
    committed.mockClear()
    looked.mockClear()
    members[500]?.presence.update({ x: 0, y: 1 })
    members[500]?.presence.update({ x: 0, y: 2 })
    await scene.frames.next()
    expect(committed.mock.calls).toEqual([[members[500]?.id]])
    expect(new Set(looked.mock.calls.flat())).toEqual(new Set([members[500]?.id]))
    for (const { presence } of members.slice(10, 20)) presence.update({ x: 1, y: 1 })
    await scene.frames.next()
    expect(committed.mock.calls.slice(1).flat().sort()).toEqual(members.slice(10, 20).map(({ id }) => id).sort())
    expect(scene.hub.stats().sessions).toBe(1001)
  })

  it('renders with select when the result has changed, shallowly or as told', async () => {
    const scene = stage()
    const [ada] = crowd(scene, 1)
    const committed = vi.fn<(what: string, seen: unknown) => void>()
    function Watching({ id }: { id: string }): null {
      const shallow = useMember('room', id, ({ data }) => ({ x: (data as Place).x }))
      useEffect(() => committed('shallow', shallow))
      return null
    }
    function Told({ id }: { id: string }): null {
      const tens = (place: Place | undefined): number => Math.round((place?.y ?? 0) / 10)
      const rounded = useMember('room', id, ({ data }) => data as Place, (one, other) => tens(one) === tens(other))
      useEffect(() => committed('told', rounded))
      return null
    }
    const id = ada?.id ?? ''
    scene.show([<Watching key="1" id={id} />, <Told key="2" id={id} />])
    await scene.frames.next()
    committed.mockClear()
    for (const place of [{ x: 0, y: 1 }, { x: 0, y: 20 }, { x: 1, y: 21 }]) {
      ada?.presence.update(place)
      await scene.frames.next()
    }
    expect(committed.mock.calls).toEqual([
      ['told', { x: 0, y: 20 }],
      ['shallow', { x: 1 }],
    ])
  })

  it('keeps the identity of what an inline select gives over renders of its parent', async () => {
    const scene = stage()
    const [ada] = crowd(scene, 1)
    const seen = new Set<unknown>()
    function Again({ id }: { id: string }): ReactElement {
      const [count, again] = useState(0)
      const place = useMember('room', id, ({ data }) => ({ ...(data as Place) }))
      useEffect(() => void seen.add(place))
      return <button onClick={() => again(count + 1)} />
    }
    const { getByRole } = scene.show(<Again id={ada?.id ?? ''} />)
    await scene.frames.next()
    seen.clear()
    for (let time = 0; time < 3; time++) act(() => getByRole('button').click())
    expect(seen.size).toBe(1)
  })

  it('follows its id and its topic', async () => {
    const scene = stage()
    const [ada, bob] = crowd(scene, 2)
    const { container, change } = scene.show(<One id={ada?.id ?? ''} />)
    change(<One id={bob?.id ?? ''} />)
    expect(container.textContent).toBe('{"x":1,"y":0}')
    bob?.presence.update('moved')
    ada?.presence.update('not looked at')
    await scene.frames.next()
    expect(container.textContent).toBe('"moved"')
  })

  it('is compared only with what was of the same id', async () => {
    const scene = stage()
    const [ada, bob] = crowd(scene, 2)
    function Near({ id }: { id: string | undefined }): ReactElement {
      const place = useMember('room', id ?? '', ({ data }) => data as Place, (one, other) => Math.abs((one?.x ?? 0) - (other?.x ?? 0)) < 5)
      return <p>{place?.x}</p>
    }
    const { container, change } = scene.show(<Near id={ada?.id} />)
    change(<Near id={bob?.id} />)
    expect(container.textContent).toBe('1')
    change(<Near id={ada?.id} />)
    expect(container.textContent).toBe('0')
  })

  it('watches once with all other components, never enters, and ends 300 ms after the last', async () => {
    const watched: [string, boolean][] = []
    const transport = recordingTransport({
      watch: (topic, on) => {
        watched.push([topic, on])
        return Promise.resolve()
      },
    })
    const scene = stage({ transport })
    function All(): null {
      useMembers('room')
      usePresenceCount('room')
      return null
    }
    const { change } = scene.show([<One key="1" id="a" />, <One key="2" id="b" />, <All key="3" />])
    await scene.pass(1000)
    change([<One key="2" id="a" />])
    await scene.pass(1000)
    expect(watched).toEqual([['room', true]])
    change(null)
    await scene.pass(300)
    expect(watched).toEqual([
      ['room', true],
      ['room', false],
    ])
    expect(transport.told).toEqual(['open s1'])
    expect(scene.clock.pending).toBe(0)
    expect(scene.frames.pending).toBe(0)
  })
})

describe('useMembers', () => {
  it('gives everyone, the same array until something changes', async () => {
    const scene = stage()
    const members = crowd(scene, 2)
    const seen: (readonly unknown[])[] = []
    function All(): ReactElement {
      const [, again] = useState({})
      const all = useMembers('room')
      useEffect(() => void seen.push(all))
      return <button onClick={() => again({})}>{all.length}</button>
    }
    const { getByRole } = scene.show(<All />)
    expect(getByRole('button').textContent).toBe('2')
    act(() => getByRole('button').click())
    expect(new Set(seen.filter(all => all.length === 2)).size).toBe(1)
    members[0]?.presence.leave()
    await scene.frames.next()
    expect(getByRole('button').textContent).toBe('1')
  })

  it('renders with select when the result has changed, once a frame', async () => {
    const scene = stage()
    const members = crowd(scene, 10)
    const committed = vi.fn<(ys: number[]) => void>()
    function Ys(): null {
      const ys = useMembers('room', all => [...new Set(all.map(({ data }) => (data as Place).y))])
      useEffect(() => committed(ys))
      return null
    }
    scene.show(<Ys />)
    await scene.frames.next()
    committed.mockClear()
    for (const [x, { presence }] of members.entries()) presence.update({ x: x + 1, y: 0 })
    await scene.frames.next()
    expect(committed).not.toHaveBeenCalled()
    for (const { presence } of members) presence.update({ x: 0, y: 1 })
    await scene.frames.next()
    expect(committed.mock.calls).toEqual([[[1]]])
  })

  it('compares as it is told', async () => {
    const scene = stage()
    const [ada] = crowd(scene, 2)
    const committed = vi.fn<(count: number) => void>()
    function Same(): null {
      const all = useMembers('room', everyone => everyone, (one, other) => one.length === other.length)
      useEffect(() => committed(all.length))
      return null
    }
    scene.show(<Same />)
    await scene.frames.next()
    committed.mockClear()
    ada?.presence.update('elsewhere')
    await scene.frames.next()
    expect(committed).not.toHaveBeenCalled()
    ada?.presence.leave()
    await scene.frames.next()
    expect(committed.mock.calls).toEqual([[1]])
  })
})

describe('a custom equality is asked only of what is of the same', () => {
  const same = (one: unknown[], other: unknown[]): boolean => one.length === other.length
  function Rough({ topic }: { topic: string }): ReactElement {
    const { selected } = useTopic(topic, { select: messages => messages.map(({ data }) => data), isEqual: same })
    return <p>{[...useMembers(topic, all => all.map(({ data }) => data), same), ...selected].join()}</p>
  }

  it('topic', async () => {
    const { hub, show, frames } = stage()
    const all = <>{['a', 'b'].map(topic => <Rough key={topic} topic={topic} />)}</>
    const { container, change } = show([<Rough key="1" topic="a" />, all])
    for (const topic of ['a', 'b']) {
      hub.publish(topic, `said in ${topic}`)
      hub.openSession().presence(topic).enter(`is in ${topic}`)
    }
    await frames.next()
    expect(container.querySelector('p')?.textContent).toBe('is in a,said in a')
    change([<Rough key="1" topic="b" />, all])
    expect(container.querySelector('p')?.textContent).toBe('is in b,said in b')
  })

  it('session', async () => {
    const { hub, frames } = stage()
    const ada = hub.openSession({ userId: 'ada' })
    const bob = hub.openSession({ userId: 'bob' })
    const page = (session: AppSession): ReactElement => (
      <>
        {[session, ada, bob].map((each, index) => <EarshotProvider key={index} session={each}><Rough topic="room" /></EarshotProvider>)}
      </>
    )
    const { container, rerender } = render(page(ada))
    for (const user of ['ada', 'bob']) hub.publish('room', `for ${user}`, { to: [user] })
    await frames.next()
    expect(container.querySelector('p')?.textContent).toBe('for ada')
    rerender(page(bob))
    expect(container.querySelector('p')?.textContent).toBe('for bob')
  })
})

describe('usePresenceCount', () => {
  it('counts people: the tabs of a user are one, sessions without a user one each', async () => {
    const scene = stage()
    const committed = vi.fn<(count: number) => void>()
    function Count(): ReactElement {
      const count = usePresenceCount('room')
      useEffect(() => committed(count))
      return <p>{count}</p>
    }
    const { container } = scene.show(<Count />)
    expect(container.textContent).toBe('0')
    const people = ['bob', 'bob', undefined, undefined].map(userId => scene.hub.openSession({ userId }).presence('room'))
    for (const one of people) one.enter()
    await scene.frames.next()
    expect(container.textContent).toBe('3')
    committed.mockClear()
    people[0]?.leave()
    people[2]?.update('here')
    await scene.frames.next()
    expect(committed).not.toHaveBeenCalled()
    people[1]?.leave()
    await scene.frames.next()
    expect(container.textContent).toBe('2')
  })

  it('counts the one who enters by usePresence, beside it', async () => {
    const scene = stage()
    function Both(): ReactElement {
      usePresence('room', 'here')
      return <p>{usePresenceCount('room')}</p>
    }
    const { container } = scene.show(<Both />)
    await scene.frames.next()
    expect(container.textContent).toBe('1')
  })
})
