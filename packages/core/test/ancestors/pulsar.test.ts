import { describe, expect, it } from 'vitest'
import { createHub, EarshotError, type HubStatus, isEarshotError, type Message } from '@earshot/core'
import { testClock } from '@earshot/core/testing'
import { z } from 'zod'
import { MemoryTransport } from '../support/memory-transport.ts'

describe('pulsar’s PubSub and Channels, row by row', () => {
  it('register, publish, unregister: on gives a handle, send reaches it, in one case for both sides', () => {
    const session = createHub().openSession()
    const room = session.channel('Room')
    const heard: string[] = []
    const handle = room.on('Typing', m => heard.push(m.topic))
    room.on('typing', () => heard.push('another case'))
    room.send('Typing', 1)
    session.channel('room').send('Typing', 1)
    handle.unsubscribe()
    room.send('Typing', 1)
    expect(heard).toEqual(['Room/Typing'])
  })

  it('register, publish, unregister: falsy data survives, and undefined is refused', () => {
    const room = createHub().openSession().channel('room')
    const heard: unknown[] = []
    room.on('value', m => heard.push(m.data))
    const values = [0, '', false, null, [], {}, NaN]
    for (const value of values) room.send('value', value)
    expect(heard).toEqual(values)
    expect(() => room.send('value', undefined)).toThrow(expect.objectContaining({ code: 'invalid-data' }))
  })

  it('event globs: all but * ? [ ] is literal, and a bad glob is refused and leaves nothing behind', () => {
    const hub = createHub()
    const room = hub.openSession().channel('room')
    const heard: string[] = []
    room.on('a.b+(c)|^$\\d', m => heard.push(`plain ${m.topic}`))
    room.on('a.*', m => heard.push(`glob ${m.topic}`))
    for (const event of ['a.b+(c)|^$\\d', 'a.x', 'axb']) room.send(event, 1)
    expect(heard).toEqual(['plain room/a.b+(c)|^$\\d', 'glob room/a.b+(c)|^$\\d', 'glob room/a.x'])
    const before = hub.stats().subscriptions
    for (const bad of ['[ab', '[]', '[z-a]']) expect(() => room.on(bad, () => {})).toThrow(expect.objectContaining({ code: 'invalid-pattern' }))
    expect(hub.stats().subscriptions).toBe(before)
  })

  it('namespace: belongs to a hub, is never shared through a connection and never seen by a listener', () => {
    const carrier = new MemoryTransport()
    const hubs = ['red', 'red', 'blue'].map(namespace => createHub({ namespace, transport: carrier }))
    const heard: string[] = []
    hubs.forEach((hub, index) => hub.subscribe('**', m => heard.push(`${index} ${m.topic}`)))
    carrier.open()
    hubs[0]?.publish('room', 1)
    hubs[2]?.publish('room', 1)
    expect(heard).toEqual(['1 room', '0 room', '2 room'])
  })

  it('one remote subscription: a channel has one for all its events, until the last of them ends', () => {
    const carrier = new MemoryTransport()
    const session = createHub({ transport: carrier }).openSession({ id: 'ada' })
    const room = session.channel('room')
    const handles = ['typing', 'ev*', 'left'].map(event => room.on(event, () => {}))
    const second = session.channel('room').on('typing', () => {})
    expect(carrier.told).toEqual(['open ada', '+ ada room/*'])
    for (const handle of handles) handle.unsubscribe()
    expect(carrier.told).toHaveLength(2)
    second.unsubscribe()
    expect(carrier.told).toEqual(['open ada', '+ ada room/*', '- ada room/*'])
  })

  it('add_client: ** hears everything of the hub', () => {
    const carrier = new MemoryTransport()
    const hub = createHub({ transport: carrier })
    const heard: string[] = []
    hub.subscribe('**', m => heard.push(m.topic))
    carrier.open()
    hub.openSession().publish('a', 1)
    hub.openSession().channel('b').send('c', 1)
    carrier.arrive('d/e/f', 1)
    expect(heard).toEqual(['a', 'b/c', 'd/e/f'])
  })

  it('count, channels and receivers: counts by pattern, patterns within one, targets of a publish, sessions beyond the page', async () => {
    const carrier = new MemoryTransport()
    const [here, there] = [createHub({ transport: carrier }), createHub({ transport: carrier })]
    const session = here.openSession()
    for (const pattern of ['rooms/1', 'rooms/1', 'rooms/*', 'alerts']) session.subscribe(pattern, () => {})
    for (const far of [there.openSession(), there.openSession()]) far.subscribe('rooms/*', () => {})
    expect(here.count('rooms/1', 'rooms/*', 'unknown')).toEqual({ 'rooms/1': 2, 'rooms/*': 1, unknown: 0 })
    expect(here.topics()).toEqual(['rooms/1', 'rooms/*', 'alerts'])
    expect([here.topics('rooms/*'), here.topics('rooms/1')]).toEqual([['rooms/1', 'rooms/*'], ['rooms/1']])
    expect(session.publish('rooms/1', 1, { volatile: true }).listeners).toBe(3)
    expect(await here.occupancy('rooms/1')).toBe(3)
  })

  it('protocol: what a transport could not read is reported, and it lives on', () => {
    const carrier = new MemoryTransport()
    const hub = createHub({ transport: carrier })
    const errors: string[] = []
    hub.on('error', error => errors.push(error.code))
    const heard: unknown[] = []
    hub.subscribe('room', m => heard.push(m.data))
    carrier.open()
    for (const { link } of carrier.lines) link.report(poison())
    carrier.arrive('room', 'good')
    expect([errors, heard, hub.status.state]).toEqual([['protocol-violation'], ['good'], 'connected'])
  })

  it('status: tells state, cause, attempt and next retry, and a late signal never reopens a closed hub', async () => {
    const clock = testClock(1_000)
    const carrier = new MemoryTransport()
    const hub = createHub({ transport: carrier, clock })
    const states: string[] = [hub.status.state]
    hub.on('status', status => states.push(status.state))
    hub.subscribe('room', () => {})
    const [line] = carrier.lines
    carrier.dial()
    carrier.open()
    carrier.lose(500)
    expect(hub.status).toMatchObject({ state: 'disconnected', attempt: 0, retryAt: 1_500, cause: { code: 'connection-lost' } })
    await hub.close()
    line?.link.status({ state: 'disconnected' })
    line?.link.status({ state: 'connecting', attempt: 2 })
    expect(hub.status).toEqual({ state: 'closed' })
    expect(states).toEqual(['initialised', 'connecting', 'connected', 'disconnected', 'closed'])
  })

  it('status: a listener may use the hub, even of what is said while the transport connects', () => {
    const carrier = new MemoryTransport()
    const hub = createHub({
      transport: {
        connect(link) {
          const line = carrier.connect(link)
          link.status({ state: 'connecting' })
          return line
        },
      },
    })
    const session = hub.openSession({ id: 'ada' })
    const states: string[] = []
    hub.on('status', ({ state }) => {
      states.push(state)
      session.subscribe('room', () => {})
      session.publish('room', 1, { volatile: true })
    })
    hub.subscribe('other', () => {})
    expect(carrier.connects).toBe(1)
    expect(states).toEqual(['connecting'])
    expect(carrier.told).toEqual(['open ada', '+ ada room', 'publish room', '+  other'])
  })

  it('reconnect: everything is restored without a call', () => {
    const carrier = new MemoryTransport()
    const hub = createHub({ transport: carrier })
    const session = hub.openSession({ id: 'ada' })
    session.subscribe('a/*', () => {})
    session.onBroadcast(() => {})
    session.channel('room').on('typing', () => {})
    carrier.open()
    const first = carrier.sent.splice(0)
    carrier.lose()
    carrier.open()
    expect(first).toEqual(['+ a/*', '+ ', '+ room/*'])
    expect(carrier.sent).toEqual(first)
  })

  it('status_channel: $hub/status has the same facts as the event', () => {
    const carrier = new MemoryTransport()
    const hub = createHub({ transport: carrier })
    const events: HubStatus[] = []
    const messages: unknown[] = []
    hub.on('status', status => events.push(status))
    hub.openSession().subscribe('$hub/status', m => messages.push(m.data))
    carrier.dial()
    carrier.open()
    expect(events).toEqual([{ state: 'connecting', attempt: 1 }, { state: 'connected' }])
    expect(messages).toEqual(events)
  })
})

