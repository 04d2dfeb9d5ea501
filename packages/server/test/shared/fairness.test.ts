import type { Message } from '@earshot/core'
import { describe, expect, it } from 'vitest'
import { startComputer, type TabApp } from './browser.ts'
import { Traffic } from './traffic.ts'

describe('a tab that says too much through the socket of all', () => {
  it('is detached alone, comes back, and loses nothing that is kept', async () => {
    const computer = startComputer({ relay: { authenticate: (_, token) => ({ userId: token ?? null }), limits: { frames: { perSecond: 100, burst: 200 } } } })
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4)
    await traffic.run(300)
    const [greedy] = computer.followers()
    for (let n = 0; n < 1000; n++) {
      greedy?.session.presence('room').enter(n)
      if (n % 100 === 0 && greedy) traffic.say(greedy)
    }
    await traffic.run(200)
    expect(computer.network.relay.readings.connections).toBe(2)
    await computer.advance(10_000)
    await traffic.run(300)
    expect(new Set(greedy?.errors.splice(0))).toEqual(new Set(['rate-limited: The relay refused the session: too many frames']))
    await traffic.check()
    // The others did not even notice.
    expect(computer.apps.filter(app => app !== greedy).map(({ statuses }) => statuses.filter(({ state }) => state === 'connected').length)).toEqual([1, 1, 1])
    expect(greedy?.statuses.filter(({ state }) => state === 'connected')).toHaveLength(1)
  })

  it('in publishes is refused them alone', async () => {
    const computer = startComputer({ relay: { authenticate: (_, token) => ({ userId: token ?? null }), limits: { publishes: { perSecond: 20, burst: 50 } } } })
    const traffic = new Traffic(computer, computer.observer())
    const [greedy] = await computer.openAll(3)
    const refused: unknown[] = []
    for (let n = 0; n < 100; n++) greedy?.session.publish('flood', n).then(undefined, (error: unknown) => refused.push(error))
    for (let n = 0; n < 20; n++) for (const app of computer.apps.slice(1)) traffic.say(app)
    await computer.advance(1000)
    expect(refused).toHaveLength(50)
    expect(computer.apps[1]?.heard.length).toBe(50 + 40)
    expect(computer.network.relay.readings.connections).toBe(2)
  })

  it.each(['shared', 'its own'])('in one message, before it knows how much the relay takes, is refused that one alone, over a socket that is %s', async kind => {
    const computer = startComputer({ relay: { authenticate: (_, token) => ({ userId: token ?? null }), limits: { frame: 20_000 } } })
    await computer.openAll(2)
    const late = kind === 'its own' ? computer.observer() : computer.open()
    const outcomes: unknown[] = []
    for (const data of ['x'.repeat(30_000), 'short']) {
      late.session.publish('talk', data).then(
        ({ offset }) => outcomes.push(offset),
        (error: { code: string }) => outcomes.push(error.code),
      )
    }
    await computer.advance(1000)
    expect(outcomes).toEqual(['payload-too-large', 1])
    expect(computer.apps[0]?.heard).toEqual(['short'])
    expect(late.hub.status.state).toBe('connected')
  })

  it.each(['shared', 'its own'])('in what it says as a member, before it knows how much the relay takes, is told so, over a socket that is %s', async kind => {
    const computer = startComputer({ relay: { authenticate: (_, token) => ({ userId: token ?? null }), limits: { frame: 20_000 } } })
    await computer.openAll(2)
    const late = kind === 'its own' ? computer.observer() : computer.open()
    late.session.presence('large').enter('x'.repeat(30_000))
    late.session.presence('small').enter('short')
    await computer.advance(1000)
    const members = (topic: string): unknown[] => computer.network.relay.presence(topic).map(({ id }) => id)
    expect([members('large'), members('small')]).toEqual([[], [late.session.id]])
    expect(late.errors).toEqual([expect.stringContaining('payload-too-large')])
    expect(late.hub.status.state).toBe('connected')
    await late.hub.close()
    await computer.advance(1000)
    expect(members('small')).toEqual([])
  })

  it('in volatile messages, all at once, skips most of them, and stays', async () => {
    const computer = startComputer()
    const [, greedy] = await computer.openAll(3)
    for (let n = 0; n < 50_000; n++) void greedy?.session.publish('cursor', n, { volatile: true })
    await computer.advance(1000)
    expect(computer.apps.flatMap(({ errors }) => errors)).toEqual([])
    expect(computer.network.relay.readings.connections).toBe(1)
    const count = computer.apps[2]?.heard.length ?? 0
    expect(count).toBeGreaterThan(100)
    expect(count).toBeLessThan(2000)
  })

  it('has its sessions beyond the limit of the connection refused, and is told so', async () => {
    const computer = startComputer({ relay: { authenticate: (_, token) => ({ userId: token ?? null }), limits: { sessions: 3 } } })
    await computer.openAll(3)
    const late = computer.open()
    await computer.advance(100)
    expect(late.errors).toEqual(['rate-limited: The relay refused the session: a connection may have 3 sessions'])
    await expect(late.session.publish('talk', 1)).rejects.toMatchObject({ code: 'rate-limited', message: expect.stringContaining('a connection may have 3 sessions') })
    expect(computer.apps.slice(0, 3).flatMap(({ errors }) => errors)).toEqual([])
    // Nobody waits for ever for what it asks.
    const { session, hub } = late
    for (const ask of [() => session.history('talk'), () => hub.occupancy('talk')]) await expect(ask()).rejects.toMatchObject({ code: 'rate-limited' })
    const room = session.presence('room')
    await room.ready
    expect(room.members).toEqual([])
  })

  it('has a session refused, and goes on asking and watching through another one', async () => {
    const computer = startComputer({ relay: { authenticate: (_, token) => ({ userId: token ?? null }), limits: { sessions: 1 } } })
    const [app] = await computer.openAll(1)
    if (!app) throw new Error('a tab was opened')
    const late = app.hub.openSession({ userId: 'ada' })
    late.subscribe('talk', () => {})
    await computer.advance(500)
    expect(app.errors).toEqual(['rate-limited: The relay refused the session: a connection may have 1 sessions'])
    const observer = computer.observer()
    observer.session.presence('room').enter('olga')
    await computer.advance(500)
    for (const room of [app.session.presence('room'), late.presence('room')]) {
      await Promise.all([room.ready, computer.advance(100)])
      expect(room.members.map(({ data }) => data)).toEqual(['olga'])
    }
    // The one that may goes: there is none left.
    const asked = app.hub.occupancy('talk').catch(({ code }: { code: string }) => code)
    app.session.close()
    await computer.advance(500)
    expect(await asked).toBe('rate-limited')
  })
})

