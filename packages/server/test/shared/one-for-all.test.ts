import { EarshotError } from '@earshot/core'
import { describe, expect, it } from 'vitest'
import { startComputer, type TabApp } from './browser.ts'

describe('what one tab does for all', () => {
  it('is claimed by one of those that heard the same message', async () => {
    const computer = startComputer()
    const apps = await computer.openAll(10)
    const rung: string[] = []
    for (const { name, session } of apps) {
      session.subscribe('bell', message => {
        void session.claim(String(message.offset), () => void rung.push(name))
      })
    }
    for (let n = 0; n < 3; n++) {
      await computer.network.relay.publish('bell', n)
      await computer.advance(200)
    }
    expect(rung).toHaveLength(3)
  })

  it('is claimed once also when the one that has the socket crashes meanwhile', async () => {
    const computer = startComputer()
    const apps = await computer.openAll(5)
    const rung: string[] = []
    for (const { name, session } of apps) {
      session.subscribe('bell', message => {
        void session.claim(String(message.offset), () => void rung.push(name))
      })
    }
    await computer.network.relay.publish('bell', 1)
    // The leader has heard it and told the others, who have not.
    await computer.advance(5)
    const before = rung.length
    computer.crash(computer.leader())
    await computer.advance(1000)
    expect(before).toBe(1)
    // Its runner crashed: nobody can tell whether it rang.
    expect(rung.length).toBeLessThanOrEqual(2)
    expect(new Set(rung).size).toBe(rung.length)
  })

  it('runs where the socket is, and goes where that goes', async () => {
    const computer = startComputer()
    const apps = await computer.openAll(5)
    const running = new Set<string>()
    for (const { name, hub } of apps) {
      hub.onLeader(() => {
        running.add(name)
        return () => running.delete(name)
      })
    }
    await computer.advance(100)
    for (let turn = 0; turn < 4; turn++) {
      const leader = computer.leader()
      expect([...running]).toEqual([leader.name])
      if (turn % 2 === 0) leader.tab.close()
      else await leader.hub.close()
      running.delete(turn % 2 === 0 ? leader.name : '')
      await computer.advance(500)
    }
    expect([...running]).toEqual([computer.leader().name])
  })

  it('stops in a tab that the lead is taken from, before that says anything more', async () => {
    const computer = startComputer()
    const apps = await computer.openAll(3)
    const running: string[] = []
    for (const { name, hub } of apps) {
      hub.onLeader(() => {
        running.push(name)
        return () => running.splice(running.indexOf(name), 1)
      })
    }
    const former = computer.leader()
    computer.hang(former)
    void computer.followers()[0]?.session.publish('talk', 1)
    await computer.advance(6000)
    computer.thaw(former)
    await computer.advance(500)
    expect(running).toEqual([computer.leader().name])
    expect(computer.leader()).not.toBe(former)
  })
})

