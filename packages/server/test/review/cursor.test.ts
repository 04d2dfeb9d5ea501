import { describe, expect, it } from 'vitest'
import type { Voice } from '../chaos/page.ts'
import { heard, type Stage, stage } from './stage.ts'

describe('the cursor of a session that has not heard everything', () => {
  const movers: Record<string, (on: Stage, voice: Voice) => Promise<unknown>> = {
    'an ack': async (_, voice) => voice.session.publish('other', 1),
    'the answer to a subscription': async (on, voice) => (on.serve('other', 9), await on.listen(voice, 'other').subscription.ready),
    'what another subscription asks of the past': async (on, voice) => (on.serve('other', 9), on.listen(voice, 'other', 5), on.network.settle()),
    'a ping': on => on.network.advance(2100),
  }

  it.each(Object.entries(movers))('is not moved by %s', async (_, move) => {
    const on = stage()
    const voice = on.page('ada')
    const ear = on.listen(voice, 'a')
    await on.network.advance(100)
    // As if they still waited at the relay.
    const undo = on.lose('message')
    on.serve('a', 1)
    on.serve('a', 2)
    const moved = move(on, voice)
    await on.network.advance(100)
    await moved
    undo()
    voice.page.device.cut()
    await on.network.advance(1000)
    expect(heard(ear)).toEqual(['server:1', 'server:2'])
    expect(voice.page.gaps).toEqual([])
  })

  it('is not moved past a hole by what is told to other sessions of the connection', async () => {
    const on = stage({ relay: { limits: { unread: 160 } } })
    const voice = on.page('ada')
    const other = voice.page.hub.openSession({ userId: 'ada' })
    const ear = on.listen(voice, 'a')
    const others: unknown[] = []
    other.subscribe('b', ({ data }) => others.push(data))
    await on.network.advance(100)
    // The relay waits for it to say how far it has read.
    on.lose('cursor')
    for (let number = 1; number <= 161; number++) on.serve('a', number)
    on.serve('b', 162)
    await on.network.advance(100)
    expect([heard(ear).length, others.length]).toEqual([160, 1])
    voice.page.device.cut()
    await on.network.advance(1000)
    expect(heard(ear).slice(-2)).toEqual(['server:160', 'server:161'])
  })
})

describe('several subscriptions of a session', () => {
  it('lose nothing of what is paged when another one begins, and the connection is cut', async () => {
    const on = stage({ relay: { limits: { page: 1 } } })
    const voice = on.page('ada')
    const ear = on.listen(voice, 'p')
    await on.network.advance(100)
    voice.page.device.cut({ unaware: 'client' })
    for (let number = 1; number <= 4; number++) on.serve('p', number)
    let pages = 0
    let isLost = false
    // The second page is lost with its connection, and all behind it.
    on.network.filter({
      down(frame, device) {
        if (frame.t === 'welcome') isLost = false
        if (frame.t === 'page' && ++pages === 2) {
          isLost = true
          device.cut()
        }
        return isLost ? undefined : frame
      },
    })
    await on.network.advance(6000)
    const live = on.listen(voice, 'q')
    on.serve('q', 5)
    await on.network.advance(6000)
    expect(heard(ear)).toEqual(['server:1', 'server:2', 'server:3', 'server:4'])
    expect(pages).toBeGreaterThan(2)
    expect(live.readyAt).toBeDefined()
  })

  it('hear nothing from before they began, also when the session is caught up from earlier', async () => {
    const on = stage()
    const voice = on.page('ada')
    const early = on.listen(voice, 'a')
    await on.network.advance(100)
    const undo = on.lose('message')
    on.serve('a', 1)
    on.serve('b', 1)
    const late = on.listen(voice, 'b')
    await on.network.advance(100)
    undo()
    voice.page.device.cut()
    on.serve('b', 2)
    await on.network.advance(1000)
    expect(heard(early)).toEqual(['server:1'])
    expect(heard(late)).toEqual(['server:2'])
  })

  it('finish what they ask of the past although the answer was cut off', async () => {
    const on = stage({ relay: { limits: { page: 2 } } })
    const voice = on.page('ada')
    const first = on.listen(voice, 'a')
    await on.network.advance(100)
    for (let number = 1; number <= 5; number++) on.serve('a', number)
    await on.network.advance(100)
    let answers = 0
    on.network.filter({ down: (frame, device) => (frame.t === 'past' && ++answers === 2 ? (device.cut(), undefined) : frame) })
    const since = first.heard[0] && first.last && { ...first.last, offset: first.heard[0].offset }
    const second = on.listen(voice, 'a', since as typeof first.last)
    await on.network.advance(3000)
    expect(heard(second)).toEqual(['server:2', 'server:3', 'server:4', 'server:5'])
    expect(answers).toBeGreaterThan(2)
  })

  it('do not hear again what one of them asks of the past', async () => {
    const on = stage()
    const voice = on.page('ada')
    const first = on.listen(voice, 'a')
    await on.network.advance(100)
    on.serve('a', 1)
    await on.network.advance(100)
    const second = on.listen(voice, 'a', 10)
    await on.network.advance(100)
    expect([heard(first), heard(second)]).toEqual([['server:1'], ['server:1']])
  })
})

