import type { Presence } from '@earshot/core'
import { render } from '@testing-library/react'
import { type ReactElement, useEffect } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { EarshotProvider, useEnter, useMembers, usePresence } from '../src/index.ts'
import { countingTransport } from './support/everything.tsx'
import { recordingTransport } from './support/recording-transport.ts'
import { Boundary, stage } from './support/stage.tsx'

interface EnteringProps {
  data?: unknown
  rendered?: () => unknown
  give?: (update: Presence['update']) => unknown
}

function Entering({ data, rendered, give }: EnteringProps): null {
  const update = useEnter('room', data)
  useEffect(() => void give?.(update), [give, update])
  useEffect(() => void rendered?.())
  return null
}

describe.each([
  ['with', true],
  ['without', false],
])('useEnter, %s StrictMode,', (_, reactStrictMode) => {
  it('enters while mounted, and takes all back 300 ms after', async () => {
    const transport = countingTransport()
    const { show, pass, clock } = stage({ transport })
    const { change } = show(<Entering data={{ name: 'Ada' }} />, { reactStrictMode })
    await pass(1000)
    expect(transport.told).toEqual(['open s1', 'watch room', 'enter s1 {"name":"Ada"}'])
    change(null)
    await pass(200)
    change(<div><Entering data={{ name: 'Ada' }} /></div>)
    await pass(1000)
    expect(transport.told).toHaveLength(3)
    change(null)
    await pass(299)
    expect(transport.told).toHaveLength(3)
    await pass(1)
    expect(transport.told.slice(3)).toEqual(['leave s1', 'unwatch room'])
    expect(clock.pending).toBe(0)
  })

  it('renders for nobody, and says what is new', async () => {
    const transport = recordingTransport()
    const { hub, show, pass, frames } = stage({ transport })
    const rendered = vi.fn<() => void>()
    const { change } = show(<Entering data={{ at: [0] }} rendered={rendered} />, { reactStrictMode })
    await pass(100)
    rendered.mockClear()
    const other = hub.openSession({ id: 'other' }).presence('room')
    for (let x = 0; x < 3; x++) {
      other.enter(x)
      await frames.next()
    }
    expect(rendered).not.toHaveBeenCalled()
    expect(frames.pending).toBe(0)
    change(<Entering data={{ at: [0] }} rendered={rendered} />)
    change(<Entering data={{ at: [1] }} rendered={rendered} />)
    expect(transport.told.filter(told => told.startsWith('enter s1'))).toEqual(['enter s1 {"at":[0]}', 'enter s1 {"at":[1]}'])
  })

  it('lets a component that shows ids render when somebody comes or goes, and for no move', async () => {
    const { hub, show, frames } = stage()
    const rendered = vi.fn<(ids: number) => void>()
    function Canvas(): null {
      useEnter('room', { x: 0, y: 0 })
      const ids = useMembers('room', members => members.map(({ id }) => id))
      useEffect(() => rendered(ids.length))
      return null
    }
    show(<Canvas />, { reactStrictMode })
    await frames.next()
    rendered.mockClear()
    const other = hub.openSession().presence('room')
    for (let x = 0; x < 10; x++) {
      other.enter({ x, y: 0 })
      await frames.next()
    }
    other.leave()
    await frames.next()
    expect(rendered.mock.calls).toEqual([[2], [1]])
  })

  it('gives one update, which holds until there is new data, and does nothing when the component has gone', async () => {
    const transport = recordingTransport()
    const { show, pass } = stage({ transport })
    const given = new Set<Presence['update']>()
    const give = (update: Presence['update']): unknown => given.add(update)
    const { change } = show(<Entering data="here" give={give} />, { reactStrictMode })
    const [update] = given
    update?.((old: unknown) => `${String(old)}!`)
    change(<Entering data="here" give={give} />)
    change(<Entering data="there" give={give} />)
    change(null)
    await pass(300)
    update?.('gone')
    expect(given.size).toBe(1)
    expect(transport.told.slice(1)).toEqual(['enter s1 "here"', 'enter s1 "here!"', 'enter s1 "there"', 'leave s1'])
  })

  it('is no member without data', async () => {
    const transport = countingTransport()
    const { show, pass } = stage({ transport })
    const { change } = show(<Entering />, { reactStrictMode })
    await pass(1000)
    expect(transport.told.filter(told => !told.startsWith('open'))).toEqual([])
    change(<Entering data={null} />)
    change(<Entering />)
    await pass(300)
    expect(transport.told.slice(1)).toEqual(['watch room', 'enter s1 null', 'leave s1', 'unwatch room'])
  })

  it('is one entry with usePresence, and seen by all who look', async () => {
    const transport = recordingTransport()
    const { show, pass, frames } = stage({ transport })
    function Looking(): ReactElement {
      const { self } = usePresence('room', 'page')
      return <p>{`${String(self?.data)} ${useMembers('room').length}`}</p>
    }
    const { container, change } = show([<Looking key="1" />, <Entering key="2" data="dialog" />], { reactStrictMode })
    await frames.next()
    expect(container.textContent).toBe('dialog 1')
    change([<Looking key="1" />])
    await pass(300)
    await frames.next()
    expect(container.textContent).toBe('page 1')
    change(null)
    await pass(300)
    expect(transport.told).toEqual(['open s1', 'enter s1 "page"', 'enter s1 "dialog"', 'enter s1 "page"', 'leave s1'])
  })

  it('leaves nothing behind when it is refused', async () => {
    const transport = recordingTransport({
      presence() {
        throw new Error('cannot travel')
      },
      async watch(topic, on) {
        transport.told.push(`${on ? 'watch' : 'unwatch'} ${topic}`)
      },
    })
    vi.spyOn(console, 'error').mockImplementation(() => {}) // React tells of what a boundary catches
    const { hub, pass, clock } = stage({ transport })
    const session = hub.openSession()
    const page = <EarshotProvider session={session}><Boundary><Entering data="Ada" /></Boundary></EarshotProvider>
    expect(render(page, { reactStrictMode }).container.textContent).toBe('Error: cannot travel')
    await pass(300)
    expect(clock.pending).toBe(0)
    expect(transport.told).toEqual(['open s1', 'watch room', 'unwatch room'])
  })
})
