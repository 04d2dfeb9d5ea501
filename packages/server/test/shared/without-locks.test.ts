import { describe, expect, it, vi } from 'vitest'
import { type AppOptions, startComputer } from './browser.ts'
import { Traffic } from './traffic.ts'

const MISSING: [string, AppOptions, string][] = [
  ['there are no Web Locks', { locks: false }, 'there are no Web Locks: each tab has a socket of its own; serve the page over https or from localhost'],
  ['Web Locks are denied', { locks: 'denied' }, 'Web Locks are denied here: each tab has a socket of its own'],
  ['there is no BroadcastChannel', { transport: { BroadcastChannel: null } }, 'there is no BroadcastChannel: each tab has a socket of its own'],
]

describe('tabs of a browser in which', () => {
  it.each(MISSING)('%s have a socket each, and say why', async (_, options, why) => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(3, options)
    expect(computer.network.relay.readings.connections).toBe(4)
    expect(computer.apps.map(({ hub }) => [hub.status, hub.capabilities.shared])).toEqual(Array.from({ length: 3 }, () => [{ state: 'connected', via: 'own' }, why]))
    await traffic.run(300)
    const [first, second, third] = computer.apps
    if (!first || !second || !third) throw new Error('no tabs')
    computer.crash(first)
    second.tab.freeze()
    await traffic.run(300)
    second.tab.resume()
    third.device.cut()
    await traffic.run(300)
    await traffic.check()
    const connected = computer.apps.flatMap(({ statuses }) => statuses.filter(({ state }) => state === 'connected'))
    expect(connected.map(({ via }) => via)).toEqual(Array.from({ length: 5 }, () => 'own'))
  })

  it.each(MISSING)('%s post nothing that others could take for theirs', async (_, options) => {
    const computer = startComputer()
    await computer.openAll(2, options)
    const sharing = await computer.openAll(2)
    expect(sharing.map(({ hub }) => hub.status.via)).toEqual(['leader', 'follower'])
    expect(computer.network.relay.readings.connections).toBe(3)
  })

  it('locks are denied to some do not mislead the others when something becomes of their sockets', async () => {
    const computer = startComputer()
    const sharing = await computer.openAll(3)
    const [denied] = await computer.openAll(1, { locks: 'denied' })
    const leader = computer.leader()
    const begun = sharing.map(({ statuses }) => statuses.length)
    denied?.device.cut()
    await computer.advance(1000)
    await denied?.hub.close()
    await computer.advance(1000)
    expect(computer.leader()).toBe(leader)
    expect(sharing.map(({ statuses }) => statuses.length)).toEqual(begun)
  })

  it('there is no BroadcastChannel agree on who leads, also when that one is closed, cached or frozen', async () => {
    const computer = startComputer()
    const apps = await computer.openAll(4, { transport: { BroadcastChannel: null } })
    const leading: string[] = []
    for (const { hub, name } of apps) {
      hub.onLeader(() => {
        leading.push(name)
        return () => leading.splice(leading.indexOf(name), 1)
      })
    }
    await computer.advance(100)
    const [first, second, third, fourth] = apps
    for (const [app, end] of [[first, () => first?.hub.close()], [second, () => second?.tab.bfcache()], [third, () => third?.tab.freeze()]] as const) {
      expect(leading).toEqual([app?.name])
      void end()
      await computer.advance(1000)
    }
    expect(leading).toEqual([fourth?.name])
    second?.tab.back()
    third?.tab.resume()
    await computer.advance(1000)
    void fourth?.hub.close()
    await computer.advance(1000)
    expect(leading).toEqual([second?.name])
  })

  it('locks are denied cannot be told to lead, or to claim, and goes on', async () => {
    const computer = startComputer()
    const [app] = await computer.openAll(1, { locks: 'denied' })
    expect(() => app?.hub.onLeader(() => {})).toThrow(expect.objectContaining({ code: 'unsupported' }))
    await expect(Promise.resolve().then(() => app?.session.claim('bell', () => {}))).rejects.toMatchObject({ code: 'unsupported' })
    expect(app?.hub.status.state).toBe('connected')
  })

  it('locks are denied are told so when they were to lead before that was known', async () => {
    const computer = startComputer()
    const app = computer.open({ locks: 'denied' })
    const tasks = [vi.fn<() => void>(), vi.fn<() => void>()]
    const stops = tasks.map(task => app.hub.onLeader(task))
    await computer.advance(500)
    expect(app.errors).toEqual([expect.stringMatching(/^unsupported: onLeader needs Web Locks/)])
    for (const stop of stops) stop()
    app.tab.bfcache()
    app.tab.back()
    await computer.advance(500)
    expect(app.hub.status).toEqual({ state: 'connected', via: 'own' })
    expect(app.errors).toHaveLength(1)
    for (const task of tasks) expect(task).not.toHaveBeenCalled()
  })

  it('locks are denied to some cannot be told to lead, or to claim, and goes on', async () => {
    const computer = startComputer()
    const [app] = await computer.openAll(1, { locks: false })
    expect(() => app?.hub.onLeader(() => {})).toThrow(expect.objectContaining({ code: 'unsupported' }))
    await expect(Promise.resolve().then(() => app?.session.claim('bell', () => {}))).rejects.toMatchObject({ code: 'unsupported' })
    expect(app?.hub.status.state).toBe('connected')
  })
})
