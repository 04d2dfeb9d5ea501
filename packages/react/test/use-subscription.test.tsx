import type { Message } from '@earshot/core'
import { act } from '@testing-library/react'
import { type ReactElement, useState } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { useSubscription } from '../src/index.ts'
import type { ListenOptions } from '../src/listening.ts'
import { recordingTransport } from './support/recording-transport.ts'
import { stage } from './support/stage.tsx'

function Ear({ topic = 'chat', hear, options }: { topic?: string; hear: (message: Message) => unknown; options?: ListenOptions }): null {
  useSubscription(topic, message => hear(message), { ...options })
  return null
}

describe('useSubscription', () => {
  it('calls the listener with every message at once, and renders nothing', () => {
    const { hub, show, frames } = stage()
    const heard: unknown[] = []
    const rendered = vi.fn<() => void>()
    function Counted(): null {
      rendered()
      useSubscription('chat', message => heard.push(message.data))
      return null
    }
    show(<Counted />)
    rendered.mockClear()
    for (let number = 0; number < 1000; number++) hub.publish('chat', number)
    expect(heard).toEqual(Array.from({ length: 1000 }, (_, index) => index))
    expect(rendered).not.toHaveBeenCalled()
    expect(frames.pending).toBe(0)
  })

  it('subscribes once whatever is rendered, and calls the listener of the last render', () => {
    const transport = recordingTransport()
    const { hub, show } = stage({ transport })
    const heard: unknown[] = []
    const subscribed = vi.fn<() => void>()
    hub.on('subscribed', subscribed)
    function Counter(): ReactElement {
      const [count, again] = useState(0)
      useSubscription('chat', message => heard.push([count, message.data]), { echo: true })
      return <button onClick={() => again(count + 1)} />
    }
    const { getByRole } = show(<Counter />)
    hub.publish('chat', 'a')
    act(() => getByRole('button').click())
    hub.publish('chat', 'b')
    expect(heard).toEqual([
      [0, 'a'],
      [1, 'b'],
    ])
    expect(subscribed).toHaveBeenCalledTimes(1)
    expect(transport.told).toEqual(['open s1', 'listen s1 chat'])
  })

  it('calls nobody after unmounting, and ends 300 ms later', async () => {
    const { hub, show, pass, clock } = stage()
    const hear = vi.fn<() => void>()
    const { change } = show(<Ear hear={hear} />)
    change(null)
    hub.publish('chat', 'late')
    expect(hear).not.toHaveBeenCalled()
    expect(hub.count('chat')).toEqual({ chat: 1 })
    await pass(300)
    expect(hub.count('chat')).toEqual({ chat: 0 })
    expect(clock.pending).toBe(0)
  })

  it('follows its pattern', async () => {
    const { hub, show, pass } = stage()
    const heard: string[] = []
    const hear = (message: Message): number => heard.push(message.topic)
    const { change } = show(<Ear topic="a/*" hear={hear} />)
    change(<Ear topic="b/*" hear={hear} />)
    hub.publish('b/1', 0)
    await pass(300)
    hub.publish('a/1', 0)
    expect(heard).toEqual(['b/1'])
  })

  it('passes its options on', async () => {
    const { hub, show, errors } = stage()
    const heard: unknown[] = []
    const dropped: unknown[] = []
    let finish = (): void => {}
    const slow = ({ data }: Message): Promise<void> => {
      heard.push(data)
      return new Promise(resolve => {
        finish = resolve
      })
    }
    show(<Ear hear={slow} options={{ concurrency: 1, capacity: 1, onDrop: message => dropped.push(message.data) }} />)
    for (const word of ['one', 'two', 'three']) hub.publish('chat', word)
    expect([heard, dropped]).toEqual([['one'], ['three']])
    await act(async () => finish())
    expect(heard).toEqual(['one', 'two'])
    expect(errors).toEqual([])
  })

  it('tells the callback of the last render of a gap', () => {
    const transport = recordingTransport()
    const { show } = stage({ transport })
    const gaps: unknown[] = []
    const ear = (name: string): ReactElement => <Ear hear={vi.fn<() => void>()} options={{ onGap: gap => gaps.push([name, gap]) }} />
    const { change } = show(ear('first'))
    change(ear('second'))
    transport.link.gap({ topics: ['chat'] })
    transport.link.gap({ topics: ['elsewhere'] })
    expect(gaps).toEqual([['second', { topics: ['chat'] }]])
  })

  it('hands what a listener throws to the error event, and goes on', () => {
    const { hub, show, errors } = stage()
    const heard: unknown[] = []
    const clumsy = ({ data }: Message): void => {
      heard.push(data)
      throw new Error('oops')
    }
    show(<Ear hear={clumsy} />)
    hub.publish('chat', 1)
    hub.publish('chat', 2)
    expect(heard).toEqual([1, 2])
    expect(errors.map(({ code, details }) => [code, details.topic])).toEqual([
      ['listener-failed', 'chat'],
      ['listener-failed', 'chat'],
    ])
  })
})
