import type { Message } from '@earshot/core'
import { act, render, renderHook } from '@testing-library/react'
import { type ReactElement, useEffect, useState } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { EarshotProvider, type TopicOptions, usePublish, useSession, useSubscription, useTopic } from '../src/index.ts'
import { recordingTransport } from './support/recording-transport.ts'
import { stage } from './support/stage.tsx'

/** Shows what a topic says, and counts its commits. */
function Chat({ topic = 'chat', options, committed }: { topic?: string; options?: TopicOptions; committed?: () => void }): ReactElement {
  const { messages, last } = useTopic(topic, options)
  useEffect(() => committed?.())
  return (
    <p>
      {messages.map(message => String(message.data)).join(' ')}|{String(last?.data)}
    </p>
  )
}

/** Says something when it is mounted. */
function Greeter(): null {
  const publish = usePublish('chat')
  useEffect(() => publish('hi'), [publish])
  return null
}

describe('useTopic', () => {
  it('shows the messages of a topic from the next frame on', async () => {
    const { hub, show, frames } = stage()
    const { container } = show(<Chat />)
    expect(container.textContent).toBe('|undefined')
    hub.publish('chat', 'one')
    hub.publish('chat', 'two')
    hub.publish('elsewhere', 'three')
    expect(container.textContent).toBe('|undefined')
    await frames.next()
    expect(container.textContent).toBe('one two|two')
  })

  it('listens once, however many components ask, and not at all 300 ms after the last', async () => {
    const transport = recordingTransport()
    const { hub, show, pass, clock, frames } = stage({ transport })
    const { change, container } = show([<Chat key="1" />, <Chat key="2" />])
    expect(transport.told).toEqual(['open s1', 'listen s1 chat'])
    expect(hub.count('chat')).toEqual({ chat: 1 })
    hub.publish('chat', 'one')
    await frames.next()
    expect(container.textContent).toBe('one|oneone|one')
    change([<Chat key="2" />])
    await pass(1000)
    expect(hub.count('chat')).toEqual({ chat: 1 })
    change(null)
    await pass(299)
    expect(hub.count('chat')).toEqual({ chat: 1 })
    await pass(1)
    expect(hub.count('chat')).toEqual({ chat: 0 })
    expect(transport.told).toEqual(['open s1', 'listen s1 chat', 'unlisten s1 chat'])
    expect(clock.pending).toBe(0)
    expect(frames.pending).toBe(0)
  })

  it('keeps its messages over a change of place that takes less than 300 ms', async () => {
    const transport = recordingTransport()
    const { hub, show, pass, frames } = stage({ transport })
    const { change, container } = show(<Chat key="here" />)
    hub.publish('chat', 'one')
    change(null)
    await pass(200)
    hub.publish('chat', 'two')
    await frames.next()
    change(<Chat key="there" />)
    expect(container.textContent).toBe('one two|two')
    await pass(1000)
    expect(transport.told).toEqual(['open s1', 'listen s1 chat'])
  })

  it('follows its topic', async () => {
    const { hub, show, pass, frames } = stage()
    const { change, container } = show(<Chat topic="a" />)
    hub.publish('a', 'in a')
    await frames.next()
    change(<Chat topic="b" />)
    expect(container.textContent).toBe('|undefined')
    hub.publish('b', 'in b')
    await frames.next()
    expect(container.textContent).toBe('in b|in b')
    await pass(300)
    expect(hub.count('a', 'b')).toEqual({ a: 0, b: 1 })
  })

  it('shows a wildcard pattern and several patterns, each message once', async () => {
    const { hub, show, frames } = stage()
    function Rooms(): ReactElement {
      const rooms = useTopic('rooms/*').messages
      const both = useTopic(['rooms/*', 'rooms/1', 'alerts']).messages
      return <p>{[rooms, both].map(messages => messages.map(({ topic }) => topic).join(' ')).join('|')}</p>
    }
    const { container } = show(<Rooms />)
    for (const topic of ['rooms/1', 'alerts', 'rooms/2']) hub.publish(topic, 0)
    await frames.next()
    expect(container.textContent).toBe('rooms/1 rooms/2|rooms/1 alerts rooms/2')
    expect(hub.topics().sort()).toEqual(['alerts', 'rooms/*', 'rooms/1'])
  })

  it('gives each component the last messages up to its limit', async () => {
    const { hub, show, frames } = stage()
    const { container, change } = show([<Chat key="1" options={{ limit: 1 }} />, <Chat key="2" options={{ limit: 3 }} />, <Chat key="3" options={{ limit: 0 }} />])
    for (let number = 1; number <= 5; number++) hub.publish('chat', number)
    await frames.next()
    expect(container.textContent).toBe('5|53 4 5|5|undefined')
    change([<Chat key="1" options={{ limit: 2 }} />, <Chat key="4" options={{ limit: 10 }} />])
    expect(container.textContent).toBe('4 5|53 4 5|5') // what nobody wanted was not kept
    expect(hub.count('chat')).toEqual({ chat: 1 })
  })

  it('commits once for 10,000 messages, and keeps no more of them than its limit', async () => {
    const { hub, show, frames } = stage()
    const committed = vi.fn<() => void>()
    const views: (readonly Message[])[] = []
    function View(): null {
      const { messages } = useTopic('chat')
      useEffect(() => void views.push(messages), [messages])
      return null
    }
    show([<Chat key="1" committed={committed} />, <View key="2" />])
    committed.mockClear()
    for (let number = 0; number < 10_000; number++) hub.publish('chat', number)
    expect(frames.pending).toBe(1)
    await frames.next()
    expect(committed).toHaveBeenCalledTimes(1)
    expect(views.at(-1)?.map(message => message.data)).toEqual(Array.from({ length: 100 }, (_, index) => 9_900 + index))
  })

  it('of 100 components on 100 topics commits the one whose topic says something', async () => {
    const { hub, show, frames } = stage()
    const commits = Array.from({ length: 100 }, () => vi.fn<() => void>())
    const { container } = show(commits.map((committed, index) => <Chat key={index} topic={`rooms/${index}`} committed={committed} />))
    for (const committed of commits) committed.mockClear()
    hub.publish('rooms/42', 'hello')
    await frames.next()
    expect(commits.flatMap((committed, index) => committed.mock.calls.map(() => index))).toEqual([42])
    expect(container.children[42]?.textContent).toBe('hello|hello')
  })

  it('commits once a frame at 10,000 messages a second, while listeners hear every one', async () => {
    const { hub, show, frames } = stage()
    const committed = vi.fn<() => void>()
    const kept: number[] = []
    let heard = 0
    function Ear(): null {
      useSubscription('chat', () => heard++)
      return null
    }
    function Busy(): null {
      const { messages } = useTopic('chat', { limit: 50, filter: ({ data }) => Number(data) % 2 === 0 })
      useEffect(() => {
        committed()
        kept.push(messages.length)
      })
      return null
    }
    show([<Busy key="1" />, <Busy key="2" />, <Ear key="3" />])
    committed.mockClear()
    for (let frame = 0; frame < 60; frame++) {
      for (let number = 0; number < 167; number++) hub.publish('chat', number)
      expect(frames.pending).toBe(1)
      await frames.next()
    }
    expect(heard).toBe(10_020)
    expect(committed).toHaveBeenCalledTimes(2 * 60)
    expect(Math.max(...kept)).toBeLessThanOrEqual(50)
  })

  it('brings all topics of a session in the same frame and commit', async () => {
    const { hub, show, frames } = stage()
    const committed = vi.fn<() => void>()
    function Both(): null {
      useTopic('a')
      useTopic('b')
      useEffect(() => committed())
      return null
    }
    show(<Both />)
    committed.mockClear()
    hub.publish('a', 1)
    hub.publish('b', 1)
    await frames.next()
    expect(committed).toHaveBeenCalledTimes(1)
  })

  it('does not wait for a frame in a hidden page, and brings what waited when the page is hidden', async () => {
    const { hub, show, frames } = stage()
    const hidden = vi.spyOn(document, 'hidden', 'get')
    const { container } = show(<Chat />)
    hub.publish('chat', 'seen')
    expect(frames.pending).toBe(1)
    hidden.mockReturnValue(true)
    await act(async () => document.dispatchEvent(new Event('visibilitychange')))
    expect(container.textContent).toBe('seen|seen')
    await act(async () => void hub.publish('chat', 'unseen'))
    expect(container.textContent).toBe('seen unseen|unseen')
    expect(frames.pending).toBe(1)
  })

  it('leaves out its own session without echo', async () => {
    const { hub, frames } = stage()
    const session = hub.openSession()
    const { container } = render(
      <EarshotProvider session={session}>
        <Chat options={{ echo: false }} />
        <Chat />
      </EarshotProvider>,
    )
    session.publish('chat', 'mine')
    hub.publish('chat', 'theirs')
    await frames.next()
    expect(container.textContent).toBe('theirs|theirsmine theirs|theirs')
    expect(hub.count('chat')).toEqual({ chat: 1 })
  })

  it('renders with select when what is selected changes, compared shallowly', async () => {
    const transport = recordingTransport()
    const { hub, show, frames } = stage({ transport })
    const committed = vi.fn<() => void>()
    const seen: unknown[] = []
    function Users(): ReactElement {
      const [, again] = useState(0)
      const { selected } = useTopic('chat', { select: messages => [...new Set(messages.map(message => String(message.data)[0]))] })
      useEffect(() => {
        committed()
        seen.push(selected)
      })
      return <button onClick={() => again(1)}>{selected.join(' ')}</button>
    }
    const { getByRole } = show(<Users />)
    committed.mockClear()
    for (const word of ['ant', 'bee']) {
      hub.publish('chat', word)
      await frames.next()
    }
    expect(getByRole('button').textContent).toBe('a b')
    expect(committed).toHaveBeenCalledTimes(2)
    hub.publish('chat', 'ape')
    await frames.next()
    expect(committed).toHaveBeenCalledTimes(2)
    expect(seen.at(-1)).toEqual(['a', 'b'])
    act(() => getByRole('button').click())
    expect(committed).toHaveBeenCalledTimes(3)
    expect(transport.told).toEqual(['open s1', 'listen s1 chat'])
  })

  it('shows what its filter lets through, and renders for nothing else', async () => {
    const { hub, show, frames } = stage()
    const committed = vi.fn<(seen: readonly unknown[]) => void>()
    const lists = new Set<unknown>()
    function Long({ least }: { least: number }): ReactElement {
      const { messages } = useTopic('chat', { filter: ({ data }) => String(data).length >= least })
      useEffect(() => {
        lists.add(messages)
        committed(messages.map(({ data }) => data))
      })
      return <p />
    }
    const { change } = show(<Long least={3} />)
    hub.publish('chat', 'four')
    hub.publish('chat', 'a')
    await frames.next()
    expect(committed.mock.lastCall).toEqual([['four']])
    committed.mockClear()
    lists.clear()
    hub.publish('chat', 'b')
    await frames.next()
    expect(committed).not.toHaveBeenCalled()
    change(<Long least={3} />)
    change(<Long least={4} />)
    expect(lists.size).toBe(1)
    change(<Long least={1} />)
    expect(committed.mock.lastCall).toEqual([['four', 'a', 'b']])
    expect(hub.count('chat')).toEqual({ chat: 1 })
  })

  it('compares what is selected as it is told to', async () => {
    const { hub, show, frames } = stage()
    const committed = vi.fn<(selected: { text: string }) => void>()
    function Loudness(): ReactElement {
      const { selected } = useTopic('chat', {
        select: messages => ({ text: String(messages.at(-1)?.data) }),
        isEqual: (one, other) => one.text.toUpperCase() === other.text.toUpperCase(),
      })
      useEffect(() => committed(selected))
      return <p>{selected.text}</p>
    }
    const { container } = show(<Loudness />)
    for (const data of ['hello', 'HELLO', 'bye']) {
      hub.publish('chat', data)
      await frames.next()
    }
    expect(container.textContent).toBe('bye')
    const texts = committed.mock.calls.map(([{ text }]) => text)
    expect(texts.filter((text, index) => text !== texts[index - 1])).toEqual(['undefined', 'hello', 'bye'])
  })

  it('selects of what its filter and echo let through', async () => {
    const { hub, show, frames } = stage()
    function Count(): ReactElement {
      const { selected, publish } = useTopic('chat', { echo: false, filter: ({ data }) => data !== 'not this', select: all => all.length })
      return <button onClick={() => publish('mine')}>{selected}</button>
    }
    const { getByRole } = show(<Count />)
    act(() => getByRole('button').click())
    for (const data of ['this', 'not this']) hub.publish('chat', data)
    await frames.next()
    expect(getByRole('button').textContent).toBe('1')
  })

  it('keeps what an inline select gave over renders, as long as it is shallowly equal', async () => {
    const { hub, show, frames } = stage()
    const seen = new Set<unknown>()
    function Words(): ReactElement {
      const [count, again] = useState(0)
      const { selected } = useTopic('chat', { select: all => all.map(({ data }) => data) })
      useEffect(() => void seen.add(selected))
      return <button onClick={() => again(count + 1)} />
    }
    const { getByRole } = show(<Words />)
    hub.publish('chat', 'hi')
    await frames.next()
    seen.clear()
    for (let time = 0; time < 3; time++) act(() => getByRole('button').click())
    expect(seen).toEqual(new Set([['hi']]))
  })

  it('sees each message as it comes with flush: sync, while others wait for their frame', async () => {
    const { hub, show, frames } = stage()
    const { container, change } = show([<Chat key="1" options={{ flush: 'sync' }} />, <Chat key="2" />])
    await act(async () => void hub.publish('chat', 'one'))
    expect(container.textContent).toBe('one|one|undefined')
    await act(async () => void hub.publish('chat', 'two'))
    expect(container.textContent).toBe('one two|two|undefined')
    await frames.next()
    expect(container.textContent).toBe('one two|twoone two|two')
    change([<Chat key="1" options={{ flush: 'frame' }} />, <Chat key="2" />])
    await act(async () => void hub.publish('chat', 'three'))
    expect(container.textContent).toBe('one two|twoone two|two')
    expect(hub.count('chat')).toEqual({ chat: 1 })
  })

  it('publishes through one stable function', () => {
    const { show, hub } = stage()
    const heard: unknown[] = []
    hub.subscribe('chat', message => heard.push(message.data))
    const functions = new Set<unknown>()
    function Both(): ReactElement {
      const [count, again] = useState(0)
      const chat = useTopic('chat')
      useEffect(() => void functions.add(chat.publish)) // React 18 throws the first of two renders away, memos and all
      return <button onClick={() => again(count + 1)} onFocus={() => chat.publish(count)} />
    }
    const { getByRole } = show(<Both />)
    act(() => getByRole('button').click())
    act(() => getByRole('button').focus())
    expect(heard).toEqual([1])
    expect(functions.size).toBe(1)
  })

  it('refuses to publish to a wildcard', () => {
    const { wrapper } = stage()
    const { result } = renderHook(() => useTopic('rooms/*' as string), { wrapper })
    expect(() => result.current.publish('hi')).toThrow('must not hold a wildcard')
  })

  it('is left alone by session.unsubscribe', async () => {
    const { hub, show, frames } = stage()
    function Meddler(): null {
      const session = useSession()
      useEffect(() => {
        session.unsubscribe('chat')
        session.unsubscribeAll()
      }, [session])
      return null
    }
    const { container } = show([<Chat key="1" />, <Meddler key="2" />])
    hub.publish('chat', 'still')
    await frames.next()
    expect(container.textContent).toBe('still|still')
  })

  it('listens again after hub.closeTopic when another component asks', async () => {
    const { hub, show, frames } = stage()
    const { change, container } = show([<Chat key="1" />])
    hub.closeTopic('chat')
    hub.publish('chat', 'lost')
    change([<Chat key="1" />, <Chat key="2" />])
    hub.publish('chat', 'heard')
    await frames.next()
    expect(container.textContent).toBe('heard|heardheard|heard')
  })

  it.each([
    ['with', true, ['hi', 'hi']],
    ['without', false, ['hi']],
  ])('hears what a child publishes in its mount effect, %s StrictMode', async (_, reactStrictMode, expected) => {
    const { show, frames } = stage()
    const { container } = show([<Greeter key="1" />, <Chat key="2" />], { reactStrictMode })
    await frames.next()
    expect(container.textContent).toBe(`${expected.join(' ')}|hi`)
  })

  it('asks for the past once, as far as the largest replay goes', async () => {
    const asked: unknown[] = []
    const transport = recordingTransport({
      history(pattern, { limit = 0 }) {
        asked.push([pattern, limit])
        const kept = [1, 2, 3, 4].map(clock => ({ topic: 'chat', data: clock, from: 'far', time: 0, clock, key: 'far.x' }))
        return Promise.resolve({ messages: kept.slice(-limit), gap: false })
      },
    })
    const { hub, show, pass, frames } = stage({ transport })
    const { container, change } = show([<Chat key="1" options={{ replay: 2 }} />])
    await pass(0)
    await frames.next()
    expect(container.textContent).toBe('3 4|4')
    change([<Chat key="1" options={{ replay: 2 }} />, <Chat key="2" options={{ replay: 3 }} />, <Chat key="3" options={{ replay: 1 }} />])
    await pass(0)
    await frames.next()
    expect(container.textContent).toBe('2 3 4|42 3 4|42 3 4|4')
    expect(asked).toEqual([
      [['chat'], 2],
      [['chat'], 3],
    ])
    expect(hub.count('chat')).toEqual({ chat: 1 })
    expect(transport.told).toEqual(['open s1', 'listen s1 chat'])
  })

  it('puts what comes late where every tab shows it, and what comes again nowhere', async () => {
    const transport = recordingTransport()
    const { show, frames } = stage({ transport })
    const { container } = show(<Chat options={{ limit: 4 }} />)
    const arrive = (clock: number, from: string): void =>
      transport.link.deliver({ topic: 'chat', data: `${from}${clock}`, from, time: 0, clock, key: `${from}.x` })
    arrive(2, 'a')
    arrive(5, 'b')
    arrive(3, 'c')
    arrive(5, 'a')
    arrive(3, 'c')
    await frames.next()
    expect(container.textContent).toBe('a2 c3 a5 b5|b5')
    arrive(1, 'a')
    arrive(6, 'a')
    await frames.next()
    expect(container.textContent).toBe('c3 a5 b5 a6|a6')
  })
})
