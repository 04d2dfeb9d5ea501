import { createHub, type Hub } from '@earshot/core'
import { createTestBrowser, networkOf, type TestTab, type TestTransports, transportCases } from '@earshot/core/testing'
import { createTestNetwork } from '@earshot/server/testing'
import { sharedWebSocket } from '@earshot/transport'
import { describe, expect, it } from 'vitest'

/** The users that the cases name are whom the tokens of their links prove, in this order. */
const USERS = ['ada', 'bob', 'cem']

/** Each link is in a tab of its own, which leads, or follows another tab of its user. */
function shared(role: 'leader' | 'follower'): TestTransports {
  const network = createTestNetwork({ latency: 5, relay: { authenticate: (_, token) => ({ userId: token ?? null }) } })
  const { clock, random, url, WebSocket } = network
  const browser = createTestBrowser({ clock, random, latency: 1 })
  const leaders: Hub[] = []
  let count = 0
  const transport = (tab: TestTab, user: string): ReturnType<typeof sharedWebSocket> => sharedWebSocket({ ...tab.env, url, WebSocket, clock, random, token: user, user })
  const create = (): ReturnType<typeof sharedWebSocket> => {
    const user = USERS[count++] ?? 'nobody'
    if (role === 'follower') {
      const hub = createHub({ transport: transport(browser.openTab(), user), clock, random })
      hub.subscribe('a topic of its own', () => {})
      leaders.push(hub)
    }
    return transport(browser.openTab(), user)
  }
  return {
    ...networkOf(create, { clock, random }, () => network.advance(200)),
    async close() {
      for (const hub of leaders) void hub.close()
      await network.advance(200)
      expect(network.relay.readings).toMatchObject({ connections: 0, sessions: 0, subscriptions: 0, buffered: 0 })
      expect(browser.leaks()).toMatchObject({ locks: 0, requests: 0, listeners: 0, timers: 0, channels: 0 })
    },
  }
}

describe.each(['leader', 'follower'] as const)('sharedWebSocket() as a %s', role => {
  it.each(transportCases(() => shared(role)))('%s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined()
  })
})