describe('tabs that share a socket', () => {
  it('leave nothing behind when all hubs are closed', async () => {
    const computer = startComputer()
    const { browser, network } = computer
    const apps = await computer.openAll(20)
    for (const { session, hub } of apps) {
      session.presence('room').enter()
      hub.onLeader(() => () => {})
      void session.claim('bell', () => {})
      void session.publish('talk', 1)
    }
    await computer.advance(100)
    for (const { hub } of apps) {
      await hub.close()
      await computer.advance(50)
    }
    expect(browser.leaks()).toMatchObject({ locks: 0, requests: 0, listeners: 0, timers: 0, channels: 0 })
    expect(network.relay.readings).toMatchObject({ connections: 0, sessions: 0, subscriptions: 0, buffered: 0 })
    expect(network.relay.presence('room')).toEqual([])
  })

  it('leave nothing in the browser when all hubs are closed in the same moment, and are forgotten by the relay', async () => {
    const computer = startComputer()
    const apps = await computer.openAll(20)
    for (const { session } of apps) session.presence('room').enter()
    await computer.advance(100)
    await Promise.all(apps.map(({ hub }) => hub.close()))
    await computer.advance(100)
    expect(computer.browser.leaks()).toMatchObject({ locks: 0, requests: 0, listeners: 0, timers: 0, channels: 0 })
    // What followers said last found nobody who would tell the relay.
    await computer.advance(10_000)
    expect(computer.network.relay.presence('room')).toEqual([])
  })

  it.each(['in the same moment', 'one after the other'])('leave nothing behind when they are closed before they are connected, %s', async how => {
    const computer = startComputer()
    for (let count = 0; count < 5; count++) {
      const { hub } = computer.open()
      if (how === 'one after the other') await computer.advance(3)
      void hub.close()
    }
    await computer.advance(100)
    expect(computer.browser.leaks()).toMatchObject({ locks: 0, requests: 0, listeners: 0, timers: 0, channels: 0 })
    expect(computer.network.relay.readings).toMatchObject({ connections: 0, sessions: 0 })
  })

  it.each([
    ['close their hub', ({ hub }: TabApp) => void hub.close()],
    ['are closed', ({ tab }: TabApp) => tab.close()],
    ['are frozen', ({ tab }: TabApp) => tab.freeze()],
    ['crash', ({ tab }: TabApp) => tab.crash()],
  ])('listen to nothing any more when they %s, and are forgotten, whenever that is', async (_, end) => {
    for (let age = 1; age <= 30; age += 2) {
      const computer = startComputer()
      await computer.openAll(1)
      const late = computer.open()
      await computer.advance(age)
      end(late)
      await computer.advance(1000)
      const { readings } = computer.network.relay
      expect([age, readings.subscriptions, computer.network.relay.occupancy('talk')]).toEqual([age, 1, 1])
      await computer.advance(125_000)
      expect([age, computer.network.relay.readings.sessions]).toEqual([age, 1])
    }
  })

  it('leave no session that was closed before the relay had it', async () => {
    for (let age = 1; age <= 30; age += 2) {
      const computer = startComputer()
      await computer.openAll(1)
      const { hub } = computer.open()
      await computer.advance(age)
      const session = hub.openSession({ userId: 'ada' })
      session.subscribe('talk', () => {})
      await computer.advance(age % 7)
      session.close()
      await computer.advance(1000)
      expect([age, computer.network.relay.readings.sessions, computer.network.relay.readings.subscriptions]).toEqual([age, 2, 2])
    }
  })

  it('leave no session that was closed while they began anew', async () => {
    for (let age = 0; age <= 30; age += 2) {
      const computer = startComputer()
      const [, app] = await computer.openAll(2)
      const session = app?.hub.openSession({ userId: 'ada' })
      session?.subscribe('talk', () => {})
      await computer.advance(100)
      let isLost = false
      computer.browser.intercept(({ to, data }) => {
        if (isLost || to !== app?.tab.id || (data as { t: string }).t !== 'down') return 'deliver'
        isLost = true
        return 'drop'
      })
      await computer.network.relay.publish('talk', 1)
      await computer.advance(50)
      await computer.network.relay.publish('talk', 2)
      await computer.advance(age)
      session?.close()
      // Away at the latest, and then it is forgotten.
      await computer.advance(125_000)
      expect([isLost, age, computer.network.relay.readings.sessions]).toEqual([true, age, 2])
    }
  })

  it('leave the lead to others once the relay has refused them for good', async () => {
    let isBanned = true
    const computer = startComputer({
      relay: {
        authenticate(_, token) {
          if (isBanned) throw new EarshotError('forbidden', 'this user is banned')
          return { userId: token ?? null }
        },
      },
    })
    const banned = await computer.openAll(2)
    const running: string[] = []
    for (const { hub, name } of banned) hub.onLeader(() => void running.push(name))
    await computer.advance(500)
    running.length = 0
    isBanned = false
    for (const { hub, name } of banned) hub.onLeader(() => void running.push(name))
    const [late] = await computer.openAll(1, { visible: false })
    expect(late?.hub.status).toEqual({ state: 'connected', via: 'leader' })
    expect(running).toEqual([])
  })
})
