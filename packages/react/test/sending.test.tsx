import { createHub, EarshotError, type Message, type RemoteMessage, type TransportConnection } from '@earshot/core'
import { broadcastChannel } from '@earshot/transport'
import { act } from '@testing-library/react'
import { type ReactElement, useEffect } from 'react'
import { describe, expect, it } from 'vitest'
import { type TopicMessage, type TopicOptions, type TopicView, usePublish, useSession, useTopic } from '../src/index.ts'
import { createTestApp } from '../src/testing/index.ts'
import { type RecordingTransport, recordingTransport } from './support/recording-transport.ts'
import { stage } from './support/stage.tsx'

/** A publish on its way: what the transport was given, and how it ends. */
interface Sent {
  readonly message: RemoteMessage
  accept(offset?: number): Promise<void>
  refuse(code: 'forbidden' | 'outcome-unknown'): Promise<void>
}

/** A transport whose publishes end when the test says so. */
function slowTransport(answers: Partial<TransportConnection> = {}): { transport: RecordingTransport; sent: Sent[] } {
  const sent: Sent[] = []
  const transport = recordingTransport({
    publish(message, data) {
      return new Promise((resolve, reject) => {
        const { topic, from, userId, time, clock, key } = message
        sent.push({
          message: { topic, from, userId, time, clock, key, data },
          accept: offset => act(async () => resolve(offset === undefined ? {} : { offset })),
          refuse: code => act(async () => reject(new EarshotError(code, `the relay said ${code}`))),
        })
      })
    },
    ...answers,
  })
  return { transport, sent }
}

interface Chat {
  readonly element: (options?: TopicOptions, topic?: string) => ReactElement
  readonly now: () => TopicView<string>
  /** As `hi:sent hey:pending`. */
  readonly text: () => string
  readonly find: (data: unknown) => TopicMessage | undefined
}

/** A component that shows a topic, and what it shows. */
function chat(): Chat {
  let view: TopicView<string> | undefined
  function Show({ options, topic = 'chat' }: { options: TopicOptions | undefined; topic?: string | undefined }): null {
    const shown = useTopic(topic, options)
    useEffect(() => {
      view = shown
    })
    return null
  }
  const now = (): TopicView<string> => {
    if (!view) throw new Error('Nothing is shown')
    return view
  }
  return {
    element: (options, topic) => <Show options={options} topic={topic} />,
    now,
    text: () => now().messages.map(({ data, status }) => (status ? `${data}:${status}` : data)).join(' '),
    find: data => now().messages.find(message => message.data === data),
  }
}

