import { networkOf, type TestTransports, transportCases } from '@earshot/core/testing'
import { createTestNetwork } from '@earshot/server/testing'
import { type Codec, webSocket } from '@earshot/transport'
import { messagePack, preloadMessagePack } from '@earshot/transport/msgpack'
import { beforeAll, describe, expect, it } from 'vitest'

/** The users that the cases name are whom the tokens of their links prove, in this order. */
const USERS = ['ada', 'bob', 'cem']

/** @param codecs of the tabs, in turn; nothing stands for JSON */
function relayed(...codecs: readonly (Codec | undefined)[]): () => TestTransports {
  return () => {
    const network = createTestNetwork({ latency: 5, relay: { authenticate: (_, token) => ({ userId: token ?? null }) } })
    const { clock, random, url, WebSocket } = network
    let count = 0
    const create = (): ReturnType<typeof webSocket> => {
      const codec = codecs[count % codecs.length]
      return webSocket({ url, WebSocket, clock, random, token: USERS[count++] ?? 'nobody', ...(codec && { codec }) })
    }
    return { ...networkOf(create, { clock, random }, () => network.advance(200)), close: () => expect(network.relay.readings).toMatchObject({ connections: 0, sessions: 0, subscriptions: 0, buffered: 0 }) }
  }
}

// What is loaded while the clock stands still would come too late.
beforeAll(() => preloadMessagePack())

describe('webSocket() over a relay', () => {
  it.each(transportCases(relayed(undefined)))('%s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined()
  })
})

describe('webSocket() over a relay, in MessagePack', () => {
  it.each(transportCases(relayed(messagePack)))('%s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined()
  })
})

describe('webSocket() over a relay, one tab in MessagePack and one in JSON', () => {
  it.each(transportCases(relayed(messagePack, undefined)))('%s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined()
  })
})