describe('a gap', () => {
  it('is told when what is missed goes while earlier pages are read', async () => {
    const on = stage({ relay: { limits: { page: 1, buffer: 50 } }, window: 50, history: { messages: 3 } })
    const voice = on.page('ada')
    const ear = on.listen(voice, 'a')
    await on.network.advance(100)
    voice.page.device.cut()
    for (const number of [1, 2, 3]) on.serve('a', number)
    on.network.filter({ down: frame => (frame.t === 'page' && frame.offset === 1 && [4, 5, 6].forEach(number => on.serve('a', number)), frame) })
    await on.network.advance(1000)
    const [gap] = voice.page.gaps
    const [before, after] = ear.heard
    expect(heard(ear)).toEqual(['server:1', 'server:4', 'server:5', 'server:6'])
    expect(gap?.topics).toEqual(['a'])
    expect([(before?.at ?? 0) < (gap?.at ?? 0), (gap?.at ?? 0) < (after?.at ?? 0)]).toEqual([true, true])
  })

  it('is told for a topic that the log has forgotten', async () => {
    const on = stage({ history: { topics: 1 } })
    const voice = on.page('ada')
    on.listen(voice, 'a')
    await on.network.advance(100)
    voice.page.device.cut()
    on.serve('a', 1)
    on.serve('b', 2)
    on.serve('c', 3)
    await on.network.advance(1000)
    expect(voice.page.gaps.map(({ topics }) => topics)).toEqual([['a']])
  })

  it('is told when the log is another one, although the numbers look alike', async () => {
    const on = stage()
    const voice = on.page('ada')
    const ear = on.listen(voice, 'a')
    await on.network.advance(100)
    on.serve('a', 1)
    await on.network.advance(100)
    on.network.relay.restart({ log: 'lost', how: 'kill' })
    on.serve('a', 2)
    await on.network.advance(3000)
    expect(voice.page.gaps.map(({ topics }) => topics)).toEqual([['a']])
    expect(heard(ear)).toEqual(['server:1', 'server:2'])
  })
})

describe('one order', () => {
  it('holds where answers of authorize overtake each other', async () => {
    const delays = [30, 0]
    const on = stage({ relay: { authorize: ({ action }) => (action === 'publish' ? new Promise(resolve => on.network.clock.after(delays.shift() ?? 0, () => resolve(true))) : true) } })
    const ear = on.listen(on.page('ada'), '**')
    const speaker = on.page('bob')
    await on.network.advance(100)
    on.say(speaker, 'slow')
    on.say(speaker, 'quick')
    await on.network.advance(200)
    expect(heard(ear)).toEqual(['p1.0:1', 'p1.0:2'])
  })

  it('holds for the publisher, too: what was logged before is heard before', async () => {
    const on = stage()
    const [ada, bob] = [on.page('ada'), on.page('bob')]
    const ears = [on.listen(ada, 'a'), on.listen(bob, 'a')]
    await on.network.advance(100)
    ada.page.device.hold('down')
    on.say(bob, 'a')
    await on.network.advance(50)
    on.say(ada, 'a')
    await on.network.settle()
    ada.page.device.release('down')
    await on.network.advance(100)
    expect(ears.map(heard)).toEqual([['p1.0:1', 'p0.0:1'], ['p1.0:1', 'p0.0:1']])
  })

  it('does not pass what waits for leave to be heard', async () => {
    const on = stage({ relay: { authorize: ({ action, topic }) => (action === 'subscribe' && topic === 'slow' ? new Promise(resolve => on.network.clock.after(300, () => resolve(true))) : true) } })
    const voice = on.page('ada')
    const ears = [on.listen(voice, 'slow'), on.listen(voice, 'quick')]
    await on.network.advance(1000)
    voice.page.device.cut()
    on.serve('slow', 1)
    on.serve('quick', 2)
    await on.network.advance(100)
    voice.page.device.cut()
    await on.network.advance(3000)
    expect(ears.map(heard)).toEqual([['server:1'], ['server:2']])
  })

  it('is nothing that leaks before the answer is there', async () => {
    const on = stage({ relay: { authorize: ({ topic }) => new Promise(resolve => on.network.clock.after(300, () => resolve(topic !== 'secret'))) } })
    const voice = on.page('ada')
    const ear = on.listen(voice, 'secret')
    await on.network.advance(100)
    on.serve('secret', 1)
    await on.network.advance(1000)
    expect([heard(ear), voice.page.errors.map(({ code }) => code)]).toEqual([[], ['forbidden']])
  })
})