describe('pulsar’s PubSub and Channels, what they do', () => {
  it('P03 sends nothing before it is connected, then all that was registered', () => {
    const carrier = new MemoryTransport()
    const hub = createHub({ transport: carrier })
    const session = hub.openSession()
    const states: unknown[] = [hub.status.state]
    session.subscribe('$hub/status', m => states.push(hub.status.state, m.topic))
    session.channel('foo').on('ev', () => {})
    session.channel('bar').on('ev', () => {})
    expect(carrier.sent).toEqual([])
    carrier.dial()
    carrier.open()
    expect(states).toEqual(['initialised', 'connecting', '$hub/status', 'connected', '$hub/status'])
    // The status topic never leaves the page, so it needs no remote subscription.
    expect(carrier.sent).toEqual(['+ foo/*', '+ bar/*'])
  })

  it('P05 gives a listener the events that its glob names', () => {
    const session = createHub().openSession()
    const foo = session.channel('foo')
    const heard: Message[] = []
    foo.on('ev*', m => heard.push(m))
    foo.send('ev1', { x: 1 })
    foo.send('other', { x: 2 })
    expect(foo.name).toBe('foo')
    expect(heard.map(m => [m.topic, m.data])).toEqual([['foo/ev1', { x: 1 }]])
  })

  it('P08 matches event globs as a whole and with their case', () => {
    const room = createHub().openSession().channel('room')
    // The original's * matches an empty event, too: here no level of a topic is empty.
    expect(() => room.send('', 1)).toThrow(expect.objectContaining({ code: 'invalid-topic' }))
    const table: [glob: string, event: string, matches: boolean][] = [
      ['*', 'a.b', true],
      ['f*', 'f', true],
      ['f*', 'foo', true],
      ['f*', 'xf', false],
      ['f*', 'Foo', false],
      ['a?c', 'abc', true],
      ['a?c', 'ac', false],
      ['a?c', 'abcd', false],
      ['[ab]x', 'ax', true],
      ['[ab]x', 'bx', true],
      ['[ab]x', 'cx', false],
      ['[!ab]x', 'cx', true],
    ]
    for (const [glob, event, matches] of table) {
      let heard = false
      const handle = room.on(glob, () => {
        heard = true
      })
      room.send(event, 1)
      handle.unsubscribe()
      expect([glob, event, heard]).toEqual([glob, event, matches])
    }
  })

  it('P11 keeps a callback that throws, unless a policy of one line removes it', () => {
    const hub = createHub()
    const errors: EarshotError[] = []
    hub.on('error', error => errors.push(error))
    const room = hub.openSession().channel('room')
    const heard: string[] = []
    room.on('ev', () => {
      heard.push('thrower')
      throw new Error('broken')
    })
    room.on('ev', m => heard.push(`other ${String(m.data)}`))
    room.send('ev', 1)
    // One failure is no reason to go deaf: a listener stays subscribed.
    room.send('ev', 2)
    expect(heard.splice(0)).toEqual(['thrower', 'other 1', 'thrower', 'other 2'])
    hub.on('error', error => error.details.subscription?.unsubscribe())
    room.send('ev', 3)
    room.send('ev', 4)
    expect(heard).toEqual(['thrower', 'other 3', 'other 4'])
    expect(errors.map(({ code, details }) => [code, details.topic])).toEqual(Array(3).fill(['listener-failed', 'room/ev']))
  })

  it('P11 removes a callback that asks for it without a report', () => {
    const hub = createHub()
    const errors: EarshotError[] = []
    hub.on('error', error => errors.push(error))
    const room = hub.openSession().channel('room')
    const heard: unknown[] = []
    room.on('ev', (m, own) => {
      heard.push(m.data)
      own.unsubscribe()
    })
    for (const value of [1, 2]) room.send('ev', value)
    expect([heard, errors]).toEqual([[1], []])
  })

  it('P13 removes nothing that is unknown, and the remote subscription with the last callback', () => {
    const carrier = new MemoryTransport()
    const hub = createHub({ transport: carrier })
    const session = hub.openSession({ id: 'ada' })
    const room = session.channel('room')
    const handles = ['one', 'other'].map(event => room.on(event, () => {}))
    carrier.open()
    session.channel('unknown').close()
    session.channel('room').close()
    // Channels belong to their own handles: by pattern nothing is found.
    expect(session.unsubscribe('room/*')).toBe(0)
    expect(hub.count('room/*')).toEqual({ 'room/*': 2 })
    for (const handle of [...handles, ...handles]) handle.unsubscribe()
    expect(carrier.sent).toEqual(['+ room/*', '- room/*'])
    expect(hub.topics()).toEqual([])
  })

  it('P16 lets a publisher hear itself, and tells what its message became', async () => {
    const session = createHub().openSession()
    const room = session.channel('room')
    const heard: Message[] = []
    room.on('ev', m => heard.push(m))
    // The original resolves to nothing.
    const accepted = await room.send('ev', 1)
    expect(heard.map(m => [m.from, m.data])).toEqual([[session.id, 1]])
    expect(accepted).toEqual({ id: heard[0]?.id })
  })

  it('P17 keeps two namespaces on one connection apart', () => {
    const carrier = new MemoryTransport()
    const hubs = ['t', 'other', 't'].map(namespace => createHub({ namespace, transport: carrier }))
    const heard: string[] = []
    hubs.slice(0, 2).forEach((hub, index) => hub.openSession().channel('room').on('ev', m => heard.push(`${index} ${m.topic}`)))
    carrier.open()
    hubs[2]?.openSession().channel('room').send('ev', 1)
    expect(heard).toEqual(['0 room/ev'])
  })

  it('P20 reports what cannot be used, delivers what comes after it and keeps the connection', () => {
    const carrier = new MemoryTransport()
    const hub = createHub({ transport: carrier, topics: { room: z.object({ text: z.string() }) } })
    const errors: EarshotError[] = []
    hub.on('error', error => errors.push(error))
    const states: string[] = []
    hub.on('status', ({ state }) => states.push(state))
    const heard: string[] = []
    hub.subscribe('room', m => heard.push(m.data.text))
    carrier.open()
    for (const { link } of carrier.lines) link.report(poison())
    carrier.arrive('room', '{ "text": ')
    carrier.arrive('room', { text: 'good' })
    expect(errors.map(error => error.code)).toEqual(['protocol-violation', 'invalid-data'])
    expect(heard).toEqual(['good'])
    expect(states).toEqual(['connected'])
    expect(hub.stats('room').dropped).toBe(1)
  })

  it('P23 tells of each refused attempt and of the wait before the next, and throws nothing', async () => {
    const clock = testClock()
    const carrier = new MemoryTransport()
    const hub = createHub({ transport: carrier, clock })
    const statuses: HubStatus[] = []
    hub.on('status', status => statuses.push(status))
    expect(() => hub.subscribe('room', () => {})).not.toThrow()
    carrier.dial()
    for (const wait of [500, 1_000, 2_000, 4_000]) {
      carrier.refuse(wait)
      expect(hub.status).toMatchObject({ state: 'disconnected', retryAt: clock.now() + wait, cause: { code: 'not-connected' } })
      await clock.advance(wait)
      expect(hub.status.state).toBe('connecting')
    }
    expect(statuses.map(({ state, attempt }) => [state, attempt])).toEqual(
      [1, 2, 3, 4].flatMap(attempt => [['connecting', attempt], ['disconnected', attempt]]).concat([['connecting', 5]]),
    )
  })

  it('P25 comes back after a loss with every channel subscribed and delivery going on', async () => {
    const clock = testClock()
    const carrier = new MemoryTransport()
    const hub = createHub({ transport: carrier, clock })
    const states: unknown[] = []
    const heard: unknown[] = []
    const session = hub.openSession({ id: 'ada' })
    session.subscribe('$hub/status', m => states.push(m.data))
    for (const name of ['foo', 'bar']) session.channel(name).on('*', m => heard.push(m.topic))
    carrier.dial()
    carrier.open()
    const told = carrier.told.length
    carrier.sent.length = 0
    carrier.lose(0)
    carrier.arrive('foo/ev', 'nobody can hear this')
    await clock.runDue()
    carrier.open()
    for (const topic of ['foo/ev', 'bar/ev']) carrier.arrive(topic, 1)
    expect(states).toMatchObject([
      { state: 'connecting', attempt: 1 },
      { state: 'connected' },
      { state: 'disconnected', cause: { code: 'connection-lost' }, retryAt: 0 },
      { state: 'connecting', attempt: 1 },
      { state: 'connected' },
    ])
    expect(carrier.sent).toEqual(['+ foo/*', '+ bar/*'])
    expect(carrier.told).toHaveLength(told)
    expect(heard).toEqual(['foo/ev', 'bar/ev'])
  })

  it('P28 stays closed when it is closed while it waits for a retry', async () => {
    const clock = testClock()
    const carrier = new MemoryTransport()
    const hub = createHub({ transport: carrier, clock })
    const states: string[] = []
    hub.on('status', ({ state }) => states.push(state))
    hub.openSession({ id: 'ada' }).subscribe('room', () => {})
    carrier.dial()
    carrier.refuse(1_000)
    await hub.close()
    const told = [...carrier.told]
    expect(told.slice(-2)).toEqual(['close ada', 'leave'])
    await clock.advance(60_000)
    expect(clock.pending).toBe(0)
    expect(states).toEqual(['connecting', 'disconnected', 'closed'])
    expect([carrier.sent, carrier.told]).toEqual([[], told])
  })

  it('P31 reports a publish that is refused for want of a connection, and never delivers it later', async () => {
    const clock = testClock()
    const carrier = new MemoryTransport()
    const [here, there] = [createHub({ transport: carrier, clock }), createHub({ transport: carrier, clock })]
    const errors: EarshotError[] = []
    here.on('error', error => errors.push(error))
    const states: string[] = []
    here.on('status', ({ state }) => states.push(state))
    const heard: unknown[] = []
    there.subscribe('room', m => heard.push(m.data))
    const session = here.openSession()
    expect(session.id).not.toBe('')
    carrier.dial()
    carrier.refuse(1_000)
    expect(() => session.publish('room', 'lost')).not.toThrow()
    await clock.runDue()
    expect(errors.map(error => error.code)).toEqual(['not-connected'])
    // Whoever awaits the receipt is told there, and nowhere else.
    const refused = await session.publish('room', 'awaited').then(() => undefined, (error: unknown) => error)
    expect(isEarshotError(refused, 'not-connected')).toBe(true)
    carrier.dial()
    carrier.open()
    await clock.runDue()
    expect(states.filter(state => state === 'connected')).toHaveLength(1)
    session.publish('room', 'after')
    expect(heard).toEqual(['after'])
    expect(errors).toHaveLength(1)
  })

  it('P31 delivers later, in order, what a transport with an outbox could keep', async () => {
    const clock = testClock()
    const carrier = new MemoryTransport({ outbox: 2 })
    const [here, there] = [createHub({ transport: carrier, clock }), createHub({ transport: carrier, clock })]
    const errors: EarshotError[] = []
    here.on('error', error => errors.push(error))
    const heard: unknown[] = []
    there.subscribe('room', m => heard.push(m.data))
    const session = here.openSession()
    const settled: unknown[] = []
    const [first] = [1, 2, 3].map(value => session.publish('room', value))
    void first?.then(({ id, offset }) => settled.push(typeof id, typeof offset))
    session.publish('room', 'a cursor', { volatile: true })
    await clock.runDue()
    expect(errors.map(error => error.code)).toEqual(['outbox-full'])
    expect([settled, heard]).toEqual([[], []])
    carrier.open()
    await clock.runDue()
    expect(heard).toEqual([1, 2])
    expect(settled).toEqual(['string', 'number'])
  })

  it('P37 has nothing to unsubscribe or close before it was used', async () => {
    const carrier = new MemoryTransport()
    const hub = createHub({ transport: carrier })
    const session = hub.openSession()
    expect([session.unsubscribe('room'), session.unsubscribeAll(), hub.closeTopic('**')]).toEqual([0, 0, 0])
    session.close()
    await hub.close()
    expect(hub.status.state).toBe('closed')
    expect([carrier.connects, carrier.told, carrier.sent]).toEqual([0, [], []])
  })
})

/** What a transport says of bytes that it cannot read. */
function poison(): EarshotError {
  return new EarshotError('protocol-violation', 'A frame is no JSON')
}
