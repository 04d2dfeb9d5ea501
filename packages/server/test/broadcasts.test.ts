import { createHub, type Message, type Session } from '@earshot/core'
import { createTestNetwork, type TestNetwork, type TestRelayOptions } from '@earshot/server/testing'
import { webSocket } from '@earshot/transport'
import { describe, expect, it, onTestFinished } from 'vitest'

interface Scene {
  readonly network: TestNetwork
  readonly session: Session
  readonly codes: string[]
}

/** A relay whose log has broadcasts from 1 to 3 among others, and a session. */
async function scene(relay: TestRelayOptions = {}): Promise<Scene> {
  const network = createTestNetwork({ relay })
  const { url, WebSocket, clock } = network
  for (const n of [1, 2, 3]) {
    await network.relay.broadcast(n)
    await network.relay.publish('a', `on a topic: ${n}`)
  }
  const codes: string[] = []
  const hub = createHub({ transport: webSocket({ url, WebSocket, clock }), clock, onError: ({ code }) => codes.push(code) })
  onTestFinished(() => hub.close())
  return { network, session: hub.openSession(), codes }
}

const dataOf = (messages: readonly Message[]): unknown[] => messages.map(({ data }) => data)

describe('broadcasts through a relay', () => {
  it.each<[what: string, relay: TestRelayOptions]>([
    ['everybody may do everything', {}],
    ['somebody decides', { authorize: () => true }],
  ])('are heard again, where %s', async (_, relay) => {
    const { network, session, codes } = await scene(relay)
    const heard: Message[] = []
    session.onBroadcast(message => void heard.push(message), { replay: 2 })
    await network.advance(1000)
    await network.relay.broadcast(4)
    await network.advance(100)
    expect([dataOf(heard), codes]).toEqual([[2, 3, 4], []])
    const later: Message[] = []
    const [second] = heard
    if (!second) throw new Error('nothing was heard')
    session.onBroadcast(message => void later.push(message), { since: second })
    await network.advance(100)
    await network.relay.broadcast(5)
    await network.advance(100)
    expect([dataOf(later), dataOf(heard), codes]).toEqual([[3, 4, 5], [2, 3, 4, 5], []])
  })

  it('are refused by name where their past is not for everybody', async () => {
    const { network, session, codes } = await scene({ authorize: ({ action }) => action !== 'history' })
    const heard: Message[] = []
    session.onBroadcast(message => void heard.push(message), { replay: 2 })
    await network.advance(1000)
    await network.relay.broadcast(4)
    await network.advance(100)
    expect([dataOf(heard), codes]).toEqual([[4], ['forbidden']])
  })
})
