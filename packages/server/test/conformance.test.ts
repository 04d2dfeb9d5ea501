import { networkOf, type TestTransports, transportCases } from '@earshot/core/testing'
import { createTestNetwork } from '@earshot/server/testing'
import { webSocket } from '@earshot/transport'
import { describe, expect, it } from 'vitest'

/** The users that the cases name are whom the tokens of their links prove, in this order. */
const USERS = ['ada', 'bob', 'cem']

function relayed(): TestTransports {
  const network = createTestNetwork({ latency: 5, relay: { authenticate: (_, token) => ({ userId: token ?? null }) } })
  const { clock, random, url, WebSocket } = network
  let count = 0
  const create = (): ReturnType<typeof webSocket> => webSocket({ url, WebSocket, clock, random, token: USERS[count++] ?? 'nobody' })
  return { ...networkOf(create, { clock, random }, () => network.advance(200)), close: () => expect(network.relay.readings).toMatchObject({ connections: 0, sessions: 0, subscriptions: 0, buffered: 0 }) }
}

describe('webSocket() over a relay', () => {
  it.each(transportCases(relayed))('%s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined()
  })
})
