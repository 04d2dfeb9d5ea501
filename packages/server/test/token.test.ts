import { createHub, EarshotError, type HubStatus } from '@earshot/core'
import { seededRandom } from '@earshot/core/testing'
import { createTestNetwork, type TestDevice, type TestNetwork, type TestRelayOptions } from '@earshot/server/testing'
import { webSocket, type WebSocketOptions } from '@earshot/transport'
import { describe, expect, it, onTestFinished, vi } from 'vitest'

const TEN_MINUTES = 600_000
const refusal = new EarshotError('unauthorized', 'this token is nobody’s')
const wrong = 'No connection to the relay: this token is nobody’s'

interface Scene {
  readonly network: TestNetwork
  readonly device: TestDevice
  /** What the relay was shown: with a hello, and later. */
  readonly hellos: (string | undefined)[]
  readonly renewals: string[]
  readonly states: string[]
  readonly errors: string[]
  status(): HubStatus
}

/** A client that has subscribed, with a relay that decides by the token. */
async function scene(token: WebSocketOptions['token'], authenticate: (token: string | undefined, now: number) => ReturnType<NonNullable<TestRelayOptions['authenticate']>>): Promise<Scene> {
  const hellos: (string | undefined)[] = []
  const renewals: string[] = []
  const network = createTestNetwork({ relay: { authenticate: (_, shown) => authenticate(shown, network.clock.now()) } })
  network.filter({
    up(frame) {
      if (frame.t === 'hello') hellos.push(frame.token)
      if (frame.t === 'token') renewals.push(frame.token)
      return frame
    },
  })
  const { url, clock } = network
  const device = network.device()
  const errors: string[] = []
  const transport = webSocket({ url, WebSocket: device.WebSocket, clock, random: seededRandom(1), ...(token !== undefined && { token }) })
  const hub = createHub({ transport, clock, onError: ({ code }) => errors.push(code) })
  onTestFinished(() => hub.close())
  const states: string[] = []
  hub.on('status', ({ state }) => states.push(state))
  hub.openSession().subscribe('a', () => {})
  await network.advance(5000)
  return { network, device, hellos, renewals, states, errors, status: () => hub.status }
}

/** Nothing more is tried, and the status says why. */
async function expectFinal({ network, hellos, status, errors }: Scene, message: string): Promise<void> {
  const count = hellos.length
  await network.advance(TEN_MINUTES)
  expect(status()).toMatchObject({ state: 'disconnected', cause: { code: 'unauthorized', message } })
  expect([status().retryAt, hellos.length, errors, network.relay.readings.connections]).toEqual([undefined, count, ['unauthorized'], 0])
}

describe('a token that the relay refuses', () => {
  it('is asked for once more, and then it is the end', async () => {
    const token = vi.fn<() => string>(() => 'wrong')
    const on = await scene(token, () => Promise.reject(refusal))
    expect([token.mock.calls.length, on.hellos]).toEqual([2, ['wrong', 'wrong']])
    await expectFinal(on, wrong)
    expect(token).toHaveBeenCalledTimes(2)
  })

  it('is the end at once when it is a text, and so is none', async () => {
    for (const token of ['wrong', undefined]) {
      const on = await scene(token, () => Promise.reject(refusal))
      expect(on.hellos).toEqual([token])
      await expectFinal(on, wrong)
    }
  })

  it('is replaced by another one', async () => {
    const token = vi.fn<() => string>().mockReturnValueOnce('old').mockReturnValue('new')
    const on = await scene(token, shown => (shown === 'new' ? { userId: 'ada' } : Promise.reject(refusal)))
    expect([on.hellos, on.states, on.errors]).toEqual([['old', 'new'], ['connecting', 'disconnected', 'connecting', 'connected'], []])
    await on.network.advance(TEN_MINUTES)
    expect(token).toHaveBeenCalledTimes(2)
  })

  it('after others were accepted is asked for once more each time', async () => {
    const tokens = ['a', 'wrong', 'b', 'wrong', 'c', 'wrong', 'wrong']
    const on = await scene(() => tokens.shift() ?? 'wrong', shown => (shown === 'wrong' ? Promise.reject(refusal) : { userId: 'ada' }))
    for (const next of ['b', 'c']) {
      on.network.relay.restart({ how: 'kill' })
      await on.network.advance(20_000)
      expect([on.hellos.slice(-2), on.status().state]).toEqual([['wrong', next], 'connected'])
    }
    on.network.relay.restart({ how: 'kill' })
    await on.network.advance(20_000)
    expect(on.hellos).toHaveLength(7)
    await expectFinal(on, wrong)
  })
})

describe('a token that is over', () => {
  it('ends the connection for good when there is no other one', async () => {
    for (const [token, hellos] of [['ada', 1], [() => 'ada', 2]] as const) {
      const on = await scene(token, (shown, now) => (now < 60_000 ? { userId: shown ?? null, expires: 60_000 } : Promise.reject(new EarshotError('unauthorized', 'the token is over'))))
      await on.network.advance(50_000)
      // It was asked for in time, and given as it was.
      expect([on.status().state, on.renewals]).toEqual(['connected', ['ada']])
      await on.network.advance(20_000)
      expect(on.hellos).toHaveLength(hellos)
      await expectFinal(on, 'No connection to the relay: the token is over')
    }
  })

  it('is not replaced on a later connection by one that was asked for before it', async () => {
    const waiting: (() => void)[] = []
    let isSlow = false
    const token = (): Promise<string> => new Promise(resolve => (isSlow ? waiting.push(() => resolve('late')) : resolve('ada')))
    const on = await scene(token, (_, now) => ({ userId: 'ada', expires: now + 60_000 }))
    isSlow = true
    while (waiting.length === 0) await on.network.advance(1000)
    on.device.cut()
    await on.network.advance(1000)
    waiting[0]?.()
    await on.network.advance(1000)
    expect([on.renewals, on.errors]).toEqual([[], []])
    waiting[1]?.()
    await on.network.advance(1000)
    expect([on.hellos, on.status().state]).toEqual([['ada', 'late'], 'connected'])
  })

  it.each([
    ['null', null],
    ['a number', 7],
    ['too long', 'x'.repeat(16_385)],
  ])('is said to be none where its function gives %s', async (_, value) => {
    const seen: unknown[] = []
    const on = await scene((() => value) as () => string, shown => (seen.push(shown), { userId: null }))
    if (value === null) expect([seen, on.status().state]).toEqual([[undefined], 'connected'])
    else expect([seen, on.status()]).toMatchObject([[], { state: 'disconnected', cause: { code: 'unauthorized', cause: { code: 'invalid-options', message: expect.stringContaining('at most 16384') as string } } }])
  })

  it('is renewed without a cut as long as there is another one', async () => {
    let count = 0
    const on = await scene(() => `${++count}`, (_, now) => ({ userId: 'ada', expires: now + 60_000 }))
    await on.network.advance(TEN_MINUTES)
    expect([on.states, on.hellos, on.renewals]).toEqual([['connecting', 'connected'], ['1'], Array.from({ length: 13 }, (_, n) => `${n + 2}`)])
  })
})