describe('fifty tabs with two sessions each, and hubs that listen', () => {
  it('are all attached to one connection', async () => {
    const computer = startComputer()
    const apps = await computer.openAll(50)
    for (const { hub } of apps) {
      hub.openSession({ userId: 'ada' })
      hub.subscribe('news', () => {})
    }
    await computer.advance(1000)
    expect(computer.network.relay.readings).toMatchObject({ connections: 1, sessions: 150 })
    expect(apps.flatMap(({ errors }) => errors)).toEqual([])
  })
})

describe("a follower's frame that makes no sense", () => {
  const good = '{"t":"occupancy","s":0,"q":7,"topic":"talk"}'
  it.each([
    ['is too long a list', `{"t":"history","s":0,"q":1,"patterns":${JSON.stringify(Array<string>(1001).fill('a'))},"limit":1}`],
    ['is no JSON', '{"t":"publish","s":0,"topic":'],
    ['is of no kind', '{"t":"shutdown","s":0}'],
    ['is an attach', '{"t":"attach","s":0,"session":7}'],
    ['is not about a session', '{"t":"token","token":"x"}'],
    ['is too long', `{"t":"presence","s":0,"topic":"talk","data":"${'x'.repeat(270_000)}"}`],
    ['is more than one', `${good}\n{"t":"lost","tab":"x"}\nnonsense`],
  ])('and %s costs that follower its session at most', async (_, line) => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4)
    await traffic.run(200)
    const [culprit] = computer.followers()
    computer.browser.intercept(({ from, data }) => {
      // Its next post holds the line as well.
      if (from === culprit?.tab.id && (data as { t: string }).t === 'up' && Array.isArray((data as { lines: unknown }).lines)) (data as { lines: unknown[] }).lines.push([line, false])
      return 'deliver'
    })
    void culprit?.session.publish('aside', 1).then(undefined, () => {})
    await traffic.run(300)
    expect(computer.network.relay.readings.connections).toBe(2)
    const others = computer.apps.filter(app => app !== culprit)
    expect(others.flatMap(({ errors }) => errors)).toEqual([])
    expect(others.map(({ statuses }) => statuses.filter(({ state }) => state === 'connected').length)).toEqual([1, 1, 1])
    expect(culprit?.hub.status.state).toBe('connected')
    for (const app of others) expect(app.heard.slice(-5)).toEqual(computer.leader().heard.slice(-5))
  })
})

describe('what a tab asks for that no relay takes', () => {
  it.each<[what: string, ask: (app: TabApp) => PromiseLike<unknown>]>([
    ['too many users', ({ session }) => session.publish('talk', 1, { to: Array.from({ length: 1001 }, (_, n) => `user ${n}`) })],
    ['too long a user', ({ session }) => session.publish('talk', 1, { to: 'x'.repeat(4097) })],
    ['too many patterns', ({ session }) => session.history(Array.from({ length: 1001 }, (_, n) => `t${n}`))],
    ['too long patterns', ({ session }) => session.history(Array.from({ length: 999 }, (_, n) => `${n}/${'"'.repeat(300)}`))],
    ['too long a position', ({ session }) => session.history('talk', { since: 'x'.repeat(4097) })],
    ['too long a position in a message', ({ session, messages }) => session.history('talk', { since: { ...messages[0], epoch: 'x'.repeat(5000), offset: 1 } as Message })],
  ])('is refused at once: %s', async (_, ask) => {
    const computer = startComputer()
    await computer.openAll(3)
    const [app] = computer.followers()
    await expect(Promise.resolve().then(() => app && ask(app))).rejects.toMatchObject({ code: 'payload-too-large' })
    await computer.advance(1000)
    expect(computer.apps.map(({ hub, errors }) => [hub.status.state, errors])).toEqual(Array.from({ length: 3 }, () => ['connected', []]))
  })

  it('is reported where it is a replay', async () => {
    const computer = startComputer()
    const [, app] = await computer.openAll(2)
    app?.session.subscribe(Array.from({ length: 1001 }, (_, n) => `t${n % 500}/${n}`), () => {}, { replay: 1 })
    await computer.advance(1000)
    expect(app?.errors.at(-1)).toMatch(/^payload-too-large/)
    expect(computer.apps.map(({ hub }) => hub.status.state)).toEqual(['connected', 'connected'])
  })
})
