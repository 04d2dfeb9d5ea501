import { act } from '@testing-library/react'
import { type ReactElement, StrictMode, Suspense, useEffect, useState } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { countingTransport, Everything, ONCE, UNDONE } from './support/everything.tsx'
import { save } from './support/refresh.ts'
import { type Stage, stage } from './support/stage.tsx'
import { waiting } from './support/suspend.ts'

function open(): Stage & { told: () => string[] } {
  const transport = countingTransport()
  const made = stage({ transport })
  return { ...made, told: () => [...transport.told].sort() }
}

/** What was told once, in no order that matters. */
const once = [...ONCE].sort()

describe('a page that uses every hook twice tells its transport everything once', () => {
  it.each([true, false])('when it is mounted (StrictMode: %s), and takes everything back 300 ms after it has gone', async reactStrictMode => {
    const { show, pass, told, clock, frames } = open()
    const { change } = show([<Everything key="1" />, <Everything key="2" />], { reactStrictMode })
    await pass(1000)
    await frames.next()
    expect(told()).toEqual(once)
    change(null)
    await pass(299)
    expect(told()).toEqual(once)
    await pass(1)
    expect(told()).toEqual([...once, ...UNDONE].sort())
    await frames.next()
    expect(clock.pending).toBe(0)
    expect(frames.pending).toBe(0)
  })

  it('when StrictMode is within the page', async () => {
    const { show, pass, told } = open()
    const { change } = show(<StrictMode><Everything /></StrictMode>, { reactStrictMode: false })
    change([<StrictMode key="1"><Everything /></StrictMode>, <StrictMode key="2"><Everything /></StrictMode>])
    await pass(1000)
    expect(told()).toEqual(once)
  })

  it('when it is rendered again, with other functions and options each time', async () => {
    const { show, pass, told, hub } = open()
    const subscribed = vi.fn<() => void>()
    const rendered = vi.fn<() => void>()
    const { change } = show([<Everything key="1" />, <Everything key="2" />])
    await pass(1000)
    hub.on('subscribed', subscribed)
    hub.on('unsubscribed', subscribed)
    for (let time = 0; time < 20; time++) change([<Everything key="1" rendered={rendered} />, <Everything key="2" rendered={rendered} />])
    await pass(1000)
    expect(rendered.mock.calls.length).toBeGreaterThanOrEqual(40)
    expect(subscribed).not.toHaveBeenCalled()
    expect(told()).toEqual(once)
  })

  it('when it is mounted anew under another key, and elsewhere', async () => {
    const { show, pass, told } = open()
    const { change } = show(<Everything key="1" />)
    await pass(1000)
    change(<Everything key="2" />)
    await pass(1000)
    change(null)
    await pass(200)
    change(<div><Everything /></div>)
    await pass(1000)
    expect(told()).toEqual(once)
  })

  it('when Suspense hides it for a while', async () => {
    const { show, pass, told } = open()
    const { suspend, end } = waiting()
    function Late(): null {
      suspend()
      return null
    }
    const inside = (late: boolean): ReactElement => (
      <Suspense fallback="wait">
        <Everything />
        {late && <Late />}
      </Suspense>
    )
    const { change, container } = show(inside(false))
    await pass(1000)
    change(inside(true))
    expect(container.textContent).toContain('wait')
    await pass(200)
    await act(async () => end())
    expect(container.textContent).not.toContain('wait')
    await pass(1000)
    expect(told()).toEqual(once)
  })

  it.each([
    ['keeps its state', 'same hooks', [1, 1]],
    ['mounts it anew', 'other hooks', [1, 2]],
  ])('when Fast Refresh %s', async (_, hooks, expected) => {
    const { show, pass, told, hub, frames } = open()
    const name = `page ${hooks}`
    const heard: unknown[] = []
    const lives: number[] = []
    let life = 1
    function Before(): ReactElement {
      const [mine] = useState(life)
      useEffect(() => void lives.push(mine), [mine])
      return <Everything hear={({ data }) => heard.push(['before', data])} />
    }
    function After(): ReactElement {
      const [mine] = useState(life)
      useEffect(() => void lives.push(mine), [mine])
      return <div><Everything hear={({ data }) => heard.push(['after', data])} /></div>
    }
    save(name, Before, 'same hooks')
    const { container } = show(<Before />)
    await pass(1000)
    hub.publish('chat', 1)
    life++
    act(() => save(name, After, hooks))
    expect(container.querySelector('div')).not.toBeNull()
    hub.publish('chat', 2)
    await pass(1000)
    await frames.next()
    expect([lives[0], lives.at(-1)]).toEqual(expected)
    expect(heard).toEqual([['before', 1], ['after', 2]])
    expect(told()).toEqual(once)
  })

  it('when Fast Refresh replaces the component that calls the hooks', async () => {
    const { show, pass, told, frames } = open()
    save('everything', Everything, 'same')
    const { container } = show(<Everything />)
    await pass(1000)
    await frames.next()
    const text = container.textContent
    for (let time = 0; time < 3; time++) {
      function Edited(): ReactElement {
        return Everything({})
      }
      act(() => save('everything', Edited, 'same'))
      await pass(100)
    }
    await pass(1000)
    await frames.next()
    expect(container.textContent).toBe(text)
    expect(told()).toEqual(once)
  })
})
