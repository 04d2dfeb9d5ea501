import { createHub, EarshotError } from '@earshot/core'
import { sharedWebSocket } from '@earshot/transport'
import { describe, expect, it, vi } from 'vitest'
import { startComputer } from './browser.ts'

const statusesOf = (apps: readonly { hub: { status: { state: string; cause?: EarshotError | undefined } } }[]): unknown[] => apps.map(({ hub: { status } }) => [status.state, status.cause?.code, status.cause?.message])

const fail = (): never => {
  throw new Error('no channel')
}

describe('the token of a browser', () => {
  it('is asked for once by all its tabs, and once when it is renewed', async () => {
    const expires: number[] = []
    const computer = startComputer({
      relay: {
        authenticate: (_, token) => ({ userId: token ?? null, expires: expires.push(0) * 60_000 }),
      },
    })
    const token = vi.fn<() => string>(() => 'ada')
    await computer.openAll(10, { transport: { token } })
    expect(token).toHaveBeenCalledTimes(1)
    await computer.advance(59_000)
    expect(token).toHaveBeenCalledTimes(2)
    expect(computer.apps.map(({ statuses }) => statuses.filter(({ state }) => state === 'connected').length)).toEqual(Array.from({ length: 10 }, () => 1))
  })

  it('is asked for by the next leader, and by no other tab', async () => {
    const computer = startComputer()
    const tokens = Array.from({ length: 4 }, () => vi.fn<() => string>(() => 'ada'))
    for (const token of tokens) await computer.openAll(1, { transport: { token } })
    computer.crash(computer.leader())
    await computer.advance(500)
    const leader = computer.apps.indexOf(computer.leader())
    expect(tokens.map(token => token.mock.calls.length)).toEqual(tokens.map((_, index) => (index === 0 || index === leader ? 1 : 0)))
    expect(leader).toBeGreaterThan(0)
  })
})

describe('a renewed token that is of another user', () => {
  it.each([['is good', ['ada', 'bob', 'ada'], 'connected'], ['is refused', ['ada', 'bob', 'wrong'], 'disconnected'], ['is of that one, too', ['ada', 'bob'], 'disconnected']])('ends no other tab, where the one after it %s', async (_, tokens, state) => {
    const computer = startComputer({
      relay: {
        authenticate(_request, token = '') {
          if (token === 'wrong') throw new EarshotError('unauthorized', 'sign in first')
          return { userId: token, expires: computer.network.clock.now() + 60_000 }
        },
      },
    })
    const given = [...tokens]
    const [leader] = await computer.openAll(1, { transport: { token: () => (given.length > 1 ? given.shift() : given[0]) } })
    const others = await computer.openAll(3)
    expect(leader?.hub.status.via).toBe('leader')
    await computer.advance(120_000)
    expect(leader?.hub.status.state).toBe(state)
    expect(others.map(({ hub }) => hub.status.state)).toEqual(['connected', 'connected', 'connected'])
    await leader?.hub.close()
    await computer.advance(1000)
    const said = Promise.all(others.map(({ session }) => session.publish('talk', 1)))
    await computer.advance(100)
    await said
    expect(others.flatMap(({ errors }) => errors)).toEqual([])
  })
})

describe('a token function that rejects', () => {
  it('is asked ever more rarely, in the tab that leads alone, until that one closes its hub', async () => {
    const computer = startComputer()
    const lost = vi.fn<() => Promise<string>>(() => Promise.reject(new Error('signed out')))
    const token = vi.fn<() => string>(() => 'ada')
    const [leader] = await computer.openAll(1, { transport: { token: lost } })
    const others = await computer.openAll(3, { transport: { token } })
    await computer.advance(600_000)
    expect(leader?.hub.status).toMatchObject({ via: 'leader', cause: { code: 'unauthorized' } })
    expect(new Set(statusesOf(computer.apps).map(status => JSON.stringify(status))).size).toBe(1)
    // Up to 20 s lie between two attempts, and all tabs together make no more of them than one would.
    expect(lost.mock.calls.length).toBeGreaterThan(30)
    expect(lost.mock.calls.length).toBeLessThan(120)
    expect(token).not.toHaveBeenCalled()
    await leader?.hub.close()
    await computer.advance(1000)
    expect(others.map(({ hub }) => [hub.status.state, hub.status.via]).sort()).toEqual([['connected', 'follower'], ['connected', 'follower'], ['connected', 'leader']])
    expect(token).toHaveBeenCalledTimes(1)
  })
})