describe('own messages in useTopic', () => {
  it('are pending until they are accepted, and others’ have no status', async () => {
    const { transport, sent } = slowTransport()
    const { hub, show, frames } = stage({ transport })
    const { element, now, text, find } = chat()
    show(element())
    act(() => now().publish('mine'))
    act(() => void hub.publish('chat', 'theirs'))
    await frames.next()
    expect(text()).toBe('mine:pending theirs')
    await sent[0]?.accept()
    await frames.next()
    expect(text()).toBe('mine:sent theirs')
    expect(find('mine')?.error).toBeUndefined()
  })

  it('fail visibly, with the reason, which reaches the error event, too', async () => {
    const { transport, sent } = slowTransport()
    const { show, frames, errors } = stage({ transport })
    const { element, now, text, find } = chat()
    show(element())
    act(() => now().publish('mine'))
    await sent[0]?.refuse('forbidden')
    await frames.next()
    expect(text()).toBe('mine:failed')
    expect(find('mine')?.error).toMatchObject({ code: 'forbidden' })
    expect(errors.map(({ code }) => code)).toEqual(['forbidden'])
  })

  it('are sent before the first frame without a transport', async () => {
    const { show, frames } = stage()
    const { element, now, text } = chat()
    show(element())
    await act(async () => now().publish('mine'))
    await frames.next()
    expect(text()).toBe('mine:sent')
  })

  it('are those of usePublish, too, in every component that shows their topic', async () => {
    const { show, frames, pass } = stage()
    const [one, all] = [chat(), chat()]
    function Speaker(): null {
      const publish = usePublish('rooms/1')
      useEffect(() => publish('hello'), [publish])
      return null
    }
    show([<div key="1">{one.element({}, 'rooms/1')}</div>, <div key="2">{all.element({}, 'rooms/*')}</div>, <Speaker key="3" />])
    await pass(0)
    await frames.next()
    expect([one.text(), all.text()]).toEqual(['hello:sent hello:sent', 'hello:sent hello:sent']) // twice under StrictMode
  })

  it('have none when hooks did not publish them', async () => {
    const { show, frames } = stage()
    const { element, text } = chat()
    function Speaker(): null {
      const session = useSession()
      useEffect(() => void session.publish('chat', 'hello', {}), [session])
      return null
    }
    show([<div key="1">{element()}</div>, <Speaker key="2" />], { reactStrictMode: false })
    await frames.next()
    expect(text()).toBe('hello')
  })

  it('keep their identity until the status changes, and look like any message', async () => {
    const { transport, sent } = slowTransport()
    const { hub, show, frames } = stage({ transport })
    const { element, now, find } = chat()
    const heard: Message[] = []
    hub.subscribe('chat', message => heard.push(message))
    show(element())
    act(() => now().publish({ text: 'hi' }))
    await frames.next()
    const [pending] = now().messages
    hub.publish('chat', 'theirs')
    await frames.next()
    expect(now().messages[0]).toBe(pending)
    await sent[0]?.accept()
    await frames.next()
    const [accepted] = now().messages
    expect(accepted).not.toBe(pending)
    expect(accepted).toEqual({ ...heard[0], id: heard[0]?.id, status: 'sent' })
    expect(accepted?.id).toBe(heard[0]?.id)
    expect(heard[0]).not.toHaveProperty('status')
    expect(find('theirs')).toBe(heard[1])
  })

  it('stand where every tab shows them, whatever their status', async () => {
    const { transport, sent } = slowTransport()
    const { show, frames } = stage({ transport })
    const { element, now, text } = chat()
    show(element())
    act(() => now().publish('first'))
    act(() => now().publish('second'))
    const { clock } = sent[1]?.message ?? { clock: 0 }
    transport.link.deliver({ topic: 'chat', data: 'between', from: '0', time: 0, clock, key: '0.x' })
    await sent[1]?.accept()
    await sent[0]?.refuse('forbidden')
    await frames.next()
    expect(text()).toBe('first:failed between second:sent')
  })

  it('count towards the limit when they failed', async () => {
    const { transport, sent } = slowTransport()
    const { hub, show, frames } = stage({ transport })
    const { element, now, text } = chat()
    show(element({ limit: 2 }))
    act(() => now().publish('mine'))
    await sent[0]?.refuse('forbidden')
    hub.publish('chat', 1)
    await frames.next()
    expect(text()).toBe('mine:failed 1')
    hub.publish('chat', 2)
    await frames.next()
    expect(text()).toBe('1 2')
  })

  it('are settled without a trace when they are shown no more', async () => {
    const { transport, sent } = slowTransport()
    const { hub, show, frames, pass } = stage({ transport })
    const { element, now, text } = chat()
    const { change } = show(element({ limit: 1 }))
    act(() => now().publish('mine'))
    hub.publish('chat', 'theirs')
    await sent[0]?.accept()
    await frames.next()
    expect(text()).toBe('theirs')
    act(() => now().publish('again'))
    change(null)
    await pass(300)
    await sent[1]?.accept()
    expect(frames.pending).toBe(1)
    await frames.next()
    expect(hub.stats().subscriptions).toBe(0)
  })

  it('hold their status when a listener published them', async () => {
    const { transport, sent } = slowTransport()
    const { hub, show, frames } = stage({ transport })
    const { element, now, text } = chat()
    show(element())
    const stop = hub.subscribe('chat', () => {
      stop.unsubscribe()
      now().publish('answer')
    })
    act(() => void hub.publish('chat', 'question'))
    await frames.next()
    expect(text()).toBe('question answer:pending')
    await sent[1]?.accept()
    await frames.next()
    expect(text()).toBe('question answer:sent')
  })

  it('are not shown when their session is not to hear them', async () => {
    const { transport, sent } = slowTransport({ ordered: true })
    const { show, frames } = stage({ transport })
    const { element, now, text } = chat()
    show(element())
    act(() => now().publish('for others', { echo: false }))
    act(() => now().publish('for bob', { to: 'bob' }))
    for (const each of sent) await each.accept()
    await frames.next()
    expect(text()).toBe('')
  })

  it('throw what is refused at once, and show nothing', async () => {
    const { show, frames } = stage()
    const { element, now, text } = chat()
    show(element())
    expect(() => now().publish(undefined)).toThrow(expect.objectContaining({ code: 'invalid-data' }))
    await frames.next()
    expect(text()).toBe('')
  })

  it('fail when their signal has fired already', async () => {
    const { show, frames } = stage()
    const { element, now, text } = chat()
    show(element())
    await act(async () => now().publish('mine', { signal: AbortSignal.abort() }))
    await frames.next()
    expect(text()).toBe('mine:failed')
  })
})

