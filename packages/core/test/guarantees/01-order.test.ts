import { describe, expect, it } from 'vitest'
import { createHub, type Message } from '@earshot/core'

describe('guarantee 1: one order for every listener', () => {
  it('delivers a publish made inside a listener after the message under way has reached everyone', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    session.subscribe('a', message => {
      heard.push(`first ${message.data}`)
      if (message.data === 1) session.publish('a', 2)
    })
    session.subscribe('a', message => heard.push(`second ${message.data}`))
    session.publish('a', 1)
    expect(heard).toEqual(['first 1', 'second 1', 'first 2', 'second 2'])
  })

  it('goes breadth first when listeners answer answers', () => {
    const session = createHub().openSession()
    const heard: unknown[] = []
    session.subscribe('tree', ({ data }) => {
      heard.push(data)
      if (String(data).length < 3) for (const side of ['l', 'r']) session.publish('tree', `${data}${side}`)
    })
    session.publish('tree', 'o')
    expect(heard).toEqual(['o', 'ol', 'or', 'oll', 'olr', 'orl', 'orr'])
  })

  it('is the same for listeners of different patterns, sessions and the hub itself', () => {
    const hub = createHub()
    const [one, two] = [hub.openSession(), hub.openSession()]
    const logs: Record<string, unknown[]> = { exact: [], star: [], deep: [], hub: [] }
    one.subscribe('a/b', message => {
      logs['exact']?.push(message.data)
      if (message.data === 1) {
        two.publish('a/b', 2)
        hub.publish('a/b', 3)
      }
    })
    two.subscribe('a/*', message => {
      logs['star']?.push(message.data)
      if (message.data === 2) one.publish('a/b', 4)
    })
    one.subscribe('**', message => logs['deep']?.push(message.data))
    hub.subscribe('*/b', message => logs['hub']?.push(message.data))
    one.publish('a/b', 1)
    for (const log of Object.values(logs)) expect(log).toEqual([1, 2, 3, 4])
  })

  it('holds between topics and broadcasts', () => {
    const hub = createHub()
    const session = hub.openSession()
    const heard: string[] = []
    session.subscribe('a', () => {
      session.broadcast('b')
      session.publish('c', 'c')
      heard.push('a')
    })
    session.onBroadcast(message => heard.push(String(message.data)))
    session.subscribe('c', message => heard.push(String(message.data)))
    session.publish('a', 'a')
    expect(heard).toEqual(['a', 'b', 'c'])
  })

  it('holds for publishes with and without an echo or an audience', () => {
    const hub = createHub()
    const [ada, bob] = [hub.openSession({ userId: 'ada' }), hub.openSession({ userId: 'bob' })]
    const heard: unknown[] = []
    bob.subscribe('a', message => {
      heard.push(message.data)
      if (message.data !== 'start') return
      ada.publish('a', 'others', { echo: false })
      ada.publish('a', 'all')
      ada.publish('a', 'bob', { to: 'bob' })
    })
    ada.publish('a', 'start')
    expect(heard).toEqual(['start', 'others', 'all', 'bob'])
  })

  it('gives streams what listeners hear, in that order', async () => {
    const session = createHub().openSession()
    const stream = session.stream('**')
    const heard: Message[] = []
    session.subscribe('a/*', message => {
      heard.push(message)
      if (message.topic === 'a/b') session.publish('a/c', 1)
    })
    session.publish('a/b', 0)
    session.publish('a/d', 2)
    expect([(await stream.next()).value, (await stream.next()).value, (await stream.next()).value]).toEqual(heard)
    expect(heard.map(message => message.topic)).toEqual(['a/b', 'a/c', 'a/d'])
  })

  it('returns from a nested publish before its message is heard', () => {
    const session = createHub().openSession()
    const steps: string[] = []
    session.subscribe('a', () => {
      steps.push(`for ${session.publish('b', 1).listeners}`)
    })
    session.subscribe('b', () => steps.push('heard'))
    session.publish('a', 1)
    expect(steps).toEqual(['for 1', 'heard'])
  })

  it('numbers messages in that order', () => {
    const session = createHub().openSession()
    const clocks: number[] = []
    session.subscribe('a', ({ clock, data }) => {
      clocks.push(clock)
      if (Number(data) > 0) session.publish('a', Number(data) - 1)
    })
    session.publish('a', 5)
    session.publish('a', 0)
    expect(clocks).toHaveLength(7)
    expect(clocks).toEqual([...clocks].sort((one, other) => one - other))
  })

  it('ends a chain of listeners that answer one another for ever, and works on', () => {
    const errors: string[] = []
    const hub = createHub({ onError: error => errors.push(`${error.code} ${String(error.cause)}`) })
    const session = hub.openSession()
    let calls = 0
    session.subscribe('loop', () => {
      calls++
      if (calls < 40) for (let i = 0; i < 2 ** calls && errors.length === 0; i++) session.publish('loop', i)
    })
    session.publish('loop', 0)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatch(/^listener-failed .*65536 publishes made inside listeners wait/)
    const before = calls
    session.publish('loop', 'again')
    expect(calls).toBe(before + 1)
  })
})