describe('a refusal of the relay for good', () => {
  it('ends all tabs with the same cause, once, and without another attempt', async () => {
    let attempts = 0
    let isBanned = false
    const computer = startComputer({
      relay: {
        authenticate(_, token) {
          attempts++
          if (isBanned) throw new EarshotError('forbidden', 'this user is banned')
          return { userId: token ?? null }
        },
      },
    })
    await computer.openAll(10)
    isBanned = true
    computer.leader().device.cut()
    await computer.advance(60_000)
    expect(attempts).toBe(2)
    expect(new Set(statusesOf(computer.apps).map(status => JSON.stringify(status)))).toEqual(new Set([JSON.stringify(['disconnected', 'forbidden', 'No connection to the relay: this user is banned'])]))
    expect(computer.apps.map(({ errors }) => errors)).toEqual(Array.from({ length: 10 }, () => ['forbidden: No connection to the relay: this user is banned']))
    await expect(computer.apps[5]?.session.publish('news', 1)).rejects.toMatchObject({ code: 'not-connected' })
    expect(computer.browser.leaks()).toMatchObject({ requests: 0, listeners: 0, channels: 0 })
  })

  it('of the token of one tab ends that tab only, and the next one leads', async () => {
    const computer = startComputer({
      relay: {
        authenticate(_, token) {
          if (token === 'bad') throw new EarshotError('unauthorized', 'sign in first')
          return { userId: 'ada' }
        },
      },
    })
    const [bad] = await computer.openAll(1, { transport: { token: 'bad' } })
    const late = computer.open({ transport: { token: 'bad' } })
    const good = await computer.openAll(3, { transport: { token: 'good' } })
    await computer.advance(5000)
    expect(good.map(({ hub }) => [hub.status.state, hub.status.via]).sort()).toEqual([['connected', 'follower'], ['connected', 'follower'], ['connected', 'leader']])
    expect(good.flatMap(({ errors }) => errors)).toEqual([])
    for (const app of [bad, late]) expect([app?.hub.status.state, app?.hub.status.cause?.code]).toEqual(['disconnected', 'unauthorized'])
    expect(computer.network.relay.readings).toMatchObject({ connections: 1, sessions: 3 })
  })

  it('is not believed from one that does not lead', async () => {
    const computer = startComputer()
    const { browser } = computer
    await computer.openAll(3)
    let name = ''
    browser.onPost(post => (name = post.name))
    void computer.followers()[0]?.session.publish('talk', 1)
    await computer.advance(100)
    const channel = new (browser.openTab().env.BroadcastChannel ?? fail())(name)
    channel.postMessage({ t: 'over', f: 'a former leader', cause: ['forbidden', 'this user is banned'] })
    await computer.advance(100)
    channel.close()
    expect(computer.apps.map(({ hub }) => hub.status.state)).toEqual(['connected', 'connected', 'connected'])
  })

  it('leaves a tab that is opened later to try by itself, and others after it to share its socket', async () => {
    let isBanned = true
    const computer = startComputer({
      relay: {
        authenticate(_, token) {
          if (isBanned) throw new EarshotError('forbidden', 'this user is banned')
          return { userId: token ?? null }
        },
      },
    })
    await computer.openAll(3)
    expect(computer.apps.map(({ hub }) => hub.status.state)).toEqual(['disconnected', 'disconnected', 'disconnected'])
    isBanned = false
    const later = await computer.openAll(2)
    expect(later.map(({ hub }) => hub.status.via).sort()).toEqual(['follower', 'leader'])
    expect(computer.network.relay.readings.connections).toBe(1)
  })

  it('is told once when the server ends the sessions of the user', async () => {
    const computer = startComputer()
    await computer.openAll(5)
    expect(computer.network.relay.disconnectUser('ada')).toBe(1)
    await computer.advance(10_000)
    expect(computer.apps.map(({ errors }) => errors.length)).toEqual([1, 1, 1, 1, 1])
    expect(new Set(computer.apps.map(({ hub }) => hub.status.cause?.code))).toEqual(new Set(['forbidden']))
  })
})

describe('the user of a tab', () => {
  it('shares no socket with another one', async () => {
    const computer = startComputer()
    const [ada] = await computer.openAll(2, { user: 'ada' })
    const [bob] = await computer.openAll(2, { user: 'bob' })
    const [nobody] = await computer.openAll(2, { user: null })
    expect(computer.network.relay.readings.connections).toBe(3)
    expect(computer.apps.map(({ hub }) => hub.status.via)).toEqual(['leader', 'follower', 'leader', 'follower', 'leader', 'follower'])
    for (const app of [ada, bob, nobody]) void app?.session.publish('from', app.session.id)
    await computer.advance(100)
    expect(computer.apps[5]?.messages.map(({ userId }) => userId)).toEqual(['ada', 'bob', undefined])
  })

  it('who is not the one that the token proves gets no session, and is told what to do', async () => {
    const computer = startComputer()
    await computer.openAll(2, { user: 'bob', transport: { token: 'ada' } })
    for (const app of computer.apps) {
      expect(app.errors).toEqual(['unauthorized: The token proves "ada", and user is "bob": give the transport whom the token proves, and close the hub of who has signed out'])
      await expect(app.session.publish('news', 1)).rejects.toMatchObject({ code: 'not-connected' })
    }
    const { sessions, connections } = computer.network.relay.readings
    expect([sessions, connections]).toEqual([0, 0])
  })

  it.each(['carl', undefined])('is left to its own tab when that has the token of somebody else by now, and the others go on: %s', async other => {
    const computer = startComputer()
    let isOut = false
    const [signedOut] = await computer.openAll(1, { transport: { token: () => (isOut ? other : 'ada') } })
    const others = await computer.openAll(2)
    expect(computer.leader()).toBe(signedOut)
    isOut = true
    signedOut?.device.cut()
    const receipt = others[0]?.session.publish('news', 1)
    await computer.advance(5000)
    expect(await receipt).toMatchObject({ offset: 1 })
    expect(others.map(({ hub }) => hub.status.via).sort()).toEqual(['follower', 'leader'])
    expect(others.flatMap(({ errors }) => errors)).toEqual([])
    expect(signedOut?.errors).toEqual([expect.stringContaining('unauthorized: The token proves')])
    expect(signedOut?.hub.status.state).toBe('disconnected')
  })

  it.each([[undefined], [''], [7]])('must be named: %j is refused', user => {
    // As a caller without types may have it.
    const options = JSON.parse(JSON.stringify({ url: 'ws://localhost/earshot', user })) as { url: string; user: string }
    const { WebSocket } = startComputer().network
    expect(() => createHub({ transport: sharedWebSocket({ ...options, WebSocket }) })).toThrow(expect.objectContaining({ code: 'invalid-options', message: expect.stringContaining('whom the token proves, or null') }))
  })
})