describe('own messages in useTopic, where a relay brings them back', () => {
  it('are shown from the publish on, and replaced by the one that comes back', async () => {
    const { transport, sent } = slowTransport({ ordered: true })
    const { show, frames, errors } = stage({ transport })
    const { element, now, text, find } = chat()
    show(element())
    act(() => now().publish('mine'))
    await frames.next()
    expect(text()).toBe('mine:pending')
    const { message } = sent[0] ?? {}
    const pending = find('mine')
    transport.link.deliver({ ...message, offset: 7 } as RemoteMessage)
    await frames.next()
    expect(text()).toBe('mine:sent')
    expect(find('mine')?.id).toBe(pending?.id)
    expect(find('mine')?.offset).toBe(7)
    const shown = find('mine')
    await sent[0]?.accept()
    await frames.next()
    expect(find('mine')).toBe(shown)
    expect(errors).toEqual([])
  })

  it('are in their place as soon as the acceptance names it, and stay the same when they come back', async () => {
    const { transport, sent } = slowTransport({ ordered: true })
    const { show, frames } = stage({ transport })
    const { element, now, text, find } = chat()
    show(element())
    act(() => now().publish('mine'))
    await sent[0]?.accept(7)
    await frames.next()
    expect(text()).toBe('mine:sent')
    expect(find('mine')?.offset).toBe(7)
    const accepted = find('mine')
    transport.link.deliver({ ...sent[0]?.message, offset: 7 } as RemoteMessage)
    await frames.next()
    expect(find('mine')).toBe(accepted)
    expect(now().messages).toHaveLength(1)
  })

  it('are sent, not failed, when they come back although nobody knew the outcome', async () => {
    const { transport, sent } = slowTransport({ ordered: true })
    const { show, frames } = stage({ transport })
    const { element, now, text, find } = chat()
    show(element())
    act(() => now().publish('one'))
    act(() => now().publish('two'))
    await sent[0]?.refuse('outcome-unknown')
    await frames.next()
    expect(text()).toBe('one:failed two:pending')
    for (const [index, { message }] of sent.entries()) transport.link.deliver({ ...message, offset: index + 1 })
    await sent[1]?.refuse('outcome-unknown')
    await frames.next()
    expect(text()).toBe('one:sent two:sent')
    expect(find('one')).not.toHaveProperty('error')
  })

  it('move to where the log has them', async () => {
    const { transport, sent } = slowTransport({ ordered: true })
    const { show, frames } = stage({ transport })
    const { element, now, text } = chat()
    show(element())
    for (const data of ['one', 'two', 'three']) act(() => now().publish(data))
    const [one, two, three] = sent.map(({ message }) => message)
    transport.link.deliver({ topic: 'chat', data: 'theirs', from: 'far', time: 0, clock: 99, key: 'far.x', offset: 20 })
    await frames.next()
    expect(text()).toBe('one:pending two:pending three:pending theirs')
    transport.link.deliver({ ...three, offset: 19 } as RemoteMessage)
    transport.link.deliver({ ...one, offset: 21 } as RemoteMessage)
    await frames.next()
    expect(text()).toBe('two:pending three:sent theirs one:sent')
    await sent[1]?.accept(22)
    transport.link.deliver({ ...two, offset: 22 } as RemoteMessage)
    await frames.next()
    expect(text()).toBe('three:sent theirs one:sent two:sent')
  })
})

it('own messages between tabs have a status where they were published, and the same order everywhere', async () => {
  await using app = createTestApp({ hub: env => createHub({ ...env, transport: broadcastChannel(env) }) })
  const pages = [chat(), chat()]
  for (const page of pages) app.openTab({ ui: page.element() })
  await app.advance(500)
  for (const round of [1, 2]) await app.settle(() => pages.forEach(({ now }, index) => now().publish(`${index}.${round}`)))
  await app.advance(500)
  const [one, other] = pages
  expect(one?.now().messages.map(({ data }) => data)).toEqual(other?.now().messages.map(({ data }) => data))
  expect(one?.text().split(' ').sort()).toEqual(['0.1:sent', '0.2:sent', '1.1', '1.2'])
  expect(other?.text().split(' ').sort()).toEqual(['0.1', '0.2', '1.1:sent', '1.2:sent'])
})
