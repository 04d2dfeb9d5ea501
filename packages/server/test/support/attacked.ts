import { createServer } from 'node:http'
import { createHub, type Hub } from '@earshot/core'
import { testClock, type TestClock } from '@earshot/core/testing'
import { webSocket } from '@earshot/transport'
import { expect, onTestFinished } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { createRelay, type Relay, type RelayOptions } from '../../src/index.ts'
import { Peer } from './peer.ts'
import { RawSocket } from './raw-socket.ts'

/** The token of those who look on: a relay under attack lets them do everything. */
const ONLOOKER = 'onlooker'

/** A relay, and two well-behaved clients that talk through it all the time. */
export interface Attacked {
  readonly relay: Relay
  readonly url: string
  readonly port: number
  /** What went wrong and no client is to blame for. */
  readonly failures: unknown[]
  /** The relay's clock, when the test moves it. */
  readonly clock: TestClock
  /** A client that was not welcomed yet. */
  peer(options?: ClientOptions): Peer
  /** A client that was welcomed. */
  welcomed(token?: string): Promise<Peer>
  raw(): RawSocket
  /** The onlookers say something; resolves when it was heard. */
  talk(): Promise<void>
}

export interface AttackOptions extends RelayOptions {
  /** Whether the test moves the relay's clock. @default false */
  byHand?: boolean
}

/** Starts a relay for one test. When that ends, the onlookers must have noticed nothing, and every frame that anybody heard must make sense. */
export async function attacked({ byHand = false, authenticate, authorize, ...options }: AttackOptions = {}): Promise<Attacked> {
  const failures: unknown[] = []
  const clock = testClock(1_000_000)
  const relay = createRelay({
    ...(byHand && { clock }),
    ...options,
    onError: error => failures.push(error),
    authenticate: (request, token) => (token === ONLOOKER || !authenticate ? { userId: token ?? null } : authenticate(request, token)),
    ...(authorize && { authorize: request => request.user === ONLOOKER || authorize(request) }),
  })
  const server = createServer()
  relay.attach(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('The server listens nowhere')
  const { port } = address
  const url = `ws://127.0.0.1:${port}/earshot`
  const ends: (() => void)[] = []
  const peers: Peer[] = []
  const peer = (given?: ClientOptions): Peer => {
    const made = new Peer(url, given)
    peers.push(made)
    return made
  }
  const onlookers = await lookOn(url)
  onTestFinished(async () => {
    await onlookers.end()
    for (const each of peers) {
      each.end()
      expect(each.unreadable).toEqual([])
    }
    for (const end of ends) end()
    const closing = relay.close()
    await clock.advance(2000)
    await closing
    server.closeAllConnections()
    server.close()
  })
  return {
    relay,
    url,
    port,
    failures,
    clock,
    peer,
    welcomed: async token => {
      const made = peer()
      await made.greet(token)
      return made
    },
    raw: () => {
      const made = new RawSocket(port)
      ends.push(() => made.end())
      return made
    },
    talk: onlookers.talk,
  }
}

/** Two hubs: what one publishes the other hears, in order, whatever happens around them. */
async function lookOn(url: string): Promise<{ talk: () => Promise<void>; end: () => Promise<void> }> {
  const troubles: unknown[] = []
  const heard: unknown[] = []
  let wake = (): void => {}
  let said = 0
  const join = (): Hub => {
    const hub = createHub({ transport: webSocket({ url, WebSocket, token: ONLOOKER }), onError: error => troubles.push(error) })
    hub.on('gap', gap => troubles.push(gap))
    return hub
  }
  const [one, other] = [join(), join()]
  const [speaker, listener] = [one.openSession(), other.openSession()]
  listener.subscribe('onlookers/*', message => {
    heard.push(message.data)
    wake()
  })
  await Promise.all([speaker.ready, listener.ready])
  for (const hub of [one, other]) hub.on('status', status => troubles.push(status))
  const talk = async (): Promise<void> => {
    for (let index = 0; index < 3; index++) await speaker.publish(`onlookers/${said % 2}`, said++)
    while (heard.length < said) await new Promise<void>(resolve => (wake = resolve))
    expect(heard).toEqual(Array.from({ length: said }, (_, index) => index))
    expect(troubles).toEqual([])
  }
  return {
    talk,
    end: async () => {
      await talk()
      await Promise.all([one.close(), other.close()])
    },
  }
}
