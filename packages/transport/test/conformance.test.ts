import { BroadcastChannel as NodeBroadcastChannel } from 'node:worker_threads'
import { type BroadcastChannelLike, systemRandom, type Transport } from '@earshot/core'
import { createTestBrowser, networkOf, testClock, type TestTransports, transportCases } from '@earshot/core/testing'
import { broadcastChannel } from '@earshot/transport'
import { describe, expect, it } from 'vitest'

/** Tabs of a fake browser. */
function fakeTabs(): TestTransports {
  const browser = createTestBrowser({ latency: 2 })
  const { clock, random } = browser.openTab().env
  const network = networkOf(() => broadcastChannel({ name: 'app', ...browser.openTab().env }), { clock, random }, () => browser.advance(500))
  return { ...network, close: () => expect(browser.leaks()).toMatchObject({ channels: 0, locks: 0, requests: 0, listeners: 0, timers: 0 }) }
}

let networks = 0

/** Node's own channels, without locks; nothing says when they are quiet, so round trips on one of them do. */
function realChannels(): TestTransports {
  const name = `conformance${++networks}`
  const carrier = NodeBroadcastChannel as unknown as new (name: string) => BroadcastChannelLike
  const clock = testClock()
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 8; round++) {
      await roundTrip(`${name}-quiet`)
      await clock.advance(40)
    }
  }
  const create = (): Transport => broadcastChannel({ name, clock, BroadcastChannel: carrier, locks: null, sessionStorage: null, page: null })
  return networkOf(create, { clock, random: systemRandom }, settle)
}

function roundTrip(name: string): Promise<void> {
  return new Promise(resolve => {
    const [one, other] = [new NodeBroadcastChannel(name), new NodeBroadcastChannel(name)]
    other.onmessage = () => {
      one.close()
      other.close()
      resolve()
    }
    one.postMessage(0)
  })
}

describe('broadcastChannel() between tabs of a fake browser', () => {
  it.each(transportCases(fakeTabs))('%s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined()
  })
})

describe('broadcastChannel() over the channels of Node, without locks', () => {
  it.each(transportCases(realChannels))('%s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined()
  })
})
